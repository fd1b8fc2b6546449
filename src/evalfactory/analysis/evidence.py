"""What the paired differences of each metric prove. Loads numpy and scipy: imported when two runs are compared.

Everything is rounded to nine decimals, so that a report is the same on every machine.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..records.gate import GateSpec, MetricGate
from ..records.measurement import Measurement
from ..records.report import Difference, DropTest, Interval, MetricComparison, Share, SliceComparison
from .grouping import SLICES_SHOWN, CaseFacts, Label
from .shares import ClusterCount, clustered_wilson, wilson
from .sizes import Precision, settling_cases
from .statistics.bca import RESAMPLES
from .statistics.bounded import BoundedMean
from .statistics.estimate import GuardedMean, degenerate, mean_estimate
from .statistics.prospect import Prospect, detectable_drop, excludable_drop, span_of
from .statistics.sample import Sample, sample_of
from .statistics.significance import holm, mcnemar, sign_flips

_SLICE_RESAMPLES = 1999
_SEED = 0


@dataclass(slots=True)
class Columns:
    """The pairs of one metric, side by side."""

    case_ids: list[str] = field(default_factory=list)
    here: array[float] = field(default_factory=lambda: array("d"))
    there: array[float] = field(default_factory=lambda: array("d"))
    passed: list[tuple[bool, bool] | None] = field(default_factory=list)  # here and there; None without a threshold

    def add(self, here: Measurement, there: Measurement) -> None:
        """Take one pair of scored measurements."""
        assert here.score is not None
        assert there.score is not None
        self.case_ids.append(here.case_id)
        self.here.append(here.score)
        self.there.append(there.score)
        judged = here.success is not None and there.success is not None
        self.passed.append((here.success is True, there.success is True) if judged else None)

    def differences(self) -> Iterator[float]:
        """This run minus the baseline, pair by pair."""
        return (here - there for here, there in zip(self.here, self.there, strict=True))


class Found(NamedTuple):
    """What was counted of a metric, and its pairs."""

    counted: MetricComparison
    columns: Columns


class Level(NamedTuple):
    """How sure the gate wants to be."""

    confidence: float
    gated: int  # metrics, for all of which a shown drop is corrected


class Evidence(NamedTuple):
    """The comparison's numbers."""

    metrics: tuple[MetricComparison, ...]
    slices: tuple[SliceComparison, ...]
    slices_left_out: int


@dataclass(frozen=True, slots=True)
class _Tested:
    """A metric whose pairs were looked at."""

    found: Found
    estimate: GuardedMean | BoundedMean
    precision: Precision
    rule: MetricGate
    allowed: float


def evidence(some: Sequence[Found], facts: Mapping[str, CaseFacts], gate: GateSpec) -> Evidence:
    """Every metric with its interval, tests and decision, and the slices; a metric without pairs as it came."""
    tested = {each.counted.name: _tested(each, facts, gate) for each in some if each.counted.pairs}
    drops = dict(zip(tested, drop_tests(list(tested.values()), gate.confidence), strict=True))
    gated = sum(each.rule.tier != "advisory" for each in tested.values())
    metrics = [
        _with_evidence(tested[each.counted.name], drops[each.counted.name], facts, Level(gate.confidence, gated))
        if each.counted.name in tested
        else each.counted
        for each in some
    ]
    slices, left_out = _slices(some, facts, gate.confidence)
    return Evidence(tuple(metrics), slices, left_out)


def drop_tests(tested: Sequence[_Tested], confidence: float) -> list[DropTest]:
    """Whether each metric fell by more than it may.

    Shown drops are corrected by Holm over the gated metrics, as one of them fails a run. A pass wants every drop
    excluded, which no correction is needed for (an intersection-union test).
    """
    alpha = (1 - confidence) / 2
    raw = [each.estimate.p_at_least(-each.allowed) for each in tested]
    gated = [place for place, each in enumerate(tested) if each.rule.tier != "advisory"]
    adjusted = dict(zip(gated, holm([raw[place] for place in gated]), strict=True))
    return [
        _drop_test(each, adjusted.get(place, raw[place]), each.estimate.p_at_most(-each.allowed), alpha)
        for place, each in enumerate(tested)
    ]


