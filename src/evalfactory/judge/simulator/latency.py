"""How long an answer takes: a function of seed, request and try."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from .dice import Dice


class Shape(StrEnum):
    """The distributions that latencies are drawn from."""

    NONE = "none"
    CONSTANT = "constant"
    LOGNORMAL = "lognormal"


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution of seconds."""

    shape: Shape = Shape.NONE
    mean_s: float = 0.3
    sigma: float = 0.5  # of the logarithm


def latency_s(latency: Latency, seed: int, digest: bytes, nth_try: int) -> float:
    """Seconds that this try takes."""
    match latency.shape:
        case Shape.NONE:
            return 0.0
        case Shape.CONSTANT:
            return latency.mean_s
        case Shape.LOGNORMAL:
            normal = _normal(Dice("latency", seed, digest, nth_try))
            return math.exp(_mu(latency) + latency.sigma * normal)


def _normal(dice: Dice) -> float:
    """A standard normal draw (Box and Muller, 1958)."""
    return math.sqrt(-2 * math.log(1 - dice.roll())) * math.cos(2 * math.pi * dice.roll())


def _mu(latency: Latency) -> float:
    """The mean of the logarithm that gives the stated mean."""
    return math.log(latency.mean_s) - latency.sigma**2 / 2
