"""Tests that need no assumption about how scores are spread: exact McNemar, sign flips, Holm's correction."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr

from .sample import DUST, Floats

FLIPS = 4999
_EXACT_UP_TO = 12  # clusters that changed: 4,096 sign patterns are all looked at
_PIECE = 1 << 16


def mcnemar(fixed: int, broken: int) -> float:
    """Two-sided p of so uneven a split of independent cases that changed sides, if both ways were equally likely."""
    return min(1.0, 2 * float(bdtr(min(fixed, broken), fixed + broken, 0.5)))


def sign_flips(sums: Floats, *, seed: int = 0, flips: int = FLIPS) -> float:
    """Two-sided p of a total so far from zero, if each cluster could as well have come out the other way round.

    All sign patterns up to 12 clusters that changed; beyond, `flips` random ones, the observed one counted among them.
    """
    changed = sums[np.abs(sums) > DUST]
    if not len(changed):
        return 1.0
    total = abs(float(changed.sum())) - DUST * len(changed)
    if len(changed) <= _EXACT_UP_TO:
        patterns = np.arange(2 ** len(changed))[:, None] >> np.arange(len(changed)) & 1
        return float(np.mean(np.abs((1.0 - 2.0 * patterns) @ changed) >= total))
    random = np.random.default_rng(seed)
    rows = max(1, _PIECE // len(changed))
    reached = 0
    for start in range(0, flips, rows):
        drawn = random.integers(0, 256, (min(rows, flips - start), -(-len(changed) // 8)), dtype=np.uint8)
        flipped = np.unpackbits(drawn, axis=1, count=len(changed)).astype(float)
        reached += int(np.count_nonzero(np.abs(changed.sum() - 2.0 * (flipped @ changed)) >= total))
    return (1 + reached) / (1 + flips)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted for having looked at all of them; each may be compared with the level of the whole family.

    S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979).
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [math.nan] * len(p_values)
    least = 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = least
    return adjusted
