"""A bound for the mean of bounded scores that holds however few of them changed.

The sample gets one more cluster, the worst that could have been drawn, and all get random weights (Dirichlet, each
exponential before they are made to add up to one). The bound is the quantile of the weighted mean. For scores that are 0
or 1 that is exactly the bound of Clopper and Pearson; with nothing but zeros among n it is the rule of three,
-(1 - alpha^(1/n)). For other scores it is conservative in every case that was ever tried, which is not a proof.
N. Gaffke, Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable,
Mathematical Methods of Statistics 14 (2005); E. Learned-Miller and P. Thomas, A new confidence interval for the mean of
a bounded random variable, arXiv:1905.06208 (2019).

Nothing is drawn at random here: the quantile is found by integrating the weighted sum's Laplace transform along the
line through its saddle point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from .sample import Floats, Sample

_FEW = 500  # different values: where they are few, as of scores they mostly are, more nodes cost nothing
_NODES, _MORE_NODES = 200, 480  # an error of the bound below 1e-7 and 1e-9
_BLOCK = 4096  # terms at a time: few enough to stop soon, many enough to be quick
_NOTHING = 1e-18  # of the peak
_REACH = 9.0  # in units of sinh: beyond it the integrand is below 1e-16 of its peak
_STEPS = 200
_CLOSE = 1e-12


@dataclass(frozen=True)
class BoundedMean:
    """The mean of a sample, every difference of which lies between `least` and `most`."""

    sample: Sample
    least: float = -1.0
    most: float = 1.0

    def p_at_most(self, mean: float) -> float:
        """The evidence against a true mean of `mean` or less: the bound of this level is there."""
        return _tail(self.sample.sums, self.sample.sizes, mean, self.least)

    def p_at_least(self, mean: float) -> float:
        """The evidence against a true mean of `mean` or more."""
        return _tail(-self.sample.sums, self.sample.sizes, -mean, -self.most)

    def lower(self, alpha: float) -> float:
        """The bound that the true mean is below with a chance of at most `alpha`."""
        return _bound(self.sample.sums, self.sample.sizes, self.least, alpha, self.sample.mean)

    def upper(self, alpha: float) -> float:
        """The bound that the true mean is above with a chance of at most `alpha`."""
        return -_bound(-self.sample.sums, self.sample.sizes, -self.most, alpha, -self.sample.mean)


def _bound(sums: Floats, sizes: Floats, least: float, alpha: float, mean: float) -> float:
    """Where the tail reaches `alpha`. Its normal deviate is almost a straight line, so false position finds it soon."""
    wanted = float(ndtri(alpha))
    low, high = least, mean
    below, above = -math.inf, math.inf
    side = 0
    for _ in range(_STEPS):
        line = math.isfinite(below) and math.isfinite(above)
        middle = low + (high - low) * (below / (below - above)) if line else (low + high) / 2
        off = float(ndtri(_tail(sums, sizes, middle, least))) - wanted
        if abs(off) <= _CLOSE or high - low <= _CLOSE:
            return middle
        if off < 0:
            low, below, above = (
                middle,
                off,
                above / 2 if side < 0 else above,
            )  # the Illinois rule: no end stays for ever
        else:
            high, above, below = middle, off, below / 2 if side > 0 else below
        side = -1 if off < 0 else 1
    return low


def _tail(sums: Floats, sizes: Floats, mean: float, least: float) -> float:
    """The chance that the weighted mean, the worst cluster included, is at most `mean`."""
    if not len(sums):
        return 1.0
    gaps = np.append(sums - mean * sizes, (least - mean) * sizes.max())
    values, counts = np.unique(gaps, return_counts=True)
    return chance_of_falling(values, counts.astype(float))


def chance_of_falling(gaps: Floats, counts: Floats) -> float:
    """P(Σ gap G ≤ 0), G independent Gamma(count); the gaps are sorted, the counts need not be whole."""
    there = (gaps != 0.0) & (counts > 0)
    gaps, counts = gaps[there], counts[there]
    if not len(gaps) or gaps[0] >= 0:
        return 0.0
    if gaps[-1] <= 0:
        return 1.0
    return min(_chance_below_zero(gaps, counts), 1.0)


def _chance_below_zero(values: Floats, counts: Floats) -> float:
    """P(Σ v G ≤ 0), G independent Gamma(count): the inverse Laplace transform on the line through its saddle."""
    saddle = _saddle(values, counts)
    bent = values / (1 - saddle * values)
    curvature = float((counts * bent**2).sum()) + saddle**-2
    peak = -float((counts * np.log1p(-saddle * values)).sum()) - math.log(-saddle)
    slopes, powers, turns = np.append(bent, 1 / saddle), np.append(counts, 1.0), np.append(counts, -1.0)
    nodes = _MORE_NODES if len(values) <= _FEW else _NODES
    step, rows = _REACH / (nodes - 1), max(20, _BLOCK // len(slopes))
    total = 0.0
    for start in range(0, nodes, rows):
        steps = np.arange(start, min(start + rows, nodes)) * step
        weights = np.where(steps > 0, np.cosh(steps), 0.5)
        angles = np.outer(np.sinh(steps) / math.sqrt(curvature), slopes)
        # Size and phase apart: faster than complex logarithms.
        sizes = weights * np.exp(-np.log1p(np.square(angles)) @ powers / 2)
        total += float((sizes * np.cos(np.arctan(angles) @ turns)).sum())
        if sizes[-1] < _NOTHING:
            break
    return math.exp(peak) / math.pi * total * step / math.sqrt(curvature)


def _saddle(values: Floats, counts: Floats) -> float:
    """Where on the negative axis the integrand is least: between 1 / the lowest value and 0. Newton's steps, kept in."""
    low, high = 1 / float(values[0]), 0.0
    middle = low / 2
    for _ in range(_STEPS):
        bent = values / (1 - middle * values)
        weighted = counts * bent
        slope = float(weighted.sum()) - 1 / middle
        low, high = (middle, high) if slope < 0 else (low, middle)
        new = middle - slope / (float(weighted @ bent) + middle**-2)
        if not low < new < high:
            new = (low + high) / 2
        if abs(new - middle) <= 1e-13 * abs(middle):
            return new
        middle = new
    return middle
