"""The report for a person at a terminal: the verdict and why, the metrics, the worst, where to read on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from ..records.report import CaseResult, GateCheck, MetricSummary, Outcome, Report
from . import words
from .safe import one_line
from .screen import INDENT, STYLES, Row, Screen, padded, shown

#: A screenful: everything is in report.md.
SHOWN_REASONS = 8
SHOWN_CASES = 5

INTERVAL = "interval"
_LABEL_CELLS = 10
_ROOM_ALONE, _ROOM_BESIDE = 72, 110  # cells of a screen that shows intervals of shares, without and with a baseline


def terminal(report: Report, *, width: int, color: bool, place: str | None = None) -> str:
    """The report as lines of at most `width` cells; `place` is where its files are."""
    screen = Screen(width, color=color)
    _verdict(screen, report)
    _notes(screen, report)
    _metrics(screen, report)
    _counts(screen, report)
    _must_run(screen, report)
    _regressions(screen, report)
    _worst(screen, report)
    _errored(screen, report)
    _footer(screen, report, place)
    return screen.text()


def _verdict(screen: Screen, report: Report) -> None:
    outcome = report.verdict.outcome
    badge = f" {outcome} "
    title = f"{report.suite} · {words.scope(report)} · {words.plural(report.cases, 'case')}"
    screen.blank()
    screen.line(
        (badge, f"bold reverse {STYLES[outcome]}"), INDENT, (shown(title, screen.width - len(badge) - 2), "bold")
    )
    screen.line((INDENT + shown(f"run {report.run_id}", screen.width - 2), "dim"))
    reasons = report.verdict.reasons
    screen.blank()
    if not reasons:
        screen.line(INDENT, (words.MARKS[outcome], STYLES[outcome]), f" {words.meaning(report.verdict)}")
    for check in reasons[:SHOWN_REASONS]:
        _reason(screen, check)
    if len(reasons) > SHOWN_REASONS:
        screen.line((f"{INDENT}  and {len(reasons) - SHOWN_REASONS} more reasons", "dim"))
    if taken := words.taken_as(report):
        screen.paragraph(taken, label=Text("→ ", "dim"))


def _reason(screen: Screen, check: GateCheck) -> None:
    name, what = words.subject(check)
    lead = f"{shown(name, screen.width // 2)} {what}" if name else what
    label = Text.assemble((words.MARKS[check.outcome], STYLES[check.outcome]), " ")
    screen.sentence(f"{lead}: {one_line(check.seen)}, wanted {one_line(check.wanted)}", label=label)


def _notes(screen: Screen, report: Report) -> None:
    baseline_note = report.baseline.note if report.baseline else None
    for note in (*report.notes, *filter(None, [baseline_note])):
        screen.blank()
        screen.paragraph(note, label=Text("! ", "bold yellow"), lines=6, style="yellow")


def _metrics(screen: Screen, report: Report) -> None:
    outcomes = words.metric_outcomes(report)
    titles = ["n", "mean", "pass", "threshold", "baseline", "Δ", INTERVAL, "verdict"]
    known = {each.name: each.difference.interval for each in report.compared if each.difference is not None}
    if not any(metric.pairs for metric in report.metrics):
        titles = [title for title in titles if title not in ("baseline", "Δ")]
    if not known or screen.width < 96:
        titles.remove(INTERVAL)
    titles = fitting(titles, screen.width, ("threshold", "baseline"), ("n", "pass"))
    rows = []
    for metric in report.metrics:
        numbers = _numbers(metric, outcomes.get(metric.name)) | {
            INTERVAL: (words.interval(known.get(metric.name)), "dim")
        }
        if screen.width >= (_ROOM_BESIDE if known else _ROOM_ALONE):
            numbers["pass"] = (words.passed(metric), "")
        rows.append(Row(metric.name, [numbers[title] for title in titles]))
    screen.table(["metric", *titles], rows)


def _numbers(metric: MetricSummary, outcome: Outcome | None) -> dict[str, tuple[str, str]]:
    """Column -> text and style."""
    return {
        "n": (words.count(metric.counts.scored), ""),
        "mean": (words.score(metric.mean), "bold"),
        "pass": (words.percent(metric.pass_rate), ""),
        "threshold": (words.score(metric.threshold), "dim"),
        "baseline": (words.score(metric.baseline_mean), "dim"),
        "Δ": (words.change(metric.delta), change_style(metric.delta)),
        "verdict": (words.MARKS[outcome], STYLES[outcome]) if outcome else ("–", "dim"),
    }


def fitting(titles: Sequence[str], width: int, narrow: Sequence[str], narrowest: Sequence[str]) -> list[str]:
    """The columns that a screen has room for: without `narrow` below 72 cells, without `narrowest` too below 56."""
    dropped = {*(narrow if width < 72 else ()), *(narrowest if width < 56 else ())}
    return [title for title in titles if title not in dropped]


def change_style(delta: float | None) -> str:
    """Green for better, red for worse."""
    if not delta:
        return "dim"
    return "green" if delta > 0 else "red"


def _counts(screen: Screen, report: Report) -> None:
    screen.blank()
    alarming = {"errored": "yellow", "missing": "magenta", "skipped": "cyan"}
    pieces: list[tuple[str, str]] = []
    for name, number in words.counts(report.counts):
        reused = f" ({words.count(report.counts.reused)} reused)" if name == "scored" and report.counts.reused else ""
        pieces += [(" · " if pieces else INDENT, "dim")]
        pieces += [(f"{words.count(number)} {name}{reused}", alarming.get(name, "") if number else "dim")]
    if sum(cell_len(text) for text, _ in pieces) <= screen.width:
        screen.line(*pieces)
    else:
        screen.paragraph("".join(text for text, _ in pieces))
    if report.baseline is not None:
        screen.paragraph(words.baseline(report.baseline), lines=8, style="dim")
    for able in words.detectable(report.compared):
        screen.paragraph(able, style="dim")
    if told := words.diagnosis(report):
        screen.paragraph(told, style="dim")
    missing = report.proof.missing[:SHOWN_CASES]
    for slot in missing:
        screen.paragraph(slot, label=Text("missing  ", "magenta"), lines=1)
    if report.counts.missing > len(missing) > 0:
        screen.line((f"{INDENT}         and {words.count(report.counts.missing - len(missing))} more", "dim"))


def _must_run(screen: Screen, report: Report) -> None:
    if not report.must_run_slots:
        return
    if not report.must_run_unmet:
        screen.line((f"{INDENT}all {words.plural(report.must_run_slots, 'must-run slot')} met", "dim"))
        return
    unmet, planned = words.count(report.must_run_unmet), words.count(report.must_run_slots)
    screen.heading(f"Must-run slots that are not met ({unmet} of {planned})")
    cases(screen, report.must_run, total=report.must_run_unmet)


def _regressions(screen: Screen, report: Report) -> None:
    if report.regressions:
        screen.heading("Worst regressions")
        cases(screen, report.regressions, total=len(report.regressions))


def _worst(screen: Screen, report: Report) -> None:
    if report.worst:
        told = {_slot(result) for result in report.regressions[:SHOWN_CASES]}
        rest = [result for result in report.worst if _slot(result) not in told]
        if rest:
            screen.heading("Worst cases" if len(rest) == len(report.worst) else "Worst cases, besides those above")
            cases(screen, rest, total=len(rest))


def _errored(screen: Screen, report: Report) -> None:
    if not report.errors:
        return
    screen.heading("Errored slots")
    by_class = [f"{words.count(number)} {name}" for name, number in report.errors.items()]
    screen.paragraph(" · ".join(by_class))
    cases(screen, report.errored, total=report.counts.errored)


def cases(screen: Screen, results: Sequence[CaseResult], *, total: int, others: str = "in the report") -> None:
    """The first of the slots with what explains them; of `total` there are, and `others` says where the rest is."""
    for result in results[:SHOWN_CASES]:
        screen.blank()
        _case(screen, result)
    if total > SHOWN_CASES:
        screen.blank()
        screen.line((f"{INDENT}and {words.count(total - SHOWN_CASES)} more {others}", "dim"))


def _case(screen: Screen, result: CaseResult) -> None:
    lead = _lead(result)
    repeat = f" #{result.repeat + 1}" if result.repeat else ""
    metric = shown(result.metric, min(30, screen.width // 4 + 2) - len(repeat)) + repeat
    room = screen.width - len(INDENT) - lead.cell_len - cell_len(metric) - 5
    case_id = shown(result.case_id, max(room, 0))
    screen.line(INDENT, lead, INDENT, (case_id, "bold"), (" · ", "dim"), (metric, "dim"))
    for label, text, lines in _details(result):
        screen.paragraph(text, label=Text(f"  {label:<{_LABEL_CELLS}}", "dim"), lines=lines)


def _lead(result: CaseResult) -> Text:
    """Six cells or more that say how bad it is."""
    if result.state != "scored":
        return Text(padded(result.state, 7), "yellow")
    if result.baseline_score is None:
        return Text(words.score(result.score), "red")
    rose = result.score is not None and result.score > result.baseline_score
    style = "green" if rose else "red"
    return Text.assemble(
        (words.score(result.baseline_score), "dim"), (" → ", "dim"), (words.score(result.score), style)
    )


def _details(result: CaseResult) -> Iterator[tuple[str, str, int]]:
    """Label, text and most lines of what explains a slot; only what is there."""
    if result.failure is not None:
        failure = result.failure
        yield "because", f"{failure.error_class}: {failure.message} (in the {failure.where})", 2
    if result.input:
        yield "asked", result.input, 1
    if result.actual_output and result.state == "scored":
        yield "answered", result.actual_output, 2
    if result.retrieval_context and result.state == "scored":
        yield "found", " ¶ ".join(result.retrieval_context), 2
    if result.reason:
        yield "because", result.reason, 3
    if result.baseline_reason:
        yield "before", result.baseline_reason, 2
    if known := words.cause(result):
        yield "cause", known, 1


def _slot(result: CaseResult) -> tuple[str, str, int]:
    return result.case_id, result.metric, result.repeat


def _footer(screen: Screen, report: Report, place: str | None) -> None:
    screen.blank()
    outcome, reasons = report.verdict.outcome, len(report.verdict.reasons)
    why = f" · {words.plural(reasons, 'reason')} above" if reasons else ""
    # Again at the end, because the beginning of a long report has left the screen.
    screen.line(INDENT, ("verdict ", "dim"), (outcome, f"bold {STYLES[outcome]}"), (why, "dim"))
    judge = " · ".join(filter(None, [report.judge_name, words.usage(report.judge)]))
    lines = [
        ("judge", judge),
        ("target", words.target(report)),
        ("time", words.seconds(report.wall_s)),
        ("report", place),
    ]
    for label, text in lines:
        if text:
            screen.paragraph(text, label=Text(f"{label:<8}", "dim"))
    screen.line(INDENT, ("digest  ", "dim"), (shown(report.results_digest, screen.width - 10), "dim"))
