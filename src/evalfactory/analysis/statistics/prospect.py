"""What a comparison of a given size can show and exclude, before it is made.

The gate *shows* a drop when its interval's upper end is below the allowed one, and *excludes* it when the lower end is
above. So what matters is where those ends come to lie, by the method that is in force there, in a sample that is as
unlucky as the wanted chance lets it be.

What is known of the differences is how far they spread, and how few of them matter (`Sample.effective`). Three values say
the same: zeros, and in a share q of the draws a change by d either way, with q d² the variance and q the effective share.
As the bound does, one more draw is added, the worst there can be, since so many may have missed it. Where a drop is
supposed all are tilted towards it (each weighs exp(-t · difference)): large falls become more frequent than small ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from scipy.special import stdtr

from ..sizes import POWER
from .bounded import chance_of_falling
from .estimate import ENOUGH
from .sample import DUST

_MOST_DRAWS = 10_000_000  # more are not worth printing
_HALVINGS = 24  # of what a drop can be: to 1e-7
_TILTS = 50


@dataclass(frozen=True)
class Prospect:
    """So many draws (clusters, where there are any) of differences that vary as they did."""

    draws: float
    spread: float  # standard deviation of one draw
    effective: float  # of these draws: see `Sample.effective`
    largest: float = 1.0  # size of the largest cluster, the average one being 1
    span: float = 1.0  # how large a difference can be
    alpha: float = 0.025  # of each of the gate's two wrong answers
    among: int = 1  # gated metrics: a drop that is shown in one of them is corrected for all, by Holm
    power: float = POWER  # the chance with which something is to be seen

    def of(self, draws: float) -> Prospect:
        """The same differences in another number of draws."""
        return replace(self, draws=draws, effective=self.effective * draws / self.draws)

    def shows(self, drop: float, allowed: float) -> bool:
        """Whether a true drop of `drop`, in this metric alone, is shown to be beyond `allowed` with the wanted chance."""
        seen = drop - self._luck * self.expected(drop).standard_error
        return seen > allowed and self.expected(seen).mirrored.p_at_most(allowed, self) <= self.alpha / self.among

    def excludes(self, drop: float) -> bool:
        """Whether a drop of `drop` is excluded with the wanted chance where nothing has changed."""
        seen = self._luck * self.expected(0.0).standard_error
        return seen < drop and self.expected(seen).p_at_most(-drop, self) <= self.alpha

    @property
    def _luck(self) -> float:
        return NormalDist().inv_cdf(self.power)

    def expected(self, drop: float) -> Expected:
        """The sample that is expected where the mean has fallen by `drop`."""
        share = self.effective / self.draws
        known = share > 0 and self.spread > DUST
        change = min(self.spread / math.sqrt(share), self.span) if known else self.span
        moved = self.draws * min(self.spread**2 / change**2, 1.0)
        values = (-self.span, -change, 0.0, change)
        counts = (moved / 2, self.draws - moved, moved / 2)
        shares = (
            _tilted(values, (1.0, *counts), -drop) if drop > 0 else tuple(each / self.draws for each in (0.0, *counts))
        )
        return Expected(self.draws, values, shares)


@dataclass(frozen=True)
class Expected:
    """A sample of few values, each with its share of the draws."""

    draws: float
    values: tuple[float, ...]
    shares: tuple[float, ...]

    @property
    def mirrored(self) -> Expected:
        """The sample of the opposite differences."""
        return Expected(self.draws, tuple(-value for value in self.values), self.shares)

    @property
    def mean(self) -> float:
        return sum(value * share for value, share in zip(self.values, self.shares, strict=True))

    @property
    def standard_error(self) -> float:
        return math.sqrt(self._moment(2) / self.draws)

    @property
    def effective(self) -> float:
        cubes = self._moment(3)
        return self.draws * self._moment(2) ** 3 / cubes**2 if cubes > DUST else 0.0

    def _moment(self, power: int) -> float:
        mean = self.mean
        return sum(share * abs(value - mean) ** power for value, share in zip(self.values, self.shares, strict=True))

    def p_at_most(self, mean: float, known: Prospect) -> float:
        """The evidence against a true mean of `mean` or less, by the method that is in force for such a sample."""
        effective = self.effective
        if effective < ENOUGH:
            gaps = np.array([(-known.span - mean) * known.largest, *(value - mean for value in self.values)])
            counts = np.array([1.0, *(share * self.draws for share in self.shares)])
            order = np.argsort(gaps)
            return chance_of_falling(gaps[order], counts[order])
        away = (self.mean - mean) / self.standard_error
        by_resampling = float(stdtr(effective - 1, -away / math.sqrt(1 + 1 / (effective - 1))))
        return max(by_resampling, self._p_missed(mean, known))

    def _p_missed(self, mean: float, known: Prospect) -> float:
        """The chance to have missed as much as would make the mean `mean`: see `GuardedMean`."""
        weight = (self.mean - mean) / (self.mean + known.span)
        missed = weight / (weight + known.largest * (1 - weight))
        return float((1 - missed) ** self.draws)


def span_of(least: float, most: float) -> float:
    """How large a difference of scores can be: 1 for those from 0 to 1, else what was seen."""
    return 1.0 if least >= 0 and most <= 1 else max(most - least, 1.0)


def detectable_drop(known: Prospect, allowed: float) -> float | None:
    """The smallest true drop that is shown to be beyond `allowed`; None where none would be."""
    return _least(lambda drop: known.shows(drop, allowed), allowed, known.span)


def excludable_drop(known: Prospect) -> float | None:
    """The smallest drop that is excluded where nothing has changed; None where none would be."""
    return _least(known.excludes, 0.0, known.span)


def draws_to_show(known: Prospect, drop: float, allowed: float) -> int | None:
    """How many draws show a true drop of `drop` to be beyond `allowed`; None where it is not, or no number would."""
    return _fewest(lambda draws: known.of(draws).shows(drop, allowed)) if drop > allowed else None


def draws_to_exclude(known: Prospect, drop: float) -> int | None:
    """How many draws exclude a drop of `drop` where nothing has changed; None where no number would."""
    return _fewest(lambda draws: known.of(draws).excludes(drop))


def _tilted(values: tuple[float, ...], weights: tuple[float, ...], mean: float) -> tuple[float, ...]:
    """The share of each value when they weigh exp(t · value) times as much, so that their mean is `mean`."""
    low, high = 200.0 / values[0], -200.0 / values[0]
    raised: list[float] = []
    for _ in range(_TILTS):
        tilt = (low + high) / 2
        most = max(tilt * (value - mean) for value in values)
        raised = [
            weight * math.exp(tilt * (value - mean) - most) for value, weight in zip(values, weights, strict=True)
        ]
        off = sum(each * (value - mean) for each, value in zip(raised, values, strict=True))
        low, high = (tilt, high) if off < 0 else (low, tilt)
    total = sum(raised)
    return tuple(each / total for each in raised)


def _least(able: Callable[[float], bool], low: float, high: float) -> float | None:
    """Where it begins to hold, between two drops."""
    if not able(high):
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if able(middle) else (middle, high)
    return high


def _fewest(able: Callable[[int], bool]) -> int | None:
    """From how many draws on it holds."""
    high = 2
    while not able(high):
        high *= 2
        if high > _MOST_DRAWS:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if able(middle) else (middle, high)
    return high
