"""Populations of paired differences with a known mean, to draw samples from.

Each population is tilted to the wanted mean: its clusters keep their values, only how often each is drawn changes, by a
factor exp(t d). So zeros stay zeros, ties stay ties, and the true difference is exact.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
_POPULATION = 40_000
_LEVELS = np.linspace(0, 1, 5)


@dataclass(frozen=True)
class World:
    """Clusters of differences; most worlds have clusters of one."""

    about: str
    clusters: tuple[Floats, ...]
    errored: float = 0.0  # share of pairs that are lost, whatever they would have been

    @cached_property
    def sizes(self) -> Floats:
        """Differences in each cluster."""
        return np.array([len(each) for each in self.clusters], dtype=float)


@dataclass(frozen=True)
class Drawn:
    """A sample: differences, and the cluster that each is in."""

    differences: Floats
    clusters: NDArray[np.int64]


def draw(world: World, weights: Floats, cases: int, random: np.random.Generator) -> Drawn:
    """About so many cases: whole clusters, as many as have them on average."""
    wanted = max(1, round(cases / float(weights @ world.sizes)))
    places = np.searchsorted(np.cumsum(weights), random.random(wanted), side="right").clip(max=len(weights) - 1)
    chosen = [world.clusters[place] for place in places]
    differences = np.concatenate(chosen)
    numbers = np.repeat(np.arange(wanted), [len(each) for each in chosen])
    kept = random.random(len(differences)) >= world.errored
    return Drawn(differences[kept], numbers[kept])


def tilted(world: World, mean: float) -> Floats:
    """The chance of each cluster, so that the mean of all differences is `mean`."""
    off = np.array([float(each.sum()) for each in world.clusters]) - mean * world.sizes
    low, high = -400.0, 400.0
    for _ in range(64):
        middle = (low + high) / 2
        low, high = (middle, high) if float(_weights(off, middle) @ off) < 0 else (low, middle)
    return _weights(off, low)


def _weights(off: Floats, tilt: float) -> Floats:
    raised = np.exp(tilt * off - (tilt * off).max())
    return np.asarray(raised / raised.sum())


def _alone(differences: Floats) -> tuple[Floats, ...]:
    return tuple(np.split(differences, len(differences)))


def _random(name: str) -> np.random.Generator:
    return np.random.default_rng(list(name.encode()))


def _five_levels(random: np.random.Generator, size: int) -> Floats:
    differences: Floats = random.choice(_LEVELS, size) - random.choice(_LEVELS, size)
    return differences


def _mostly_zero(share: float) -> Floats:
    random = _random("mostly zero")
    changed = random.random(_POPULATION) < share
    return np.where(changed, _five_levels(random, _POPULATION), 0.0)


def _skewed() -> Floats:
    return np.asarray(0.06 - np.minimum(_random("skewed").gamma(0.3, 0.5, _POPULATION), 1.0))


def _normal() -> Floats:
    return np.clip(_random("normal").normal(0, 0.2, _POPULATION), -1, 1)


def _binary(broken: float, fixed: float) -> Floats:
    return np.asarray(_random("binary").choice([-1.0, 0.0, 1.0], _POPULATION, p=[broken, 1 - broken - fixed, fixed]))


def _rare() -> Floats:
    random = _random("rare")
    return np.where(random.random(_POPULATION) < 0.02, -1.0, np.clip(random.normal(0, 0.05, _POPULATION), -1, 1))


def _clustered() -> tuple[Floats, ...]:
    """Two to fourteen questions about one document, which share most of what changed."""
    random = _random("clustered")
    clusters = []
    for _ in range(_POPULATION // 8):
        shared = random.normal(0, 0.15)
        own = random.normal(0, 0.1, random.integers(2, 15))
        clusters.append(np.round(np.clip(shared + own, -1, 1) * 8) / 8)
    return tuple(clusters)


def _real(title: str) -> Callable[[], tuple[Floats, ...]]:
    def pairs() -> tuple[Floats, ...]:
        found = json.loads((Path(__file__).parent / "real_pairs.json").read_text())[title]
        return _alone(np.concatenate([np.full(count, here - there) for there, here, count in found]))

    return pairs


_WORLDS: dict[str, tuple[str, Callable[[], tuple[Floats, ...]], float]] = {
    "normal": ("normal, spread 0.2", lambda: _alone(_normal()), 0.0),
    "skewed": ("skewed: many small gains, few large drops", lambda: _alone(_skewed()), 0.0),
    "levels": ("discrete and tied: five levels, two of five changed", lambda: _alone(_mostly_zero(0.4)), 0.0),
    "passed": ("passed or failed: one in eight changed", lambda: _alone(_binary(0.07, 0.05)), 0.0),
    "zeros": ("95 % zeros, the rest on five levels", lambda: _alone(_mostly_zero(0.05)), 0.0),
    "one-sided": ("zeros, and drops by 1", lambda: _alone(_binary(0.03, 0.0)), 0.0),
    "rare": ("small noise, and drops by 1", lambda: _alone(_rare()), 0.0),
    "clustered": ("clusters of 2 to 14 that share what changed", _clustered, 0.0),
    "errors": ("five levels, 3 % of the pairs lost", lambda: _alone(_mostly_zero(0.4)), 0.03),
    "real 1": (
        "real: simulated judge, same answers, another seed",
        _real("simulated judge, same answers, another seed"),
        0.0,
    ),
    "real 2": (
        "real: simulated judge, every fifth answer made up",
        _real("simulated judge, every fifth answer made up, another seed"),
        0.0,
    ),
    "real 3": (
        "real: offline judge, every fifth answer made up",
        _real("offline judge, every fifth answer made up"),
        0.0,
    ),
}

NAMES = tuple(_WORLDS)


ABOUT = {name: about for name, (about, _, _) in _WORLDS.items()}


@cache
def world(name: str) -> World:
    """The world of that name."""
    about, clusters, errored = _WORLDS[name]
    return World(about, clusters(), errored)
