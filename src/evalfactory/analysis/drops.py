"""The gate's rules about the baseline: three answers to one question, did a metric fall by more than it may?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from ..records.gate import GateSpec, MetricGate
from ..records.report import BaselineInfo, Comparison, Difference, DropTest, GateCheck, MetricComparison, Outcome

MINUS = "−"


def baseline_checks(gate: GateSpec, comparison: Comparison) -> Iterator[GateCheck]:
    """Every rule about the baseline, met or not, in the order of the metrics."""
    yield from _age(gate, comparison.baseline)
    yield from _guards(comparison.baseline)
    for metric in comparison.metrics:
        tier = gate.metrics.get(metric.name, MetricGate()).tier
        if tier == "advisory" or metric.new:
            continue
        if metric.refused is not None or metric.drop is None or metric.difference is None:
            yield _not_comparable(metric)
        else:
            yield _drop(metric, metric.drop, metric.difference)


def _age(gate: GateSpec, baseline: BaselineInfo) -> Iterator[GateCheck]:
    most, age = gate.max_baseline_age_days, baseline.age_days
    if most is not None and age is not None:
        yield GateCheck(
            rule="baseline_age",
            outcome="INCONCLUSIVE" if age > most else "PASS",
            wanted=f"at most {most:g} days older than the run",
            seen=f"{age:.1f} days",
        )


def _guards(baseline: BaselineInfo) -> Iterator[GateCheck]:
    """A case that was gated by itself and is no more: nobody would miss a guardrail that goes silently."""
    if baseline.must_run_gone:
        more = baseline.must_run_gone - len(baseline.gone)
        yield GateCheck(
            rule="must_run",
            outcome="INCONCLUSIVE",
            wanted="every must-run case of the baseline (to do without: bless this run, or run without a baseline)",
            seen=f"must-run no more: {', '.join(baseline.gone)}" + (f" and {more} more" if more else ""),
        )


def _not_comparable(metric: MetricComparison) -> GateCheck:
    return GateCheck(
        rule="comparable",
        metric=metric.name,
        outcome="INCONCLUSIVE",
        wanted="scores in both runs, measured in the same way",
        seen=f"the baseline has {metric.refused}" if metric.refused else "not one pair of scores",
    )


def _drop(metric: MetricComparison, drop: DropTest, known: Difference) -> GateCheck:
    must_exclude = drop.metric_tier == "critical"
    what = f"a drop beyond {_limit(drop.allowed)}"
    return GateCheck(
        rule="drop",
        metric=metric.name,
        outcome=_outcome(drop, must_exclude=must_exclude),
        wanted=f"{what} excluded"
        if must_exclude and drop.decision != "shown"
        else f"no drop beyond {_limit(drop.allowed)}",
        seen=_seen(metric, drop, known),
    )


def _outcome(drop: DropTest, *, must_exclude: bool) -> Outcome:
    match drop.decision:
        case "shown":
            return "FAIL"
        case "excluded":
            return "PASS"
        case "open":
            return "INCONCLUSIVE" if must_exclude else "PASS"
        case _:
            assert_never(drop.decision)


def _seen(metric: MetricComparison, drop: DropTest, known: Difference) -> str:
    interval = known.interval
    ends = f"{interval.confidence:.0%} interval {_signed(interval.low)} to {_signed(interval.high)}"
    pairs = "1 pair" if metric.pairs == 1 else f"{metric.pairs:,} pairs"
    seen = f"{_signed(metric.mean_difference or 0.0)} ({ends}) over {pairs}"
    if known.caveat:
        seen += f", {known.caveat}"
    if drop.decision == "open":
        more = (
            f"about {drop.settling_cases:,} cases would settle it"
            if drop.settling_cases
            else "no number would settle it"
        )
        seen += f"; {more}"
    return seen


def _signed(number: float) -> str:
    return "0.000" if round(number, 3) == 0 else f"{number:+.3f}".replace("-", MINUS)


def _limit(number: float) -> str:
    whole, _, decimals = f"{number:.9f}".rstrip("0").partition(".")
    return f"{whole}.{decimals:0<2}"
