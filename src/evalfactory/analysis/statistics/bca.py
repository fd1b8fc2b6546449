"""The bootstrap with bias correction and acceleration (BCa), whole clusters resampled.

B. Efron, Better bootstrap confidence intervals, Journal of the American Statistical Association 82 (1987). Resamples,
acceleration and quantiles are those of `scipy.stats.bootstrap(method="BCa")`, drawn in the same order from the same
generator; a test compares them. Here they come in pieces of little memory, the jackknife in closed form, and bounds at
many levels from one set of resamples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr, ndtri

from .sample import DUST, Floats, Sample

RESAMPLES = 4999
_PIECE = 1 << 16  # draws at a time: what a processor keeps near


@dataclass(frozen=True)
class BcaMean:
    """The mean of a sample by resampling; needs many clusters that differ."""

    sample: Sample
    seed: int = 0
    resamples: int = RESAMPLES

    def p_at_most(self, mean: float) -> float:
        """The evidence against a true mean of `mean` or less: the bound of this level is there."""
        return float(ndtr(self._level(mean)))

    def p_at_least(self, mean: float) -> float:
        """The evidence against a true mean of `mean` or more."""
        return float(ndtr(-self._level(mean)))

    def lower(self, alpha: float) -> float:
        """The bound that the true mean is below with a chance of about `alpha`."""
        return self._quantile(float(ndtri(alpha)))

    def upper(self, alpha: float) -> float:
        """The bound that the true mean is above with a chance of about `alpha`."""
        return self._quantile(-float(ndtri(alpha)))

    @cached_property
    def means(self) -> Floats:
        """The means of the resamples, sorted."""
        return np.sort(_resampled(self.sample, self.seed, self.resamples))

    @cached_property
    def bias(self) -> float:
        """How far the sample's mean is from the middle of the resamples', in normal deviates."""
        below = np.searchsorted(self.means, self.sample.mean - DUST, side="left")
        upto = np.searchsorted(self.means, self.sample.mean + DUST, side="right")
        return float(ndtri((below + upto) / (2 * self.resamples)))

    @cached_property
    def acceleration(self) -> float:
        """From the jackknife over clusters."""
        sums, sizes = self.sample.sums, self.sample.sizes
        without = (sums.sum() - sums) / (sizes.sum() - sizes)
        apart = without.mean() - without
        return float((apart**3).sum() / (6 * (apart**2).sum() ** 1.5))

    def _quantile(self, deviate: float) -> float:
        shifted = self.bias + deviate
        share = float(ndtr(self.bias + shifted / (1 - self.acceleration * shifted)))
        return float(np.quantile(self.means, min(max(share, 0.0), 1.0)))

    def _level(self, mean: float) -> float:
        """The deviate whose quantile is `mean`; beyond the resamples that of half a resample."""
        places = np.arange(self.resamples) / (self.resamples - 1)
        least = 0.5 / self.resamples
        share = min(max(float(np.interp(mean, self.means, places)), least), 1 - least)
        away = float(ndtri(share)) - self.bias
        return away / (1 + self.acceleration * away) - self.bias


def _resampled(sample: Sample, seed: int, resamples: int) -> Floats:
    """The mean of each resample of as many clusters as there are."""
    random = np.random.default_rng(seed)
    clusters = sample.clusters
    alike = bool((sample.sizes == sample.sizes[0]).all())
    found = np.empty(resamples)
    rows = max(1, _PIECE // clusters)
    for start in range(0, resamples, rows):
        stop = min(start + rows, resamples)
        drawn = random.integers(0, clusters, (stop - start, clusters))
        sums = sample.sums.take(drawn).sum(axis=1)
        found[start:stop] = sums / (sample.sizes[0] * clusters if alike else sample.sizes.take(drawn).sum(axis=1))
    return found
