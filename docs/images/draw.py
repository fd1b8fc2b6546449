"""Draws `run.svg`: what a terminal shows of the demo's first run, its middle left out.

    python docs/images/draw.py

Runs the real command on a pseudo-terminal, in a fresh folder, and turns what it printed into a picture.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from html import unescape
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

COLUMNS = 100
ROOT = Path(__file__).parents[2]
PICTURE = Path(__file__).with_name("run.svg")
COMMAND = ("run", "examples/support/suite.yaml", "--run-id", "first")
WORST_SHOWN = 2
_TEXT = re.compile(
    r'(<text class="run-r\d+" x=")([\d.]+)(" y="[\d.]+" textLength=")([\d.]+)(" [^>]*>)(.*?)</text>', re.DOTALL
)

FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Noto Sans Mono CJK JP', 'Noto Sans CJK JP', monospace"
THEME = TerminalTheme(
    (24, 26, 31),
    (214, 217, 224),
    [(60, 64, 72), (224, 108, 117), (126, 190, 122), (214, 178, 98), (97, 160, 229), (190, 130, 212), (86, 182, 194), (200, 204, 212)],
    [(110, 116, 128), (240, 128, 136), (150, 212, 146), (232, 200, 120), (120, 180, 245), (208, 150, 230), (110, 204, 214), (240, 242, 246)],
)  # fmt: skip


def main() -> None:
    """Run, draw, write."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "examples", Path(folder) / "examples", ignore=shutil.ignore_patterns(".evalfactory"))
        shown = run_on_terminal([program(), *COMMAND], Path(folder)).replace(f"{Path(folder).resolve()}/", "")
    PICTURE.write_text(picture(shortened(shown)), encoding="utf-8")


def program() -> str:
    """The installed command beside this Python."""
    return str(Path(sys.executable).with_name("evalfactory"))


def run_on_terminal(words: list[str], folder: Path) -> str:
    """What the command writes to a terminal of 100 columns, colours included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(words, cwd=folder, env=environment, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    written = bytearray()
    while piece := _read(ours):
        written += piece
    os.close(ours)
    if process.wait() != 10:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}, and the demo's first run ends with 10")
    return written.decode().replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


def shortened(shown: str) -> str:
    """The output with its first worst cases only, and the lines at its end."""
    lines = shown.strip("\n").split("\n")
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    cases = [number for number, line in enumerate(plain) if re.match(r"  \d\.\d{3}  ", line)]
    end = next(number for number, line in enumerate(plain) if line.startswith("  verdict "))
    return "\n".join([*lines[: cases[WORST_SHOWN]], "  …", "", *lines[end:]])


def picture(shown: str) -> str:
    """The SVG: text as text, with fonts that the reader has, no font from elsewhere."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ evalfactory {' '.join(COMMAND[:2])}", style="bold"))
    console.print()
    console.print(Text.from_ansi(shown), soft_wrap=True)
    form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    form = form.replace("font-family: Fira Code, monospace;", f"font-family: {FONTS};")
    return _TEXT.sub(_unpadded, console.export_svg(title="evalfactory", theme=THEME, code_format=form, unique_id="run"))


def _unpadded(found: re.Match[str]) -> str:
    """The text element without spaces at its ends, which some viewers drop; it begins where its words do."""
    head, x, middle, length, tail, text = found.groups()
    words = text.replace("&#160;", " ")
    if not words.strip():
        return ""
    cell = float(length) / len(unescape(words))  # Rich counts a wide character once
    left, cells = len(words) - len(words.lstrip()), cell_len(unescape(words.strip()))
    told = words.strip().replace(" ", "&#160;")
    return f"{head}{float(x) + left * cell:.1f}{middle}{cells * cell:.1f}{tail}{told}</text>"


if __name__ == "__main__":
    main()
