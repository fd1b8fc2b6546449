"""Results to standard output, talk to standard error."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import Exit
from ..records.report import Outcome, Report

EXIT_OF: dict[Outcome, int] = {
    "PASS": Exit.PASS,
    "FAIL": Exit.FAIL,
    "INCONCLUSIVE": Exit.INCONCLUSIVE,
    "INCOMPLETE": Exit.INCOMPLETE,
}


def say(text: str = "") -> None:
    """Print a result."""
    print(text)


def tell(text: str = "") -> None:
    """Print talk."""
    print(text, file=sys.stderr)


def say_json(value: Any) -> None:
    """Print one JSON object, readable for people too."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


def screen() -> tuple[int, bool]:
    """Columns of the terminal, and whether it shows colours."""
    from ..settings import environment

    colours = sys.stdout.isatty() and not environment().get("NO_COLOR")
    return min(shutil.get_terminal_size((100, 24)).columns, 140), colours


def say_report(report: Report, url: str, *, as_json: bool) -> int:
    """Print a run's report; returns the verdict's exit code."""
    if as_json:
        from ..render.machine import summary_json

        say_json(summary_json(report, place=url))
    else:
        from ..render.terminal import terminal

        width, color = screen()
        say(terminal(report, width=width, color=color, place=url))
    return EXIT_OF[report.verdict.outcome]


def say_table(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Print rows in columns that are as wide as what is in them; wide characters count as two."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ..render.safe import one_line

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(Text(one_line(row.get(column, ""))) for column in columns))
    width, color = screen()
    Console(width=width, no_color=not color, highlight=False).print(table)
