"""The report for a pull request: GitHub-flavoured Markdown, the verdict first, long lists folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ..records.report import CaseResult, GateCheck, MetricSummary, Outcome, Report
from . import words
from .layout import cut
from .safe import markdown as safe
from .safe import markdown_code as code
from .safe import one_line

_ALERTS: Final[dict[Outcome, tuple[str, str]]] = {
    "PASS": ("TIP", "✅"),
    "FAIL": ("CAUTION", "❌"),
    "INCONCLUSIVE": ("WARNING", "❔"),
    "INCOMPLETE": ("WARNING", "🚧"),
}
#: A comment on GitHub holds 65,536 characters; with these, full lists of ordinary text stay below.
SHOWN_CASES = 10
_TEXT_CELLS = 200
_REASON_CELLS = 300
_SHOWN_SLICES, _SLICE_CELLS = 20, 60
_CHUNKS = 2
_LONGEST = 20  # characters a cell that are looked at: blanks become one, marks take no cell


def markdown(report: Report) -> str:
    """The report as Markdown, ending in a line feed. No foreign text in it can make markup, links, mentions or rows."""
    sections = [
        title(report),
        _alert(report),
        *notes(report),
        "\n".join(metric_table(report)),
        _counts(report),
        *_missing(report),
        *_must_run(report),
        *folded("worst regressions", cases(report.regressions)),
        *folded("worst cases", cases(report.worst)),
        *folded("errored slots", cases(report.errored), errors(report)),
        *folded("slices (shown, never gated)", _slices(report)),
        _footer(report),
    ]
    return "\n\n".join(sections) + "\n"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is text and the rest numbers; the cells must be safe."""
    rules = ["---", *["---:"] * (len(titles) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, rules, *rows))


def cases(results: Sequence[CaseResult]) -> list[str]:
    """The first slots, one list item each."""
    return case_items(results[:SHOWN_CASES])


def case_items(results: Sequence[CaseResult]) -> list[str]:
    """One list item a slot, with what explains it below."""
    return ["\n".join([f"- {_head(result)}", *(f"  - {detail}" for detail in _details(result))]) for result in results]


def title(report: Report) -> str:
    """The verdict and what was measured, as a heading."""
    _, sign = _ALERTS[report.verdict.outcome]
    suite = f"{_text(report.suite)} · {_text(words.scope(report))} · {words.plural(report.cases, 'case')}"
    return f"## {sign} {report.verdict.outcome} · {suite}"


def alert(report: Report) -> str:
    """The beginning of the alert; `reasons` are its list."""
    kind, _ = _ALERTS[report.verdict.outcome]
    taken = words.taken_as(report)
    said = words.meaning(report.verdict) + (f" ({safe(taken)})" if taken else "")
    return f"> [!{kind}]\n> **{report.verdict.outcome}**: {said}."


def reasons(report: Report, most: int) -> list[str]:
    """Why the verdict is what it is, as items inside the alert; the first ones."""
    return [f"> - {_reason(check)}" for check in report.verdict.reasons[:most]]


def _alert(report: Report) -> str:
    left_out = len(report.verdict.reasons) - SHOWN_CASES
    more = [f"> - and {left_out} more"] if left_out > 0 else []
    return "\n".join([alert(report), *reasons(report, SHOWN_CASES), *more])


def _reason(check: GateCheck) -> str:
    name, what = words.subject(check)
    lead = f"{code(cut(name, _TEXT_CELLS))} {what}" if name else what
    return f"{lead}: {_text(check.seen, _REASON_CELLS)}, wanted {_text(check.wanted, _REASON_CELLS)}"


def notes(report: Report) -> Iterator[str]:
    """What a reader must know, as alerts."""
    baseline_note = report.baseline.note if report.baseline else None
    for note in (*report.notes, *filter(None, [baseline_note])):
        yield f"> [!IMPORTANT]\n> {safe(note)}"


def metric_table(report: Report) -> list[str]:
    """The metrics as the lines of a table, the first two its head."""
    compared = any(metric.pairs for metric in report.metrics)
    titles = [
        "metric",
        "n",
        "mean",
        "pass",
        "threshold",
        *(["baseline", "Δ", "interval"] if compared else []),
        "verdict",
    ]
    outcomes = words.metric_outcomes(report)
    known = {each.name: each.difference.interval for each in report.compared if each.difference is not None}
    rows = []
    for metric in report.metrics:
        row = _row(metric, outcomes.get(metric.name), compared=compared)
        rows.append([*row[:-1], words.interval(known.get(metric.name)), row[-1]] if compared else row)
    return table(titles, rows).split("\n")


def _row(metric: MetricSummary, outcome: Outcome | None, *, compared: bool) -> list[str]:
    return [
        safe(metric.name),
        words.count(metric.counts.scored),
        words.score(metric.mean),
        words.passed(metric),
        words.score(metric.threshold),
        *([words.score(metric.baseline_mean), words.change(metric.delta)] if compared else []),
        f"{words.MARKS[outcome]} {outcome}" if outcome else "–",
    ]


