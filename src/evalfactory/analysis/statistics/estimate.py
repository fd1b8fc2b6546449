"""Which interval a mean difference gets: the bootstrap's where there is enough to resample, else the bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy.special import ndtr, ndtri, stdtr, stdtrit

from .bca import RESAMPLES, BcaMean
from .bounded import BoundedMean
from .sample import Sample

#: The bootstrap is used from so many effective clusters on. Measured: see benchmarks/statistics.
ENOUGH = 50.0

Method = Literal["bca", "bounded", "unseen"]


@dataclass(frozen=True)
class GuardedMean:
    """The bootstrap's bounds, but none tighter than what so many draws can have missed altogether.

    A resample holds only what was seen. Of n draws all can have missed something as frequent as 1 - alpha^(1/n), about
    3.7 in n, and it may be the worst there is. Where scores hardly differ from case to case, that decides.
    """

    resampled: BcaMean
    least: float = -1.0
    most: float = 1.0

    @property
    def sample(self) -> Sample:
        return self.resampled.sample

    def lower(self, alpha: float) -> float:
        """The bound that the true mean is below with a chance of about `alpha`."""
        return min(self.resampled.lower(self.expanded(alpha)), self._missed(alpha, self.least))

    def upper(self, alpha: float) -> float:
        """The bound that the true mean is above with a chance of about `alpha`."""
        return max(self.resampled.upper(self.expanded(alpha)), self._missed(alpha, self.most))

    def p_at_most(self, mean: float) -> float:
        """The evidence against a true mean of `mean` or less: the bound of this level is there."""
        return max(self._contracted(self.resampled.p_at_most(mean)), self._p_missed(mean, self.least))

    def p_at_least(self, mean: float) -> float:
        """The evidence against a true mean of `mean` or more."""
        return max(self._contracted(self.resampled.p_at_least(mean)), self._p_missed(mean, self.most))

    def method(self, alpha: float) -> Method:
        """Which of the two an interval comes from; both of its ends must be the bootstrap's to be called so."""
        level = self.expanded(alpha)
        by_resampling = (self.resampled.lower(level), self.resampled.upper(level))
        return "bca" if (self.lower(alpha), self.upper(alpha)) == by_resampling else "unseen"

    def expanded(self, alpha: float) -> float:
        """The bootstrap's level that makes up for a spread known from few effective clusters, as Student's t does.

        T. C. Hesterberg, What teachers should know about the bootstrap, The American Statistician 69 (2015): the
        expanded percentile interval.
        """
        return float(ndtr(stdtrit(self._freedom, alpha) * math.sqrt(1 + 1 / self._freedom)))

    def _contracted(self, level: float) -> float:
        """What `expanded` makes into `level`."""
        return float(stdtr(self._freedom, ndtri(level) / math.sqrt(1 + 1 / self._freedom)))

    @property
    def _freedom(self) -> float:
        return self.sample.effective - 1

    def _missed(self, alpha: float, worst: float) -> float:
        """The mean if clusters of the frequency that can be missed were all as bad, and as large, as can be."""
        missed = -math.expm1(math.log(alpha) / self.sample.clusters)
        weight = missed * self._largest / (missed * self._largest + 1 - missed)
        return self.sample.mean + weight * (worst - self.sample.mean)

    def _p_missed(self, mean: float, worst: float) -> float:
        """The level at which `_missed` reaches `mean`."""
        weight = (mean - self.sample.mean) / (worst - self.sample.mean) if worst != self.sample.mean else 1.0
        if weight <= 0:
            return 1.0
        missed = weight / (weight + self._largest * (1 - weight)) if weight < 1 else 1.0
        return float((1 - missed) ** self.sample.clusters)

    @property
    def _largest(self) -> float:
        """The size of the largest cluster, the average one being 1."""
        return float(self.sample.sizes.max() / self.sample.sizes.mean())


def mean_estimate(
    sample: Sample, *, least: float = -1.0, most: float = 1.0, seed: int = 0, resamples: int = RESAMPLES
) -> GuardedMean | BoundedMean:
    """The estimate by the method that keeps its promises for this sample.

    `least` and `most` are what a difference can be at all.
    """
    if sample.effective >= ENOUGH:
        return GuardedMean(BcaMean(sample, seed, resamples), least, most)
    return BoundedMean(sample, least, most)


def degenerate(sample: Sample) -> str | None:
    """What makes the sample one that tells less than its size, in words; None for an ordinary one."""
    if sample.clusters == 1:
        return "there is only one to compare"
    if not sample.nonzero:
        return f"all {sample.pairs} differences are zero"
    if not sample.residuals.any():
        return f"all {sample.pairs} differences are the same"
    if sample.nonzero < 2:
        return f"only one of {sample.clusters} changed"
    return None