def _drop_test(tested: _Tested, p_larger: float, p_smaller: float, alpha: float) -> DropTest:
    decision = "shown" if p_larger <= alpha else "excluded" if p_smaller <= alpha else "open"
    settling = settling_cases(tested.precision, tested.allowed, alpha=alpha)
    return DropTest(
        allowed=tested.allowed,
        metric_tier=tested.rule.tier,
        decision=decision,
        p_larger=_rounded(p_larger),
        p_smaller=_rounded(p_smaller),
        settling_cases=settling if decision == "open" else None,
    )


def _tested(found: Found, facts: Mapping[str, CaseFacts], gate: GateSpec) -> _Tested:
    rule = gate.metrics.get(found.counted.name, MetricGate())
    sample = sample_of(zip(_clusters(found.columns, facts), found.columns.differences(), strict=True))
    estimate = _estimate(sample, found.columns, RESAMPLES)
    return _Tested(
        found=found,
        estimate=estimate,
        precision=_precision(estimate, (1 - gate.confidence) / 2, found.columns),
        rule=rule,
        allowed=gate.allowed_drop if rule.allowed_drop is None else rule.allowed_drop,
    )


def _estimate(sample: Sample, columns: Columns, resamples: int) -> GuardedMean | BoundedMean:
    span = _span(columns)
    return mean_estimate(sample, least=-span, most=span, seed=_SEED, resamples=resamples)


def _span(columns: Columns) -> float:
    """How large a difference can be: 1 for scores from 0 to 1, else what was seen."""
    least, most = min(min(columns.here), min(columns.there)), max(max(columns.here), max(columns.there))
    return span_of(least, most)


def _clusters(columns: Columns, facts: Mapping[str, CaseFacts]) -> Iterator[Hashable]:
    """What each pair was drawn with: its `cluster_by` value, else its case with all repeats."""
    for case_id in columns.case_ids:
        known = facts.get(case_id)
        yield (known.cluster,) if known is not None and known.cluster else case_id


def _with_evidence(tested: _Tested, drop: DropTest, facts: Mapping[str, CaseFacts], level: Level) -> MetricComparison:
    columns = tested.found.columns
    clusters = list(_clusters(columns, facts))
    judged = [(cluster, *both) for cluster, both in zip(clusters, columns.passed, strict=True) if both is not None]
    shares: dict[str, object] = {}
    p_passed = None
    if judged:
        shares["passed"] = _share(((cluster, here) for cluster, here, _ in judged), level.confidence)
        shares["baseline_passed"] = _share(((cluster, there) for cluster, _, there in judged), level.confidence)
        p_passed = _p_passed(judged)
    difference = _difference(tested, p_passed, level)
    return tested.found.counted.model_copy(update={"difference": difference, "drop": drop, **shares})


def _difference(tested: _Tested, p_passed: float | None, level: Level) -> Difference:
    estimate, columns = tested.estimate, tested.found.columns
    sample = estimate.sample
    prospect = _prospect(tested, level)
    return Difference(
        interval=_interval(estimate, tested.precision, level.confidence),
        standard_error=_rounded(sample.standard_error),
        cases=tested.precision.cases,
        clusters=sample.clusters,
        nonzero=sample.nonzero,
        effective=_rounded(sample.effective),
        largest_cluster=_rounded(prospect.largest),
        span=_rounded(prospect.span),
        detectable_drop=_roughly(detectable_drop(prospect, tested.allowed)),
        excludable_drop=_roughly(excludable_drop(prospect)),
        p_scores=_rounded(sign_flips(sample.sums, seed=_SEED)),
        p_passed=None if p_passed is None else _rounded(p_passed),
        caveat=_caveat(sample, columns),
    )


def _prospect(tested: _Tested, level: Level) -> Prospect:
    """What another comparison of this size would be."""
    sample = tested.estimate.sample
    return Prospect(
        draws=sample.clusters,
        spread=sample.standard_error * math.sqrt(sample.clusters),
        effective=sample.effective,
        largest=float(sample.sizes.max() / sample.sizes.mean()),
        span=_span(tested.found.columns),
        alpha=(1 - level.confidence) / 2,
        among=1 if tested.rule.tier == "advisory" else level.gated,
    )


def _roughly(drop: float | None) -> float | None:
    return None if drop is None else round(drop, 6)


