"""Which interval a mean difference gets: the bootstrap's where there is enough to resample, else the bound."""

from __future__ import annotations

from typing import Protocol

from .bca import RESAMPLES, BcaMean
from .bounded import BoundedMean
from .sample import Sample

#: The bootstrap is used from so many effective clusters on. Measured: see benchmarks/statistics.
ENOUGH = 60.0


class MeanEstimate(Protocol):
    """A mean with one-sided bounds at any level, and the level at which a bound reaches a value."""

    @property
    def sample(self) -> Sample: ...

    def lower(self, alpha: float) -> float: ...

    def upper(self, alpha: float) -> float: ...

    def p_at_most(self, mean: float) -> float: ...

    def p_at_least(self, mean: float) -> float: ...


def mean_estimate(
    sample: Sample, *, least: float = -1.0, most: float = 1.0, seed: int = 0, resamples: int = RESAMPLES
) -> BcaMean | BoundedMean:
    """The estimate by the method that keeps its promises for this sample.

    `least` and `most` are what a difference can be at all.
    """
    if sample.effective >= ENOUGH:
        return BcaMean(sample, seed, resamples)
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
