"""A share and the interval of Wilson around it. Needs no library, so that every report can have it."""

from __future__ import annotations

import math
from collections.abc import Collection
from statistics import NormalDist
from typing import NamedTuple

FEW_CLUSTERS = 30


class ShareInterval(NamedTuple):
    """Both ends of an interval, each from 0 to 1."""

    low: float
    high: float


class ClusterCount(NamedTuple):
    """Of those in a cluster how many passed."""

    passed: float
    size: float


def wilson(passed: float, size: float, *, confidence: float = 0.95) -> ShareInterval:
    """The interval of the share `passed / size`, `size` above 0. Neither needs to be whole.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the American
    Statistical Association 22 (1927).
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, square = passed / size, z * z
    centre = share + square / (2 * size)
    reach = z * math.sqrt(share * (1 - share) / size + square / (4 * size * size))
    scale = 1 + square / size
    low = 0.0 if passed <= 0 else (centre - reach) / scale
    high = 1.0 if passed >= size else (centre + reach) / scale
    return ShareInterval(max(low, 0.0), min(high, 1.0))


def clustered_wilson(clusters: Collection[ClusterCount], *, confidence: float = 0.95) -> ShareInterval:
    """The same for members that come in clusters: Wilson's interval of as many independent ones as tell so much.

    That number is what makes the share's variance equal to the one between clusters; of fewer than 30 clusters, and
    where all passed or none did, each cluster counts as one at most.
    """
    size = sum(cluster.size for cluster in clusters)
    passed = sum(cluster.passed for cluster in clusters)
    share, number = passed / size, len(clusters)
    spread = sum((cluster.passed - share * cluster.size) ** 2 for cluster in clusters)
    effective = size
    if number > 1 and spread > 0:
        variance = spread * number / (number - 1) / size**2
        effective = min(size, share * (1 - share) / variance)
    if number < FEW_CLUSTERS or spread == 0:
        effective = min(effective, number)
    return wilson(share * effective, effective, confidence=confidence)
