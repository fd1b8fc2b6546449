"""The gate: which rules a run had to meet, what it showed, and the one word that follows.

| seen                                                                      | the rule's outcome |
|---------------------------------------------------------------------------|--------------------|
| a planned slot is missing                                                 | INCOMPLETE         |
| a metric's mean or share of passed cases is below its floor               | FAIL               |
| a drop beyond the allowed one against the baseline is shown               | FAIL               |
| such a drop of a critical metric is neither shown nor excluded            | INCONCLUSIVE       |
| a metric has no pair, or was measured in another way back then            | INCONCLUSIVE       |
| there is no baseline, and the gate requires one                           | INCONCLUSIVE       |
| the baseline is older than it may be                                      | INCONCLUSIVE       |
| the target is slower or dearer than it may be                             | FAIL               |
| its tokens or dollars are limited, and nobody counted them                | INCONCLUSIVE       |
| a must-run slot scored below its threshold                                | FAIL               |
| a must-run slot is errored or skipped: nobody can vouch for it            | INCONCLUSIVE       |
| a must-run case of the baseline is none any more, or is gone              | INCONCLUSIVE       |
| too large a share of the slots that could be measured is errored          | INCONCLUSIVE       |
| a gated metric, or the whole run, has no score at all                     | INCONCLUSIVE       |

The verdict is the first of INCOMPLETE, FAIL, INCONCLUSIVE that any rule came to, else PASS. The floor of a
metric's mean is its threshold, unless `gate.metrics` has a floor for it; without either it has none, and the check says
so. An advisory metric has no rule, its must-run slots neither. The rules about the baseline hold for every other metric that the baseline has too; without a
baseline they do not exist, unless `require_baseline` says that there must be one. Limits are met when they are missed by less than 1e-9, so that no rounding in the last digit
of a sum decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, assert_never

from ..records.gate import GateSpec, MetricGate
from ..records.report import CaseResult, Comparison, Counts, GateCheck, MetricSummary, Outcome, Verdict
from ..records.suite import OnInconclusive
from .drops import MINUS, baseline_checks
from .speed import target_checks
from .summary import Summary, sum_of

_DUST = 1e-9
_PRECEDENCE: tuple[Outcome, ...] = ("INCOMPLETE", "FAIL", "INCONCLUSIVE")


def judge_gate(
    gate: GateSpec,
    summary: Summary,
    comparison: Comparison | None = None,
    on_inconclusive: OnInconclusive = "inconclusive",
) -> Verdict:
    """The verdict with every rule behind it, met or not; `on_inconclusive` is the tier's."""
    checks = (
        _complete(summary),
        *_floors(gate, summary),
        *(baseline_checks(gate, comparison) if comparison else _required(gate)),
        *target_checks(gate.target, summary.speed),
        *_must_run(gate, summary),
        _errored(gate, summary),
        *_anything_scored(summary),
    )
    outcomes = {check.outcome for check in checks}
    outcome = next((word for word in _PRECEDENCE if word in outcomes), "PASS")
    taken_as = _taken_as(checks, on_inconclusive) if outcome == "INCONCLUSIVE" else None
    return Verdict(outcome=outcome, checks=checks, taken_as=taken_as)


def _required(gate: GateSpec) -> Iterator[GateCheck]:
    if gate.require_baseline:
        seen = "nothing to compare with"
        yield GateCheck(rule="comparable", outcome="INCONCLUSIVE", wanted="a baseline (`require_baseline`)", seen=seen)


def _taken_as(checks: tuple[GateCheck, ...], on_inconclusive: OnInconclusive) -> Outcome | None:
    """What an INCONCLUSIVE counts for in the exit code. Only a drop that stays open can pass: errors never do."""
    match on_inconclusive:
        case "pass":
            only_open = all(check.rule == "drop" for check in checks if check.outcome == "INCONCLUSIVE")
            return "PASS" if only_open else None
        case "fail":
            return "FAIL"
        case "inconclusive":
            return None
        case _:
            assert_never(on_inconclusive)


def _complete(summary: Summary) -> GateCheck:
    missing, planned = summary.counts.missing, summary.counts.planned
    return GateCheck(
        rule="complete",
        outcome="INCOMPLETE" if missing else "PASS",
        wanted=f"all {planned} planned slots",
        seen=f"{missing} missing" if missing else f"{planned} present",
    )


def _floors(gate: GateSpec, summary: Summary) -> Iterator[GateCheck]:
    metrics = {metric.name: metric for metric in summary.metrics}
    for name in dict.fromkeys([*metrics, *gate.metrics]):
        metric, rule = metrics.get(name), gate.metrics.get(name, MetricGate())
        if rule.tier == "advisory":
            continue
        if metric is None or not metric.counts.scored:
            yield _without_score(name, metric, summary)
            continue
        least = metric.threshold if rule.mean == "threshold" else rule.mean
        if least is not None:
            yield _floor("mean", metric, metric.mean, least)
        if rule.pass_rate is not None:
            yield _floor("pass_rate", metric, metric.pass_rate, rule.pass_rate)
        if least is None and rule.pass_rate is None:
            yield _no_floor(metric, "no threshold" if rule.mean == "threshold" else "`mean` is null")


def _no_floor(metric: MetricSummary, why: str) -> GateCheck:
    seen = f"{apart(metric.mean, None)[0]} over {metric.counts.scored} scored; no floor: {why}"
    return GateCheck(rule="scored", metric=metric.name, outcome="PASS", wanted="at least one scored slot", seen=seen)


