"""The report for a channel of Slack, in Block Kit: short, below its limits, and without a text that Slack would read.

Foreign texts stand in `rich_text` elements, which Slack shows as they are: no mention, link, emoji or markup is made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from rich.cells import cell_len

from ..records.report import CaseResult, GateCheck, Outcome, Report
from . import words
from .comment import Around, headline
from .layout import cut
from .safe import one_line

Block = dict[str, Any]

#: Slack takes 150 characters of a header, 50 blocks of a message, and warns above 4,000 characters of its text.
MOST_HEADER: Final = 150
MOST_TEXT: Final = 3_000
_SHOWN: Final = 5
_METRICS: Final = 20
_CELLS: Final = 240
_SIGNS: Final[dict[Outcome, str]] = {"PASS": "✅", "FAIL": "❌", "INCONCLUSIVE": "❔", "INCOMPLETE": "🚧"}


def slack_text(report: Report) -> str:
    """The message in one line, for notifications and screen readers, in the escaping that Slack demands of it."""
    reasons = "; ".join(_reason(check) for check in report.verdict.reasons[:_SHOWN])
    text = one_line(cut(f"{headline(report)}{': ' if reasons else ''}{reasons}", 400))
    return _unread(text)


def slack_blocks(report: Report, around: Around) -> list[Block]:
    """The blocks of the message."""
    return [
        _header(report),
        *_section("", [_reason(check) for check in report.verdict.reasons], report.verdict.reasons),
        *(_rich([_text(_short(note))]) for note in _notes(report)),
        {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [_text(_table(report))]}]},
        *_section(words.plural(around.broken, "newly failed slot"), map(_case, around.newly_failed), range(around.broken)),
        _rich(list(_footer(report, around))),
    ]  # fmt: skip


def slack_state(report: Report) -> dict[str, Any]:
    """What a reader would want to hear of when it changes: the verdict, each metric's outcome, the rules that are not met."""
    return {
        "verdict": report.verdict.outcome,
        "taken_as": report.verdict.taken_as,
        "metrics": words.metric_outcomes(report),
        "unmet": sorted("/".join(filter(None, (c.rule, c.metric, c.case_id, c.outcome))) for c in report.verdict.reasons),
    }  # fmt: skip


def _header(report: Report) -> Block:
    text = one_line(cut(headline(report), MOST_HEADER - 10))
    return {"type": "header", "text": {"type": "plain_text", "text": f"{_SIGNS[report.verdict.outcome]} {text}"[:MOST_HEADER], "emoji": False}}  # fmt: skip


def _section(title: str, items: Iterable[str], of: Sequence[object]) -> Iterator[Block]:
    """A titled list of the first items."""
    shown = [_short(item) for item, _ in zip(items, range(_SHOWN), strict=False)]
    if shown:
        more = [f"and {words.count(len(of) - len(shown))} more"] if len(of) > len(shown) else []
        lines = [_line(item) for item in (*shown, *more)]
        listed = {"type": "rich_text_list", "style": "bullet", "elements": lines}
        head = [{"type": "rich_text_section", "elements": [_text(title, bold=True)]}] if title else []
        yield {"type": "rich_text", "elements": [*head, listed]}


def _line(text: str) -> Block:
    return {"type": "rich_text_section", "elements": [_text(text)]}


def _rich(elements: list[Block]) -> Block:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def _text(text: str, *, bold: bool = False) -> Block:
    return {"type": "text", "text": text or " ", **({"style": {"bold": True}} if bold else {})}


def _reason(check: GateCheck) -> str:
    lead = " ".join(filter(None, words.subject(check)))
    return f"{lead}: {check.seen}, wanted {check.wanted}"


def _notes(report: Report) -> list[str]:
    taken = words.taken_as(report)
    return [*([taken] if taken else []), *report.notes, *filter(None, [report.baseline.note if report.baseline else None])][:_SHOWN]  # fmt: skip


def _table(report: Report) -> str:
    """The metrics in columns of a font whose characters are equally wide."""
    outcomes = words.metric_outcomes(report)
    known = {each.name: each.difference.interval for each in report.compared if each.difference is not None}
    rows = [("metric", "n", "mean", "Δ", "interval", "verdict")]
    for metric in report.metrics[:_METRICS]:
        interval = words.interval(known.get(metric.name))
        name = one_line(cut(metric.name, 30))
        numbers = (words.count(metric.counts.scored), words.score(metric.mean), words.change(metric.delta), interval)
        rows.append((name, *numbers, outcomes.get(metric.name, "–")))
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]  # fmt: skip
    left_out = len(report.metrics) - _METRICS
    return "\n".join([*lines, *([f"and {left_out} more"] if left_out > 0 else [])])[:MOST_TEXT]


def _case(result: CaseResult) -> str:
    seen = f"{words.score(result.baseline_score)} → {words.score(result.score)}"
    said = result.reason or result.actual_output or ""
    return f"{seen}  {result.case_id} · {result.metric}" + (f": {said}" if said else "")


def _footer(report: Report, around: Around) -> Iterator[Block]:
    baseline = [words.baseline(report.baseline)] if report.baseline else []
    for line in (*baseline, f"run {report.run_id}", f"judge {report.judge_name} · {words.usage(report.judge)}"):
        yield _text(_short(line) + "\n")
    if around.report_url:
        yield {"type": "link", "url": around.report_url, "text": "the report"}


def _short(text: str) -> str:
    return one_line(cut(one_line(text[: 20 * _CELLS]), _CELLS))


def _unread(text: str) -> str:
    """Slack's three escapes, and nothing left that makes a mention, a link or a format of plain text."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "*_~`@#:":
        escaped = escaped.replace(mark, f"{mark}\u200b")
    return escaped
