"""Paired differences, summed by what was drawn together."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

#: Two means closer than this are the same: sums of floats differ in their last digits.
DUST = 1e-12


@dataclass(frozen=True)
class Sample:
    """Differences by cluster: the sum of those in it, and how many they are.

    A cluster is what was drawn as one: a case with its repeats, or all cases that share a document or a conversation.
    Whole clusters are resampled and flipped, never their members. The mean is over differences, not over clusters.
    """

    sums: Floats
    sizes: Floats

    @cached_property
    def clusters(self) -> int:
        """How many were drawn."""
        return len(self.sums)

    @cached_property
    def pairs(self) -> int:
        """How many differences there are."""
        return int(self.sizes.sum())

    @cached_property
    def mean(self) -> float:
        """Mean of the differences; of none it is not a number."""
        return float(self.sums.sum() / self.sizes.sum()) if self.clusters else math.nan

    @cached_property
    def nonzero(self) -> int:
        """Clusters in which something changed."""
        return int(np.count_nonzero(np.abs(self.sums) > DUST))

    @cached_property
    def residuals(self) -> Floats:
        """How far each cluster's sum is from what the mean lets expect."""
        found: Floats = self.sums - self.mean * self.sizes
        return np.where(np.abs(found) > DUST, found, 0.0)

    @cached_property
    def standard_error(self) -> float:
        """Of the mean, clusters counting as one draw each (the linearised ratio); 0 for fewer than two clusters."""
        if self.clusters < 2:
            return 0.0
        spread = float(np.square(self.residuals).sum())
        return math.sqrt(spread * self.clusters / (self.clusters - 1)) / float(self.sizes.sum())

    @cached_property
    def effective(self) -> float:
        """How many clusters of equal weight would be as far from normal: (Σ r²)³ / (Σ |r|³)², r the residuals.

        The inverse square of the ratio in the Berry-Esseen bound. Of k clusters that changed alike among many that did
        not it is about k; of n normal differences n / 2.55; of small noise with three large drops about three.
        """
        size = np.abs(self.residuals)
        cubes = float((size**3).sum())
        return float(np.square(size).sum()) ** 3 / cubes**2 if cubes > 0 else 0.0


def sample_of(differences: Iterable[tuple[Hashable, float]]) -> Sample:
    """The sample of differences that come with the cluster they are in."""
    places: dict[Hashable, int] = {}
    sums: list[float] = []
    sizes: list[int] = []
    for cluster, difference in differences:
        place = places.setdefault(cluster, len(places))
        if place == len(sums):
            sums.append(difference)
            sizes.append(1)
        else:
            sums[place] += difference
            sizes[place] += 1
    return Sample(np.array(sums, dtype=float), np.array(sizes, dtype=float))
