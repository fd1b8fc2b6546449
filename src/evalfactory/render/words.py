"""Numbers and rules in words, the same for every renderer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from ..records.measurement import Usage
from ..records.report import (
    BaselineInfo,
    CaseResult,
    Counts,
    GateCheck,
    Interval,
    MetricComparison,
    MetricSummary,
    Outcome,
    Report,
    SliceSummary,
    Verdict,
)
from .layout import cut

MINUS = "−"  # as wide as a digit, unlike the hyphen

QUICK_LOOK = "a quick look"

Mark = Literal["✓", "✗", "?", "–"]
MARKS: Final[dict[Outcome, Mark]] = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?", "INCOMPLETE": "?"}
_MEANING: Final[dict[Outcome, str]] = {
    "PASS": "every rule of the gate is met",
    "FAIL": "a rule of the gate is broken",
    "INCONCLUSIVE": "too little is known to pass or fail",
    "INCOMPLETE": "planned slots are missing",
}


_ABOUT_SCORES: Final = frozenset({"mean", "pass_rate", "drop", "must_run"})


def meaning(verdict: Verdict) -> str:
    """What the verdict says in one sentence: also that a pass came about without a look at any score."""
    hollow = verdict.outcome == "PASS" and not any(check.rule in _ABOUT_SCORES for check in verdict.checks)
    return _MEANING[verdict.outcome] + (", and none of them is about a score" if hollow else "")


def score(number: float | None) -> str:
    """A score or a mean of scores; a dash for none."""
    return "–" if number is None else f"{number:.3f}".replace("-", MINUS)


def change(number: float | None) -> str:
    """A difference of scores with its sign."""
    return "–" if number is None else f"{number:+.3f}".replace("-", MINUS)


def percent(share: float | None) -> str:
    """A share, never rounded up to all or down to nothing."""
    if share is None:
        return "–"
    if share in (0.0, 1.0):
        return f"{share:.1%}"
    return f"{min(max(share, 0.001), 0.999):.1%}"


def count(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def seconds(duration_s: float) -> str:
    """A duration as one would say it."""
    if duration_s < 60:
        return f"{duration_s:.1f} s"
    minutes, rest_s = divmod(round(duration_s), 60)
    return f"{minutes} min {rest_s:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def moment(duration_s: float) -> str:
    """A duration that may be short, as one that is not exceeded."""
    return seconds(duration_s) if duration_s >= 1 else f"{max(1, math.ceil(round(1000 * duration_s, 6)))} ms"


def dollars(cost_usd: float) -> str:
    """US dollars, small amounts with the digits that matter."""
    return f"${cost_usd:,.2f}" if cost_usd >= 1 or cost_usd == 0 else f"${cost_usd:.4f}"


def usage(used: Usage, *, priced: bool = True) -> str:
    """Calls, tokens and cost of a model on one line."""
    again = [
        plural(number, "retry", "retries") if name == "retries" else f"{count(number)} asked again"
        for name, number in (("retries", used.retries), ("reasks", used.reasks))
        if number
    ]
    calls = plural(used.calls, "call") + (f" ({', '.join(again)})" if again else "")
    parts = [calls, f"{count(used.input_tokens)} tokens in, {count(used.output_tokens)} out"]
    return " · ".join([*parts, dollars(used.cost_usd)] if priced and used.cost_usd else parts)


def scope(report: Report) -> str:
    """Which cases were measured: those of the tier, or some (a note says which)."""
    return QUICK_LOOK if report.selection else report.tier


def counts(slots: Counts) -> tuple[tuple[str, int], ...]:
    """The counts of slots in the order in which they are told."""
    return (
        ("planned", slots.planned),
        ("scored", slots.scored),
        ("errored", slots.errored),
        ("skipped", slots.skipped),
        ("missing", slots.missing),
    )


_SUBJECTS: Final[dict[str, str]] = {
    "complete": "slots",
    "mean": "mean",
    "pass_rate": "share passed",
    "drop": "against the baseline",
    "comparable": "cannot be compared",
    "baseline_age": "age of the baseline",
    "target": "target",
    "must_run": "must-run slots",
    "errored": "errored slots",
    "scored": "scored slots",
}


def subject(check: GateCheck) -> tuple[str, str]:
    """What a check is about: the part that names come from (metric, case), and the part in our words."""
    name = " · ".join(part for part in (check.case_id, check.metric) if part)
    return name, "(must-run)" if name and check.rule == "must_run" else _SUBJECTS[check.rule]


def metric_outcomes(report: Report) -> dict[str, Outcome]:
    """Each metric's own outcome under the gate; metrics without a rule, or only met by having a score, are not there."""
    order: tuple[Outcome, ...] = ("INCOMPLETE", "FAIL", "INCONCLUSIVE", "PASS")
    seen: dict[str, Outcome] = {}
    for check in report.verdict.checks:
        only_scored = check.rule == "scored" and check.outcome == "PASS"
        if check.metric is not None and check.case_id is None and not only_scored:
            seen[check.metric] = min(seen.get(check.metric, "PASS"), check.outcome, key=order.index)
    return seen


