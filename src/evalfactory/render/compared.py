"""Two runs beside each other, for a person at a terminal and for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from ..records.report import Comparison, MetricComparison, SliceComparison
from . import words
from .markdown import cases as case_items
from .markdown import folded, table
from .safe import markdown as safe
from .safe import markdown_code as code
from .screen import INDENT, Row, Screen, shown
from .terminal import cases, change_style, fitting

_TITLES = ("pairs", "baseline", "mean", "Δ", "interval", "better", "worse", "fixed", "broken", "a drop is")
#: Least cells of a screen that shows the column.
_ROOM = {
    "better": 110, "worse": 110, "fixed": 95, "broken": 95, "baseline": 82, "interval": 72, "pairs": 58, "a drop is": 58,
}  # fmt: skip
_SHOWN_SLICES = 10  # rows on a screen; all are in the Markdown and in the JSON
_SLICES = ("pairs", "mean", "Δ", "interval")


def comparison_terminal(comparison: Comparison, *, width: int, color: bool) -> str:
    """The comparison as lines of at most `width` cells."""
    screen = Screen(width, color=color)
    screen.blank()
    screen.line((INDENT + shown(f"run {comparison.run_id}", screen.width - 2), "bold"))
    screen.paragraph(words.baseline(comparison.baseline), lines=8)
    if comparison.baseline.note:
        screen.blank()
        screen.paragraph(comparison.baseline.note, label=Text("! ", "bold yellow"), lines=6, style="yellow")
    titles = [title for title in _TITLES if screen.width >= _ROOM.get(title, 0)]
    screen.table(["metric", *titles], [_row(metric, titles) for metric in comparison.metrics])
    screen.blank()
    for line in _below(comparison):
        screen.paragraph(line, style="dim")
    if comparison.slices:
        screen.heading("Slices (shown, never gated)")
        titles = fitting(_SLICES, screen.width, ("mean",), ("interval",))
        screen.table(["slice", *titles], [_slice_row(part, titles) for part in comparison.slices[:_SHOWN_SLICES]])
        if (more := len(comparison.slices) - _SHOWN_SLICES) > 0:
            screen.line((f"{INDENT}and {words.plural(more, 'more row')} with --json", "dim"))
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
        "<br>\n".join(map(safe, _below(comparison))),
        *folded("slices (shown, never gated)", [_slice_table(comparison)] if comparison.slices else []),
        *folded("worst regressions", case_items(comparison.regressions)),
        *folded("best improvements", case_items(comparison.improvements)),
    ]
    return "\n\n".join(sections) + "\n"


def _row(metric: MetricComparison, titles: Sequence[str]) -> Row:
    styles = {"baseline": "dim", "mean": "bold", "Δ": change_style(metric.mean_difference)}
    numbers = dict(zip(_TITLES, _numbers(metric), strict=True))
    return Row(metric.name, [(numbers[title], styles.get(title, "")) for title in titles])


def _slice_row(part: SliceComparison, titles: Sequence[str]) -> Row:
    styles = {"Δ": change_style(part.mean_difference)}
    numbers = dict(zip(_SLICES, _slice_numbers(part), strict=True))
    return Row(_slice_name(part), [(numbers[title], styles.get(title, "")) for title in titles])


def _slice_table(comparison: Comparison) -> str:
    return table(("slice", *_SLICES), ([safe(_slice_name(part)), *_slice_numbers(part)] for part in comparison.slices))


def _slice_name(part: SliceComparison) -> str:
    return f"{part.field}={part.value} · {part.metric}"


def _slice_numbers(part: SliceComparison) -> list[str]:
    numbers = [words.count(part.pairs), words.score(part.mean), words.change(part.mean_difference)]
    return [*numbers, words.interval(part.interval)]


def _below(comparison: Comparison) -> list[str]:
    """What a reader of the table must know."""
    refused = [
        f"{metric.name} is not compared: the baseline has {metric.refused}"
        for metric in comparison.metrics
        if metric.refused
    ]
    settling = [
        f"{metric.name}: about {words.count(metric.drop.settling_cases)} cases would settle it"
        for metric in comparison.metrics
        if metric.drop is not None and metric.drop.settling_cases
    ]
    made = words.how(comparison.metrics)
    left_out = comparison.slices_left_out
    return [
        *refused,
        *([f"intervals: {made}"] if made else []),
        *words.detectable(comparison.metrics),
        *settling,
        *filter(None, map(words.chance, comparison.metrics)),
        *([f"{words.plural(left_out, 'smaller slice')} not shown"] if left_out else []),
    ]


def _decision(metric: MetricComparison) -> str:
    if metric.drop is None:
        return "–"
    return metric.drop.decision


def _numbers(metric: MetricComparison) -> list[str]:
    return [
        words.count(metric.pairs),
        words.score(metric.baseline_mean),
        words.score(metric.mean),
        words.change(metric.mean_difference),
        words.interval(metric.difference.interval if metric.difference else None),
        *map(words.count, (metric.improved, metric.worsened, metric.fixed, metric.broken)),
        _decision(metric),
    ]
