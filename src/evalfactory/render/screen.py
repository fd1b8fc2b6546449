"""The paper that terminal reports are written on: lines of a width, in colour or not, nothing read from outside."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ..records.report import Outcome
from .layout import cut, wrap
from .safe import closed, isolated, one_line, visible

INDENT = "  "
_GAP = "  "
STYLES: dict[Outcome, str] = {"PASS": "green", "FAIL": "red", "INCONCLUSIVE": "yellow", "INCOMPLETE": "magenta"}
LEAST_WIDTH = 40
MOST_WIDTH = 120  # longer lines are hard to read


class Row(NamedTuple):
    """A row of a table: a foreign name, then numbers with their styles."""

    name: str
    numbers: Sequence[tuple[str, str]]


class Screen:
    """Collects lines; `text()` is what they look like. Every foreign text goes through `shown` or `paragraph`."""

    def __init__(self, width: int, *, color: bool, wraps: bool = True) -> None:
        self.width = min(max(width, LEAST_WIDTH), MOST_WIDTH)
        self._wraps = wraps
        self._file = StringIO()
        self._console = Console(
            file=self._file,
            width=self.width,
            force_terminal=color,
            color_system="standard" if color else None,
            no_color=not color,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            _environ={},
        )

    def text(self) -> str:
        """Everything written so far, without blanks at the ends of lines."""
        return "".join(f"{line.rstrip(' ')}\n" for line in self._file.getvalue().splitlines())

    def blank(self) -> None:
        """An empty line."""
        self._file.write("\n")

    def line(self, *pieces: Text | str | tuple[str, str]) -> None:
        """One line of pieces that are safe and fit."""
        self._console.print(Text.assemble(*pieces), no_wrap=True, overflow="ignore", crop=False)

    def heading(self, words: str) -> None:
        """A blank line and a title."""
        self.blank()
        self.line((words, "bold"))

    def paragraph(self, text: str, *, label: Text | str = "", lines: int = 3, style: str = "") -> None:
        """A label and foreign text beside it, wrapped to a hanging indent and cut after so many lines."""
        head = Text.assemble(INDENT, label)
        wrapped = wrap(one_line(text), self.width - head.cell_len, lines=lines)
        self._hang(head, [isolated(line) for line in wrapped], style)

    def block(self, title: str, text: str, *, style: str = "dim") -> None:
        """A foreign text in full below its title, every line of it indented and, on a terminal, wrapped."""
        if title:
            self.line((INDENT + title, style))
        room = self.width - 2 * len(INDENT)
        for line in text.replace("\t", "    ").splitlines() or [""]:
            safe = visible(line)
            for piece in (wrap(safe, room, lines=len(safe)) or [""]) if self._wraps else [safe]:
                self.line(2 * INDENT, isolated(piece))

    def sentence(self, text: str, *, label: Text) -> None:
        """A label and our own words beside it, in which foreign names are safe already."""
        head = Text.assemble(INDENT, label)
        self._hang(head, closed(wrap(text, self.width - head.cell_len, lines=4)), "")

    def _hang(self, head: Text, lines: Sequence[str], style: str) -> None:
        for number, line in enumerate(lines):
            self.line(head if number == 0 else " " * head.cell_len, (line, style))

    def table(self, titles: Sequence[str], rows: Sequence[Row]) -> None:
        """A table of foreign names and our numbers with a rule under its head; the names take what the numbers leave."""
        columns = range(len(titles) - 1)
        widths = [max(map(cell_len, (titles[n + 1], *(row.numbers[n][0] for row in rows)))) for n in columns]
        room = max(self.width - len(INDENT) - sum(widths) - len(_GAP) * len(widths), 1)
        names = min(room, max(map(cell_len, (titles[0], *(one_line(row.name) for row in rows)))))
        self.blank()
        heads = (f"{_GAP}{title:>{width}}" for title, width in zip(titles[1:], widths, strict=True))
        self.line((INDENT + padded(titles[0], names) + "".join(heads), "dim"))
        self.line((INDENT + "─" * (names + sum(widths) + len(_GAP) * len(widths)), "dim"))
        for row in rows:
            first, *more = wrap(one_line(row.name), names, lines=3) or [""]
            cells = zip(row.numbers, widths, strict=True)
            numbers = ((_GAP + " " * (width - cell_len(text)) + text, style) for (text, style), width in cells)
            self.line(INDENT, padded(isolated(first), names), *numbers)
            for line in more:
                self.line(INDENT, isolated(line))


def shown(text: str, cells: int) -> str:
    """Foreign text as one safe line of at most so many cells."""
    return isolated(cut(one_line(text), cells))


def padded(text: str, cells: int) -> str:
    """Text filled up with blanks to so many cells."""
    return text + " " * (cells - cell_len(text))
