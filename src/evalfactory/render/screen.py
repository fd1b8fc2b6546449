"""The paper that terminal reports are written on: lines of a width, in colour or not, nothing read from outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import StringIO
from typing import NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..records.report import Outcome
from .layout import cut, wrap
from .safe import isolated, one_line

INDENT = "  "
STYLES: dict[Outcome, str] = {"PASS": "green", "FAIL": "red", "INCONCLUSIVE": "yellow", "INCOMPLETE": "magenta"}
LEAST_WIDTH = 40


class Column(NamedTuple):
    """A column of numbers, or the first one, of names."""

    title: str
    numeric: bool = True


class Screen:
    """Collects lines; `text()` is what they look like. Every foreign text goes through `shown` or `paragraph`."""

    def __init__(self, width: int, *, color: bool) -> None:
        self.width = max(width, LEAST_WIDTH)
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
        beside = INDENT + " " * (head.cell_len - len(INDENT))
        for number, line in enumerate(wrap(one_line(text), self.width - head.cell_len, lines=lines)):
            self.line(head if number == 0 else beside, (isolated(line), style))

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Text]]) -> None:
        """A table with a rule under its head; the first column takes what the others leave."""
        table = Table(
            box=box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, 1, 0, 0),
            header_style="dim",
            border_style="dim",
        )
        for column in columns:
            table.add_column(
                column.title, justify="right" if column.numeric else "left", no_wrap=column.numeric, overflow="fold"
            )
        for row in rows:
            table.add_row(*row)
        self.blank()
        self._console.print(Padding(table, (0, 0, 0, len(INDENT))))


def shown(text: str, cells: int) -> str:
    """Foreign text as one safe line of at most so many cells."""
    return isolated(cut(one_line(text), cells))


def padded(text: str, cells: int) -> str:
    """Text filled up with blanks to so many cells."""
    return text + " " * (cells - cell_len(text))