def _slices(report: Report) -> list[str]:
    """The first parts of the cases as a table; nothing without any."""
    beside = {(part.field, part.value, part.metric): part for part in report.compared_slices}
    rows = []
    for part in report.slices[:_SHOWN_SLICES]:
        name = _text(f"{part.field}={part.value}", _SLICE_CELLS)
        row = [f"{name} · {_text(part.metric, _SLICE_CELLS)}", words.count(part.scored), words.score(part.mean)]
        known = beside.get((part.field, part.value, part.metric))
        change = (words.change(known.mean_difference), words.interval(known.interval)) if known else ("–", "–")
        rows.append([*row, words.passed(part), *(change if beside else ())])
    titles = ("slice", "n", "mean", "pass", *(("Δ", "interval") if beside else ()))
    left_out = len(report.slices) - len(rows)
    more = [f"\nand {words.plural(left_out, 'more row')} in `report.json`"] if left_out else []
    return [table(titles, rows), *more] if rows else []


def _counts(report: Report) -> str:
    numbers = [f"{words.count(number)} {name}" for name, number in words.counts(report.counts)]
    if report.counts.reused:
        numbers[1] += f" ({words.count(report.counts.reused)} reused)"
    lines = [" · ".join(numbers)]
    if report.baseline is not None:
        lines.append(safe(words.baseline(report.baseline)))
    for able in words.detectable(report.compared):
        lines.append(safe(able))
    if told := words.diagnosis(report):
        lines.append(safe(told))
    return "<br>\n".join(lines)


def _missing(report: Report) -> Iterator[str]:
    yield from folded("missing slots", [f"- {code(slot)}" for slot in report.proof.missing[:SHOWN_CASES]])


def _must_run(report: Report) -> Iterator[str]:
    if report.must_run_slots and not report.must_run_unmet:
        yield f"All {words.plural(report.must_run_slots, 'must-run slot')} met."
    unmet = f"{words.count(report.must_run_unmet)} of {words.plural(report.must_run_slots, 'must-run slot')} not met"
    yield from folded(unmet, cases(report.must_run), unfolded=True)


def errors(report: Report) -> str:
    """The errored slots by their classes."""
    return " · ".join(f"{words.count(number)} {safe(name)}" for name, number in report.errors.items())


def folded(title: str, items: Sequence[str], lead: str = "", *, unfolded: bool = False) -> Iterator[str]:
    """A section to open with a click; none without items."""
    if items:
        listed = "\n".join(items)
        body = f"{lead}\n\n{listed}" if lead else listed
        yield f"<details{' open' if unfolded else ''}>\n<summary>{title.capitalize()}</summary>\n\n{body}\n\n</details>"


def _head(result: CaseResult) -> str:
    metric = result.metric + (f" #{result.repeat + 1}" if result.repeat else "")
    then = "" if result.baseline_score is None else f"{words.score(result.baseline_score)} → "
    seen = then + words.score(result.score) if result.state == "scored" else str(result.state)
    return f"**{seen}** {code(cut(result.case_id, _TEXT_CELLS))} · {safe(metric)}"


def _details(result: CaseResult) -> Iterator[str]:
    if result.failure is not None:
        yield f"**{result.failure.error_class}** in the {result.failure.where}: {_text(result.failure.message)}"
    if result.input:
        yield f"**asked** {_text(result.input)}"
    if result.actual_output:
        yield f"**answered** {_text(result.actual_output)}"
    found = result.retrieval_context or ()
    for chunk in found[:_CHUNKS]:
        yield f"**found** {_text(chunk)}"
    if len(found) > _CHUNKS:
        yield f"**found** and {len(found) - _CHUNKS} more passages"
    if result.reason:
        yield f"**because** {_text(result.reason, _REASON_CELLS)}"
    if result.baseline_reason:
        yield f"**before** {_text(result.baseline_reason)}"
    if known := words.cause(result):
        yield f"**cause** {known}"


def _text(text: str, cells: int = _TEXT_CELLS) -> str:
    beginning = text[: _LONGEST * cells]  # a megabyte is not read to show a line
    return safe(cut(one_line(beginning) + ("…" if len(text) > len(beginning) else ""), cells))


def footer_rows(report: Report) -> list[tuple[str, str]]:
    """Where the report comes from and what it cost: label and text."""
    rows = [
        ("run", code(report.run_id)),
        ("judge", " · ".join(filter(None, [safe(report.judge_name), words.usage(report.judge)]))),
        ("target", words.target(report)),
        ("time", words.seconds(report.wall_s)),
        ("results digest", code(report.results_digest)),
    ]
    return [(label, text) for label, text in rows if text]


def _footer(report: Report) -> str:
    return "\n".join(f"- {label}: {text}" for label, text in footer_rows(report))
