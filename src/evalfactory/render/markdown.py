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
#: A comment on GitHub holds 65,536 characters; with these, four full lists of ordinary text stay below.
SHOWN_CASES = 10
_TEXT_CELLS = 200
_REASON_CELLS = 400
_CHUNKS = 2


def markdown(report: Report) -> str:
    """The report as Markdown, ending in a line feed. No foreign text in it can make markup, links, mentions or rows."""
    sections = [
        _title(report),
        _alert(report),
        *_notes(report),
        _metrics(report),
        _counts(report),
        *_missing(report),
        *_must_run(report),
        *folded("worst regressions", cases(report.regressions)),
        *folded("worst cases", cases(report.worst)),
        *folded("errored slots", cases(report.errored), _errors(report)),
        _footer(report),
    ]
    return "\n\n".join(sections) + "\n"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is text and the rest numbers; the cells must be safe."""
    rules = ["---", *["---:"] * (len(titles) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, rules, *rows))


def cases(results: Sequence[CaseResult]) -> list[str]:
    """One list item a slot, with what explains it below."""
    items = ["\n".join([f"- {_head(result)}", *(f"  - {detail}" for detail in _details(result))]) for result in results]
    return items[:SHOWN_CASES]


def _title(report: Report) -> str:
    _, sign = _ALERTS[report.verdict.outcome]
    suite = f"{safe(report.suite)} · {safe(words.scope(report))} · {words.plural(report.cases, 'case')}"
    return f"## {sign} {report.verdict.outcome} · {suite}"


def _alert(report: Report) -> str:
    kind, _ = _ALERTS[report.verdict.outcome]
    reasons = [f"- {_reason(check)}" for check in report.verdict.reasons[:SHOWN_CASES]]
    more = len(report.verdict.reasons) - len(reasons)
    lines = [f"**{report.verdict.outcome}**: {words.MEANING[report.verdict.outcome]}.", *reasons]
    if more:
        lines.append(f"- and {more} more")
    if taken := words.taken_as(report):
        lines.append(f"- {safe(taken)}")
    return "\n".join(f"> {line}" for line in (f"[!{kind}]", *lines))


def _reason(check: GateCheck) -> str:
    name, what = words.subject(check)
    lead = f"{code(name)} {what}" if name else what
    return f"{lead}: {safe(check.seen)}, wanted {safe(check.wanted)}"


def _notes(report: Report) -> Iterator[str]:
    baseline_note = report.baseline.note if report.baseline else None
    for note in (*report.notes, *filter(None, [baseline_note])):
        yield f"> [!IMPORTANT]\n> {safe(note)}"


def _metrics(report: Report) -> str:
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
    return table(titles, rows)


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


def _counts(report: Report) -> str:
    numbers = [f"{words.count(number)} {name}" for name, number in words.counts(report.counts)]
    if report.counts.reused:
        numbers[1] += f" ({words.count(report.counts.reused)} reused)"
    lines = [" · ".join(numbers)]
    if report.baseline is not None:
        lines.append(safe(words.baseline(report.baseline)))
    if able := words.detectable(report.compared):
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


def _errors(report: Report) -> str:
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
    return safe(cut(one_line(text), cells))


def _footer(report: Report) -> str:
    rows = [
        ("run", code(report.run_id)),
        ("judge", " · ".join(filter(None, [safe(report.judge_name), words.usage(report.judge)]))),
        ("target", words.target(report)),
        ("time", words.seconds(report.wall_s)),
        ("results digest", code(report.results_digest)),
    ]
    return "\n".join(f"- {label}: {text}" for label, text in rows if text)