def _floor(rule: str, metric: MetricSummary, seen: float | None, wanted: float) -> GateCheck:
    met = seen is not None and seen >= wanted - _DUST
    seen_words, wanted_words = apart(seen, wanted)
    return GateCheck(
        rule="mean" if rule == "mean" else "pass_rate",
        metric=metric.name,
        outcome="PASS" if met else "FAIL",
        wanted=f"at least {wanted_words}",
        seen=f"{seen_words} over {metric.counts.scored} scored",
    )


def _without_score(name: str, metric: MetricSummary | None, summary: Summary) -> GateCheck:
    """A metric that only must-run cases have is gated there; any other one without a score is unknown."""
    counts = metric.counts if metric else None
    elsewhere = summary.must_run_counts[name].scored if counts and not counts.planned else 0
    if elsewhere:
        seen = f"none planned, {elsewhere} among the must-run slots"
    elif counts and counts.planned:
        seen = (
            f"none of {counts.planned} ({counts.errored} errored, {counts.skipped} skipped, {counts.missing} missing)"
        )
    else:
        seen = "none planned"
    outcome: Outcome = "PASS" if elsewhere else "INCONCLUSIVE"
    return GateCheck(rule="scored", metric=name, outcome=outcome, wanted="at least one scored slot", seen=seen)


class _MustRun(NamedTuple):
    """The must-run slots of metrics that are gated."""

    counts: Counts
    unmet: int
    listed: tuple[CaseResult, ...]  # the first of those


def _must_run(gate: GateSpec, summary: Summary) -> Iterator[GateCheck]:
    gated = {name for name in summary.must_run_counts if not _is_advisory(gate, name)}
    slots = _MustRun(
        counts=sum_of(counts for name, counts in summary.must_run_counts.items() if name in gated),
        unmet=sum(number for name, number in summary.must_run_unmet.items() if name in gated),
        listed=tuple(result for result in summary.must_run if result.metric in gated),
    )
    if not slots.counts.planned:
        return
    for result in slots.listed:
        yield _must_run_slot(result)
    unseen = slots.unmet - len(slots.listed)
    met = slots.counts.planned - slots.unmet
    yield GateCheck(
        rule="must_run",
        outcome=_worst_unseen(slots) if unseen else "PASS",
        wanted="every must-run slot, one by one",
        seen=f"{met} of {slots.counts.planned} met" + (f", {unseen} more are not listed" if unseen else ""),
    )


def _is_advisory(gate: GateSpec, metric: str) -> bool:
    return gate.metrics.get(metric, MetricGate()).tier == "advisory"


def _must_run_slot(result: CaseResult) -> GateCheck:
    outcome: Outcome
    match result.state:
        case "scored":
            score, threshold = apart(result.score, result.threshold)
            outcome, seen, wanted = "FAIL", score, f"at least {threshold}"
        case "missing":
            outcome, seen, wanted = "INCOMPLETE", "missing", "a score"
        case "errored" | "skipped":
            outcome, seen, wanted = "INCONCLUSIVE", result.state, "a score"
        case _:
            assert_never(result.state)
    if result.repeat:
        seen += f" (repeat {result.repeat + 1})"
    return GateCheck(
        rule="must_run", metric=result.metric, case_id=result.case_id, outcome=outcome, wanted=wanted, seen=seen
    )


def _worst_unseen(slots: _MustRun) -> Outcome:
    """The outcome of must-run slots beyond those listed, from their counts."""
    counts = slots.counts
    listed = [result.state for result in slots.listed]
    if counts.missing > listed.count("missing"):
        return "INCOMPLETE"
    unmeasured = counts.errored + counts.skipped + counts.missing
    listed_unmeasured = len(listed) - listed.count("scored")
    failed = slots.unmet - unmeasured > listed.count("scored")
    return "FAIL" if failed else "INCONCLUSIVE" if unmeasured > listed_unmeasured else "PASS"


def _errored(gate: GateSpec, summary: Summary) -> GateCheck:
    measurable = summary.counts.planned - summary.counts.skipped
    share = summary.counts.errored / measurable if measurable else 0.0
    return GateCheck(
        rule="errored",
        outcome="INCONCLUSIVE" if share > gate.max_errored + _DUST else "PASS",
        wanted=f"at most {gate.max_errored:.1%} errored",
        seen=f"{summary.counts.errored} of {measurable} ({share:.1%})",
    )


def _anything_scored(summary: Summary) -> Iterator[GateCheck]:
    if not summary.counts.scored:
        seen = f"none of {summary.counts.planned}"
        yield GateCheck(rule="scored", outcome="INCONCLUSIVE", wanted="at least one scored slot", seen=seen)


def apart(seen: float | None, wanted: float | None) -> tuple[str, str]:
    """Both numbers in words: `wanted` as it was written, `seen` in as many decimals as tell the two apart.

    At least two decimals, at most nine; a dash for none.
    """
    limit = "–" if wanted is None else _as_written(wanted)
    if seen is None:
        return "–", limit
    least = 3 if wanted is None else len(limit.partition(".")[2])
    for decimals in range(least, 10):
        text = f"{seen:.{decimals}f}"
        if wanted is None or float(text) != round(wanted, decimals):
            return text.replace("-", MINUS), limit
    return f"{seen:.{least}f}".replace("-", MINUS), limit


def _as_written(number: float) -> str:
    whole, _, decimals = f"{number:.9f}".rstrip("0").partition(".")
    return f"{whole}.{decimals:0<2}".replace("-", MINUS)
