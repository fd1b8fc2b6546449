"""Results to standard output, talk to standard error; foreign text only after it was made safe."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import EvalFactoryError, Exit
from ..render.safe import legible_json, one_line, visible

if TYPE_CHECKING:  # heavy, and not needed to say that a command line is wrong
    from ..app.telling import Told
    from ..records.report import Outcome, Report

EXIT_OF: dict[Outcome, int] = {
    "PASS": Exit.PASS,
    "FAIL": Exit.FAIL,
    "INCONCLUSIVE": Exit.INCONCLUSIVE,
    "INCOMPLETE": Exit.INCOMPLETE,
}


def say(text: str = "") -> None:
    """Print a result."""
    print(visible(text))


def say_rendered(text: str) -> None:
    """Print what a renderer wrote: it is safe, and has the renderer's own colours and directions of writing."""
    print(text.removesuffix("\n"))


def tell(text: str = "") -> None:
    """Print talk."""
    print(visible(text), file=sys.stderr)


def say_json(value: Any) -> None:
    """Print one JSON object, readable for people too."""
    print(legible_json(json.dumps(value, ensure_ascii=False, indent=1)))


def say_error(error: EvalFactoryError, *, as_json: bool) -> None:
    """Tell what happened, where, and what to try; for a program as one object on standard output too."""
    tell(f"evalfactory: {error}")
    if as_json:
        fields = ("message", "file", "line", "field", "hint")
        say_json(
            {
                "error": {
                    "exit_code": error.exit_code,
                    "message": error.message,
                    "hint": error.hint,
                    "problems": [{field: getattr(problem, field) for field in fields} for problem in error.problems],
                }
            }
        )


def screen() -> tuple[int, bool]:
    """Columns of the terminal, and whether it shows colours."""
    from ..settings import environment

    colours = sys.stdout.isatty() and not environment().get("NO_COLOR")
    return min(shutil.get_terminal_size((100, 24)).columns, 140), colours


def say_report(report: Report, told: Told, *, as_json: bool) -> int:
    """Print a run's report; returns the verdict's exit code."""
    if as_json:
        from ..render.machine import summary_json

        say_json(summary_json(report, place=told.url))
    else:
        from ..app.places import explain_command, store_option, try_command
        from ..render.terminal import terminal

        width, color = screen()
        say_rendered(terminal(report, width=width, color=color).rstrip("\n"))
        store = store_option(told.store)
        say(f"  report  {told.url}")  # on lines of their own, however long: they are there to be copied
        say(f"  page    {try_command('report', report.run_id, '--format', 'html', *store)}")
        if report.counts.missing:
            say(f"  go on   {try_command('resume', report.run_id, *store)}")
        elif report.counts.errored:
            say(f"  retry   {try_command('retry', report.run_id, '--errored', *store)}")
        if case := _interesting(report):
            say(f"  look    {explain_command(case, report.run_id, told.store)}")
        say()
    return EXIT_OF[report.verdict.taken_as or report.verdict.outcome]


def _interesting(report: Report) -> str | None:
    """A case to look at first, if any is worth it."""
    results = (*report.must_run, *report.regressions, *report.worst, *report.errored)
    return next((result.case_id for result in results if result.state != "missing"), None)


def say_table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[str] = ()) -> None:
    """Print rows in columns as wide as what is in them, those titled in `numbers` to the right.

    A row stays on its line, however long: it can be searched for. Wide characters count as two.
    """
    from rich.cells import cell_len

    from ..render.safe import isolated

    table = [list(titles), *([one_line(cell) for cell in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = []
        for title, cell, width in zip(titles, cells, widths, strict=True):
            blanks = " " * (width - cell_len(cell))
            padded.append(blanks + isolated(cell) if title in numbers else isolated(cell) + blanks)
        return "  " + "  ".join(padded).rstrip(" ")

    head, *body = map(line, table)
    rule = "  " + "─" * (sum(widths) + 2 * (len(widths) - 1))
    say_rendered("\n".join([head, rule, *body]))


def moment(created_at: str) -> str:
    """A time of a record (UTC, ISO 8601) for people, to the second."""
    return created_at[:19].replace("T", " ")
