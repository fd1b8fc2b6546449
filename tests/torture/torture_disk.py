"""Stores that can be filled, locked and damaged: a small disk in memory, and what dice do to its files."""

from __future__ import annotations

import errno
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

DISK = "size=16m"


def can_mount(folder: Path) -> bool:
    """Whether this machine lets us mount disks of our own."""
    folder.mkdir(parents=True, exist_ok=True)
    if not shutil.which("mount") or _mount("-t", "tmpfs", "-o", DISK, "tmpfs", folder):
        return False
    subprocess.run(["umount", folder], check=True)
    return True


def _mount(*words: str | Path) -> int:
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A small disk at the folder; what is on it stays in the folder when the block fails."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", DISK, "tmpfs", folder], check=True)
    kept = folder.with_name(f"{folder.name}-kept")
    try:
        yield
    except BaseException:
        shutil.copytree(folder, kept, symlinks=True)
        raise
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    """Let nothing more fit on the disk."""
    with (folder / ".ballast").open("ab", buffering=0) as ballast:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    ballast.write(b"\0" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def make_room(folder: Path) -> None:
    (folder / ".ballast").unlink(missing_ok=True)


def lock(folder: Path) -> bool:
    """Make the disk read-only; False when somebody is writing on it."""
    return _mount("-o", "remount,ro", folder) == 0


def unlock(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,rw", folder], check=True)


@dataclass
class Wound:
    """A file that was damaged, and what it was before."""

    path: Path
    before: bytes
    after: bytes | None = field(default=None)

    def heal(self) -> None:
        """Put the file back, unless somebody has written another one."""
        now = self.path.read_bytes() if self.path.exists() else None
        if now == self.after:
            self.path.write_bytes(self.before)


def journals(run: Path) -> list[Path]:
    """What no commit speaks for: open journals, and parts of shards without a commit."""
    parts = [path for path in run.glob("shards/*/parts/*") if not path.name.startswith(".")]
    return sorted(path for path in parts if path.stat().st_size and not (path.parents[1] / "commit.json").exists())


def settled(store: Path, run: Path) -> list[Path]:
    """What was written once and for all."""
    committed = [path for path in run.glob("shards/*/parts/*.jsonl") if (path.parents[1] / "commit.json").exists()]
    every = [*run.glob("plan.json"), *run.glob("cases/*"), *run.glob("shards/*/commit.json"), *committed]
    every += [*store.glob("runs/*.json"), *store.glob("fingerprints/*")]
    return sorted(path for path in every if path.is_file() and not path.name.startswith("."))


def tear(path: Path, dice: random.Random) -> Wound:
    """Take some bytes from the end, as a power cut may."""
    before = path.read_bytes()
    after = before[: max(0, len(before) - dice.randint(1, 600))]
    path.write_bytes(after)
    return Wound(path, before, after)


def change(path: Path, dice: random.Random) -> Wound:
    """Turn a letter or digit into another one."""
    before = path.read_bytes()
    places = [place for place, byte in enumerate(before) if chr(byte).isascii() and chr(byte).isalnum()]
    place = dice.choice(places)
    other = dice.choice([letter for letter in b"abcdefgh01234567" if letter != before[place]])
    after = before[:place] + bytes([other]) + before[place + 1 :]
    path.write_bytes(after)
    return Wound(path, before, after)


def lose(path: Path, dice: random.Random) -> Wound:
    """Delete it."""
    before = path.read_bytes()
    path.unlink()
    return Wound(path, before)


def lines_of(path: Path) -> int:
    """Lines of a part but for its header."""
    try:
        return max(0, path.read_bytes().count(b"\n") - 1)
    except OSError:
        return 0
