"""A reader at a shell: writes the files that a page shows and runs its commands, one after the other."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from doc_pages import ROOT, Block, Command, Page, commands_of

from evalfactory.settings import environment

PATIENCE_S = 120
PORTS = ("8000", "8080")  # as pages write them; each page gets free ones


class Reader:
    """Somebody who follows one page in a fresh folder."""

    def __init__(self, page: Page, folder: Path) -> None:
        self._page = page
        self._ports = {port: str(_free_port()) for port in PORTS if re.search(rf"[: ]{port}\b", page.text)}
        self._state = folder / "state"
        self._folder = folder / "work"
        self._folder.mkdir()
        self._environment = _fresh_environment(folder)
        self._servers: list[subprocess.Popen[str]] = []
        if "examples/" in page.text:
            shutil.copytree(ROOT / "examples", self._folder / "examples", ignore=shutil.ignore_patterns(".evalfactory"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            server.communicate(timeout=PATIENCE_S)

    def follow(self) -> None:
        """Do everything that the page says, in its order."""
        for block in self._page.blocks:
            if block.title is not None:
                self._write(block)
            elif block.language == "console":
                for command in commands_of(block):
                    if command.not_run is None and not command.text.startswith("make "):
                        self._do(command)

    def _write(self, block: Block) -> None:
        path = self._folder / str(block.title)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._here(block.text) + "\n", encoding="utf-8")

    def _do(self, command: Command) -> None:
        code, printed = (0, self._serve(command)) if command.in_background else self._run(command)
        told = f"{self._page.name}\n$ {command.text}\nended with {code} and said\n{printed}"
        assert code == command.exit_code, f"it should end with {command.exit_code}: {told}"
        lines = iter(printed.split("\n"))
        for shown in command.shown:
            wanted = _pattern(self._here(shown))
            assert any(wanted.fullmatch(line.rstrip()) for line in lines), f"it should say\n{shown}\n{told}"

    def _run(self, command: Command) -> tuple[int, str]:
        """Run it, and keep what it changes of folder and variables for the next one."""
        script = (
            f'{self._here(command.plain)}\ncode=$?; pwd > "{self._state}.pwd"; env -0 > "{self._state}.env"; exit $code'
        )
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        self._folder = Path(Path(f"{self._state}.pwd").read_text(encoding="utf-8").rstrip("\n"))
        variables = Path(f"{self._state}.env").read_text(encoding="utf-8").rstrip("\0").split("\0")
        self._environment = dict(variable.split("=", 1) for variable in variables)
        return done.returncode, done.stdout

    def _serve(self, command: Command) -> str:
        """Start it; what it says first means that it is ready."""
        server = subprocess.Popen(
            ["bash", "-c", f"exec {self._here(command.plain).removesuffix('&')}"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._servers.append(server)
        assert server.stdout is not None
        assert select.select([server.stdout], [], [], PATIENCE_S)[0], f"it says nothing: {command.text}"
        return server.stdout.readline()

    def _here(self, text: str) -> str:
        for shown, free in self._ports.items():
            text = re.sub(rf"(?<=[: ]){shown}\b", free, text)
        return text


def _pattern(shown: str) -> re.Pattern[str]:
    """A line as the page shows it; `…` stands for anything."""
    return re.compile(".*".join(map(re.escape, shown.rstrip().split("…"))))


def _fresh_environment(folder: Path) -> dict[str, str]:
    """What a newcomer has: the command on the PATH, no key, no proxy, a terminal of 100 columns without colours."""
    inherited = {
        name: value for name, value in environment().items() if name in ("LANG", "LC_ALL", "SSL_CERT_FILE", "TMPDIR")
    }
    return {
        **inherited,
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
    }


def _free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


def follow(page: Page, folder: Path) -> None:
    """Do in a fresh folder what the page says, and check what it claims."""
    with Reader(page, folder) as reader:
        reader.follow()
