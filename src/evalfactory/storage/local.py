"""A store in a local folder: plain files, one hard link or rename away from being visible, never half there.

Measured against obstore's LocalStore (docs/explanation/storage.md): reads cost a sixth, errors keep their errno, and a
folder that cannot be written to is an error instead of an endless loop.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import UnavailableError
from .keys import PARTIAL, checked, checked_prefix
from .local_errors import translated
from .port import Entry

COPIED_AT_ONCE = 1 << 20  # bytes

_LOOKS = 100  # more, at folders in which something vanishes again and again


class LocalStore:
    """Objects as files below `root`. Written objects survive a power cut: file and folder are synced."""

    def __init__(self, root: Path, *, create: bool = True) -> None:
        self.root = root = root.absolute()  # its URL is handed to other processes
        self.url = str(root)
        with translated(self.url):
            if root.exists() and not root.is_dir():
                raise UnavailableError(
                    f"the store {root} is a file, not a folder", hint="name another folder in `store:` or --store"
                )
            if create:
                _make_root(root)
            elif not root.is_dir():
                raise UnavailableError(
                    f"there is no store at {root}",
                    hint="check `store:` in the suite, or --store, and the folder it is relative to",
                )

    def path(self, key: str) -> Path:
        """The file of a key."""
        return self.root / checked(key)

    def read(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        path = self.path(key)
        with translated(self.url, key):
            try:
                with path.open("rb") as file:
                    file.seek(offset)
                    return file.read(-1 if length is None else length)
            except (IsADirectoryError, NotADirectoryError):
                raise FileNotFoundError(f"{self.url}: no object {key}") from None

    def create(self, key: str, body: bytes) -> bool:
        path = self.path(key)
        with translated(self.url, key), written_beside(path, body) as fresh:
            try:
                os.link(fresh, path)
            except FileExistsError:  # over NFS also after a lost reply: then the bytes are ours
                return self.read(key) == body
            sync_folder(path.parent)
            return True

    def put(self, key: str, body: bytes) -> None:
        path = self.path(key)
        with translated(self.url, key), written_beside(path, body) as fresh:
            fresh.replace(path)
            sync_folder(path.parent)

    def put_file(self, key: str, file: BinaryIO) -> None:
        path = self.path(key)
        with translated(self.url, key), written_beside(path, file) as fresh:
            fresh.replace(path)
            sync_folder(path.parent)

    def folders(self, prefix: str) -> list[str]:
        folder = self.root / checked_prefix(prefix)
        with translated(self.url, prefix):
            try:
                names = [item.name for item in os.scandir(folder) if item.is_dir() and not item.name.startswith(".")]
            except (FileNotFoundError, NotADirectoryError):
                return []
            return sorted(name for name in names if any(_objects(folder / name)))

    def delete(self, key: str) -> None:
        path = self.path(key)
        with translated(self.url, key):
            try:
                path.unlink(missing_ok=True)
            except (IsADirectoryError, NotADirectoryError, PermissionError):
                if path.is_file():
                    raise

    def partials(self, prefix: str) -> list[str]:
        """Keys of the journals that are still being written, or whose writer died, without the `.partial`."""
        return sorted(entry.key.removesuffix(PARTIAL) for entry in self._entries(checked_prefix(prefix), partial=True))

    def _entries(self, prefix: str, *, partial: bool = False) -> list[Entry]:
        """What is there; looked for again where something vanished, as what replaced it may have come after our look."""
        found = list(self._seen(prefix, partial=partial))
        for _ in range(_LOOKS):
            if None not in found:
                break
            found = list(self._seen(prefix, partial=partial))
        return [entry for entry in found if entry is not None]

    def _seen(self, prefix: str, *, partial: bool) -> Iterator[Entry | None]:
        """Each file in the order in which the folders have them; None for one that was deleted while we looked."""
        start, above = self.root / prefix.rpartition("/")[0], len(str(self.root / "x")) - 1
        with translated(self.url, prefix):
            for item in _files(start):
                key = item.path[above:].replace(os.sep, "/")
                if not key.startswith(prefix) or item.name.endswith(PARTIAL) != partial:
                    continue
                try:
                    facts = item.stat()
                except FileNotFoundError:
                    yield None
                else:
                    yield Entry(key, facts.st_size, facts.st_mtime)

    # Last: below a method of this name, `list[…]` would mean the method.
    def list(self, prefix: str) -> list[Entry]:
        return sorted(self._entries(checked_prefix(prefix)))


@contextmanager
def written_beside(path: Path, body: bytes | BinaryIO) -> Iterator[Path]:
    """A synced file with `body` in the folder of `path`, gone afterwards unless it was renamed."""
    make_folders(path.parent)
    fresh = path.parent / f".tmp-{secrets.token_hex(8)}"
    try:
        with fresh.open("xb") as file:
            if isinstance(body, bytes):
                file.write(body)
            else:
                shutil.copyfileobj(body, file, COPIED_AT_ONCE)
            file.flush()
            os.fsync(file.fileno())
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)


def make_folders(folder: Path) -> None:
    """Make `folder` and what is missing above it, each noted durably in its parent."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut, where the platform has a way to ask for that."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError:  # some network file systems cannot; the names are then as safe as they get
        pass
    finally:
        os.close(handle)


def _make_root(root: Path) -> None:
    if root.is_dir():
        return
    root.mkdir(parents=True, exist_ok=True)
    if root.name == ".evalfactory":  # the default lies in the user's repository, where it is not meant to be committed
        (root / ".gitignore").write_text("*\n")


def _objects(folder: Path) -> Iterator[os.DirEntry[str]]:
    return (item for item in _files(folder) if not item.name.endswith(PARTIAL))


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Every file below `folder` whose path has no hidden part."""
    try:
        items = sorted(os.scandir(folder), key=lambda item: item.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for item in items:
        if item.name.startswith("."):
            continue
        if item.is_dir():
            yield from _files(Path(item.path))
        else:
            yield item