def _caveat(sample: Sample, columns: Columns) -> str | None:
    outside = "scores are not all from 0 to 1, so the bound takes the range that was seen"
    return "; ".join(filter(None, [degenerate(sample), outside if _span(columns) > 1 else None])) or None


def _precision(estimate: GuardedMean | BoundedMean, alpha: float, columns: Columns) -> Precision:
    sample, cases = estimate.sample, len(set(columns.case_ids))
    ends = estimate.lower(alpha), estimate.upper(alpha)
    return Precision(cases, sample.mean, sample.standard_error, *ends, _span(columns))


def _interval(estimate: GuardedMean | BoundedMean, precision: Precision, confidence: float) -> Interval:
    resampled = estimate.resampled if isinstance(estimate, GuardedMean) else None
    return Interval(
        low=_rounded(precision.low),
        high=_rounded(precision.high),
        confidence=confidence,
        method=estimate.method((1 - confidence) / 2) if isinstance(estimate, GuardedMean) else "bounded",
        resamples=resampled.resamples if resampled else 0,
        seed=resampled.seed if resampled else None,
    )


def _share(members: Iterable[tuple[Hashable, bool]], confidence: float) -> Share:
    passed: Counter[Hashable] = Counter()
    size: Counter[Hashable] = Counter()
    for cluster, succeeded in members:
        passed[cluster] += succeeded
        size[cluster] += 1
    number = size.total()
    alone = number == len(size)
    counts = [ClusterCount(passed[cluster], size[cluster]) for cluster in size]
    low, high = (
        wilson(passed.total(), number, confidence=confidence)
        if alone
        else clustered_wilson(counts, confidence=confidence)
    )
    interval = Interval(
        low=_rounded(low), high=_rounded(high), confidence=confidence, method="wilson" if alone else "clustered wilson"
    )
    return Share(share=passed.total() / number, of=number, interval=interval)


def _p_passed(judged: Sequence[tuple[Hashable, bool, bool]]) -> float:
    """McNemar's exact test for independent cases; for others their clusters' sums with their signs flipped."""
    changes = sample_of((cluster, float(here) - float(there)) for cluster, here, there in judged)
    if changes.clusters < changes.pairs:
        return sign_flips(changes.sums, seed=_SEED)
    fixed = sum(here and not there for _, here, there in judged)
    broken = sum(there and not here for _, here, there in judged)
    return mcnemar(fixed, broken)


def _slices(
    some: Sequence[Found], facts: Mapping[str, CaseFacts], confidence: float
) -> tuple[tuple[SliceComparison, ...], int]:
    sizes = Counter(label for known in facts.values() for label in known.slices)
    several = [label for label, number in sorted(sizes.items(), key=lambda item: (-item[1], item[0]))]
    shown = several[:SLICES_SHOWN]
    parts = {each.counted.name: _parts(each.columns, facts, frozenset(shown)) for each in some}
    found = tuple(
        _slice(name, label, part[label], facts, confidence)
        for label in shown
        for name, part in parts.items()
        if label in part
    )
    return found, len(several) - len(shown)


def _parts(columns: Columns, facts: Mapping[str, CaseFacts], shown: Collection[Label]) -> dict[Label, Columns]:
    """The pairs of each slice."""
    parts: dict[Label, Columns] = {}
    for case_id, here, there in zip(columns.case_ids, columns.here, columns.there, strict=True):
        for label in facts[case_id].slices if case_id in facts else ():
            if label in shown:
                part = parts.setdefault(label, Columns())
                part.case_ids.append(case_id)
                part.here.append(here)
                part.there.append(there)
    return parts


def _slice(
    metric: str, label: Label, part: Columns, facts: Mapping[str, CaseFacts], confidence: float
) -> SliceComparison:
    sample = sample_of(zip(_clusters(part, facts), part.differences(), strict=True))
    estimate = _estimate(sample, part, _SLICE_RESAMPLES)
    precision = _precision(estimate, (1 - confidence) / 2, part)
    return SliceComparison(
        field=label[0],
        value=label[1],
        metric=metric,
        pairs=len(part.case_ids),
        mean=_rounded(sum(part.here) / len(part.here)),
        mean_difference=_rounded(sample.mean),
        interval=_interval(estimate, precision, confidence),
    )


def _rounded(number: float) -> float:
    return round(float(number), 9) + 0.0
