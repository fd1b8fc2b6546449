"""What a judge's scores of the same answers say of the judge. Loads numpy and scipy when it is told."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import NormalDist, fmean, variance
from typing import NamedTuple

from ..records.measurement import Measurement
from ..records.report import Interval
from ..records.sizing import MetricNoise, ShakyCase

#: Draws of a case that are so far apart are worth a look, also where they do not decide whether it passes.
WIDE_APART = 0.1
SHAKY_SHOWN = 20


class Draws(NamedTuple):
    """Every score of one case by one metric."""

    case_id: str
    metric: str
    scores: tuple[float, ...]
    passed: int | None  # None without a threshold

    @property
    def flips(self) -> float:
        """How often two of the draws disagree on whether the case passes."""
        number = len(self.scores)
        return 0.0 if self.passed is None else 2 * self.passed * (number - self.passed) / (number * (number - 1))

    @property
    def width(self) -> float:
        return max(self.scores) - min(self.scores)

    @property
    def shaky(self) -> bool:
        return self.flips > 0 or self.width >= WIDE_APART


def draws_of(measurements: Iterable[Measurement]) -> list[Draws]:
    """The cases that were scored at least twice, in the order of the measurements."""
    found: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for each in measurements:
        if each.state == "scored":
            found[each.case_id, each.metric].append(each)
    return [_draws(some) for some in found.values() if len(some) > 1]


def metric_noise(name: str, some: Sequence[Draws], *, confidence: float) -> MetricNoise:
    """The noise of one metric, from its cases' draws."""
    if not some:
        return MetricNoise(name=name, cases=0, draws=0)
    pooled = noise_variance(some)
    rated = [each for each in some if each.passed is not None]
    return MetricNoise(
        name=name,
        cases=len(some),
        draws=sum(len(each.scores) for each in some),
        mean=_rounded(fmean(score for each in some for score in each.scores)),
        variance=_rounded(pooled),
        deviation=_rounded(math.sqrt(pooled)),
        same_again=_rounded(NormalDist().inv_cdf(0.975) * math.sqrt(2 * pooled / len(some))),
        flip_rate=_rounded(fmean(each.flips for each in rated)) if rated else None,
        flip_interval=_interval([each.flips for each in rated], confidence) if rated else None,
        shaky=sum(each.shaky for each in some),
    )


def noise_variance(some: Sequence[Draws]) -> float:
    """The variance of the draws of one case, pooled over the cases by their degrees of freedom."""
    freedom = sum(len(each.scores) - 1 for each in some)
    return sum((len(each.scores) - 1) * variance(each.scores) for each in some) / freedom


def shakiest(some: Iterable[Draws]) -> Iterator[ShakyCase]:
    """The cases that are shaky: those that flip most first, then those that are widest apart."""
    shaky = sorted((each for each in some if each.shaky), key=lambda each: (-each.flips, -each.width, *each[:2]))
    for each in shaky[:SHAKY_SHOWN]:
        yield ShakyCase(case_id=each.case_id, metric=each.metric, scores=each.scores, passed=each.passed)


def _draws(some: Sequence[Measurement]) -> Draws:
    scores = tuple(each.score for each in some if each.score is not None)
    rated = all(each.success is not None for each in some) and some[0].threshold is not None
    passed = sum(each.success is True for each in some) if rated else None
    return Draws(some[0].case_id, some[0].metric, scores, passed)


def _interval(shares: Sequence[float], confidence: float) -> Interval:
    import numpy as np

    from .statistics.estimate import GuardedMean, mean_estimate
    from .statistics.sample import Sample

    alpha = (1 - confidence) / 2
    estimate = mean_estimate(Sample(np.array(shares), np.ones(len(shares))), least=0.0, most=1.0)
    resampled = estimate.resampled if isinstance(estimate, GuardedMean) else None
    return Interval(
        low=_rounded(max(estimate.lower(alpha), 0.0)),
        high=_rounded(min(estimate.upper(alpha), 1.0)),
        confidence=confidence,
        method=estimate.method(alpha) if isinstance(estimate, GuardedMean) else "bounded",
        resamples=resampled.resamples if resampled else 0,
        seed=resampled.seed if resampled else None,
    )


def _rounded(number: float) -> float:
    return round(float(number), 9) + 0.0
