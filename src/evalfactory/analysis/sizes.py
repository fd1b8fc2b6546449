"""How many cases would settle what a comparison leaves open. Needs no library."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

POWER = 0.8  # the usual chance of seeing what is there
#: A difference so much smaller than the error of its mean is not told apart by any number worth printing.
_MOST_CASES = 10_000_000


class Precision(NamedTuple):
    """How well a mean difference is known."""

    cases: int
    mean: float
    standard_error: float
    low: float  # lower end of its interval
    high: float
    span: float = 1.0  # how large a difference can be


def settling_cases(known: Precision, allowed_drop: float, *, alpha: float, power: float = POWER) -> int | None:
    """About how many cases would settle whether the drop is larger than allowed, if it stays what it was seen to be.

    None when no number would: the drop seen is the allowed one. Of cases none of which changed it takes so many that a
    change of so many others could hardly have been missed.
    """
    gap = abs(known.mean + allowed_drop)
    normal = NormalDist()
    deviates = normal.inv_cdf(1 - alpha) + normal.inv_cdf(power)
    if gap <= 0 or known.cases == 0:
        return None
    by_spread = known.cases * (known.standard_error * deviates / gap) ** 2
    cases = max(by_spread, -math.log(alpha) * known.span / gap)
    return math.ceil(cases) if cases <= _MOST_CASES else None