def baseline(info: BaselineInfo) -> str:
    """What the run was compared with, or that it was not."""
    against = info.asked if info.run_id in (None, info.asked) else f"{info.asked} (run {info.run_id})"
    unlike = [
        f"{plural(number, 'case')} {what}{_named(first, number)}"
        for number, first, what in (
            (info.cases_added, info.added, "only here"),
            (info.cases_removed, info.removed, "only there"),
            (info.cases_changed, info.changed, "with another input"),
        )
        if number
    ]
    if not info.pairs:
        return ", ".join([f"no comparison with {against}", *unlike])
    unpaired = [
        f"{plural(number, 'slot')} only {where}"
        for number, where in ((info.only_here, "here"), (info.only_there, "there"))
        if number
    ]
    return ", ".join([f"compared with {against} over {plural(info.pairs, 'pair')}", *unpaired, *unlike])


def _named(first: Sequence[str], of: int) -> str:
    """The first of so many ids, in brackets; nothing in a report that does not have them."""
    more = [f"{count(of - len(first))} more"] if of > len(first) else []
    return f" ({', '.join([*(cut(name, 60) for name in first), *more])})" if first else ""


def interval(ends: Interval | None) -> str:
    """Both ends of an interval; a dash for none."""
    return "–" if ends is None else f"{change(ends.low)} … {change(ends.high)}"


def passed(metric: MetricSummary | SliceSummary) -> str:
    """The share that succeeded with its interval, in whole per cent; a dash for none."""
    ends = metric.pass_interval
    if ends is None:
        return percent(metric.pass_rate)
    return f"{percent(metric.pass_rate)} ({100 * ends.low:.0f}–{100 * ends.high:.0f})"


def target(report: Report, *, priced: bool = True) -> str:
    """What the target cost, and how fast it was; empty without one."""
    if report.target is None:
        return ""
    speed = report.target_speed
    told = f"half within {moment(speed.p50_s)}, 19 of 20 within {moment(speed.p95_s)}" if speed else ""
    return " · ".join(filter(None, [usage(report.target, priced=priced), told]))


def diagnosis(report: Report) -> str:
    """Whether retrieval or generation made cases bad; empty where there is nothing to tell."""
    found = report.diagnosis
    if found is None:
        return ""
    known = [
        f"{count(number)} {what}"
        for number, what in (
            (found.retrieval, "by retrieval"),
            (found.generation, "by generation"),
            (found.both, "by both"),
        )
        if number
    ]
    metrics = " and ".join(found.would_tell)
    hint = f" ({metrics} would tell)" if metrics else ""
    unknown = [f"{count(found.cannot_tell)} of unknown cause{hint}"] if found.cannot_tell else []
    return f"{plural(found.bad, 'bad case')}: {', '.join([*known, *unknown])}"


def cause(result: CaseResult) -> str:
    """What made the case bad; empty where that is not known."""
    return "retrieval and generation" if result.cause == "both" else (result.cause or "").replace("cannot tell", "")


def detectable(metrics: Sequence[MetricComparison]) -> list[str]:
    """What a comparison of this size can show, and exclude; nothing without one. Names come as they are."""
    known = [(each.name, each.difference) for each in metrics if each.difference is not None]
    shown = [f"{score(d.detectable_drop)} in {name}" for name, d in known if d.detectable_drop is not None]
    none = [name for name, d in known if d.detectable_drop is None]
    excluded = [f"{score(d.excludable_drop)} in {name}" for name, d in known if d.excludable_drop is not None]
    found = [
        (shown, f"a true drop of {', '.join(shown)} would be shown to be beyond the allowed one about 4 times in 5"),
        (none, f"no drop, however large, would be shown in {', '.join(none)}: too few pairs"),
        (excluded, f"where nothing changed, a drop of {', '.join(excluded)} would be excluded about 4 times in 5"),
    ]
    return [sentence for some, sentence in found if some]


def chance(metric: MetricComparison) -> str:
    """How well chance alone would explain what changed; empty where nothing was compared."""
    known = metric.difference
    if known is None:
        return ""
    clustered = known.clusters < metric.pairs
    test = "sign flips" if clustered else "McNemar"
    passed = "" if known.p_passed is None else f", of what passes with p {_p(known.p_passed)} ({test})"
    return f"{metric.name}: chance alone explains the change of scores with p {_p(known.p_scores)} (sign flips){passed}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def how(metrics: Iterable[MetricComparison]) -> str:
    """How the intervals were made; empty without any."""
    found = dict.fromkeys(m.difference.interval.method for m in metrics if m.difference is not None)
    resamples = max((m.difference.interval.resamples for m in metrics if m.difference is not None), default=0)
    texts = {
        "bca": f"paired bootstrap (BCa, {count(resamples)} resamples)",
        "unseen": f"paired bootstrap (BCa, {count(resamples)} resamples), no tighter than what can be missed",
        "bounded": "a bound that holds however few cases changed",
    }
    return " · ".join(texts[method] for method in found if method in texts)


def taken_as(report: Report) -> str:
    """What an INCONCLUSIVE counts for in the exit code, where that is not what it is; else empty."""
    match report.verdict.taken_as:
        case "PASS":
            return f"exit code 0: the tier {report.tier} passes when a drop is neither shown nor excluded"
        case "FAIL":
            return f"exit code 10: the tier {report.tier} takes INCONCLUSIVE for FAIL"
        case _:
            return ""
