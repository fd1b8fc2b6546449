"""Two runs beside each other, for a person at a terminal and for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from ..records.report import Comparison, MetricComparison
from . import words
from .markdown import cases as case_items
from .markdown import folded, table
from .safe import markdown as safe
from .safe import markdown_code as code
from .screen import INDENT, Row, Screen, shown
from .terminal import cases, change_style, fitting

_TITLES = ("pairs", "baseline", "mean", "Δ", "better", "worse", "fixed", "broken")


def comparison_terminal(comparison: Comparison, *, width: int, color: bool) -> str:
    """The comparison as lines of at most `width` cells."""
    screen = Screen(width, color=color)
    screen.blank()
    screen.line((INDENT + shown(f"run {comparison.run_id}", screen.width - 2), "bold"))
    screen.paragraph(words.baseline(comparison.baseline))
    if comparison.baseline.note:
        screen.blank()
        screen.paragraph(comparison.baseline.note, label=Text("! ", "bold yellow"), lines=6, style="yellow")
    titles = fitting(_TITLES, screen.width, ("better", "worse"), ("pairs", "baseline", "mean"))
    screen.table(["metric", *titles], [_row(metric, titles) for metric in comparison.metrics])
    for title, results in (
        ("Worst regressions", comparison.regressions),
        ("Best improvements", comparison.improvements),
    ):
        if results:
            screen.heading(title)
            cases(screen, results, total=len(results), others="with --json")
    return screen.text()


def comparison_markdown(comparison: Comparison) -> str:
    """The comparison as Markdown, ending in a line feed."""
    note = comparison.baseline.note
    sections = [
        f"## {code(comparison.run_id)}",
        safe(words.baseline(comparison.baseline)),
        *([f"> [!IMPORTANT]\n> {safe(note)}"] if note else []),
        table(("metric", *_TITLES), ([safe(m.name), *_numbers(m)] for m in comparison.metrics)),
        *folded("worst regressions", case_items(comparison.regressions)),
        *folded("best improvements", case_items(comparison.improvements)),
    ]
    return "\n\n".join(sections) + "\n"


def _row(metric: MetricComparison, titles: Sequence[str]) -> Row:
    styles = {"baseline": "dim", "mean": "bold", "Δ": change_style(metric.mean_difference)}
    numbers = dict(zip(_TITLES, _numbers(metric), strict=True))
    return Row(metric.name, [(numbers[title], styles.get(title, "")) for title in titles])


def _numbers(metric: MetricComparison) -> list[str]:
    return [
        words.count(metric.pairs),
        words.score(metric.baseline_mean),
        words.score(metric.mean),
        words.change(metric.mean_difference),
        *map(words.count, (metric.improved, metric.worsened, metric.fixed, metric.broken)),
    ]
