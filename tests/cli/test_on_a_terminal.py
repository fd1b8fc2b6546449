"""What a person sees at a terminal: colours, never their codes; lines that fit; Japanese beside English."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import termios
import threading
from collections.abc import Sequence

import pytest
from rich.cells import cell_len

from command_line import Desk
from evalfactory.cli import main

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(desk: Desk, words: Sequence[str], monkeypatch: pytest.MonkeyPatch, columns: int = 80) -> str:
    """What the command writes to a terminal of so many columns, colours included."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", "40")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    seen = bytearray()
    reader = threading.Thread(target=_read_all, args=(ours, seen))
    reader.start()
    screen = os.fdopen(theirs, "w", encoding="utf-8")
    with screen, contextlib.chdir(desk.folder), contextlib.redirect_stdout(screen):
        assert main(list(words)) in (0, 10)
    reader.join()
    os.close(ours)
    return seen.decode().replace("\r\n", "\n")


def _read_all(descriptor: int, seen: bytearray) -> None:
    with contextlib.suppress(OSError):  # Linux says so when the other end is closed
        while piece := os.read(descriptor, 65536):
            seen += piece


@pytest.mark.parametrize(
    "line",
    [
        "report first", "compare first first", "explain ja-delivery-time --run first", "runs", "status first",
        "verify first", "metrics", "metrics geval", "plan suite.yaml",
    ],
)  # fmt: skip
def test_colours_are_colours_and_lines_fit(measured_desk: Desk, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = on_terminal(measured_desk, line.split(), monkeypatch)
    assert "\\x1b" not in seen
    plain = _COLOUR.sub("", seen)
    assert "\x1b" not in plain
    assert plain.isprintable() or all(part.isprintable() for part in plain.replace("\u2068", "").splitlines())
    if line.split()[0] in ("compare", "explain"):
        assert max(map(cell_len, plain.splitlines())) <= 80
        assert _COLOUR.search(seen)
