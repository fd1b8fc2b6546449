"""One sample through the gate that ships, and what came of many."""

from __future__ import annotations

from array import array
from collections import Counter
from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from benchmarks.statistics.worlds import Drawn, Floats, draw, tilted, world
from evalfactory.analysis.drops import baseline_checks
from evalfactory.analysis.evidence import Columns, Found, evidence
from evalfactory.analysis.grouping import CaseFacts
from evalfactory.records.gate import GateSpec
from evalfactory.records.report import BaselineInfo, Comparison, MetricComparison

MARGIN = 0.03
GATE = GateSpec(allowed_drop=MARGIN)
ALPHA = (1 - GATE.confidence) / 2  # of each of the two wrong answers


class Cell(NamedTuple):
    """A world, a size, and the truth."""

    world: str
    cases: int
    true_difference: float
    metrics: int = 1


def found(drawn: Drawn, name: str = "m") -> Found:
    """The sample as the merge hands it over: pairs of scores from 0 to 1."""
    here, there = 0.5 + drawn.differences / 2, 0.5 - drawn.differences / 2
    columns = Columns(
        case_ids=[f"c{number}" for number in range(len(here))],
        here=array("d", here.tolist()),
        there=array("d", there.tolist()),
        passed=[None] * len(here),
    )
    return Found(
        MetricComparison(name=name, pairs=len(here), mean_difference=float(np.mean(drawn.differences))), columns
    )


def facts(drawn: Drawn) -> dict[str, CaseFacts]:
    """Which cluster each case is in; nothing where each is its own."""
    if len(np.unique(drawn.clusters)) == len(drawn.clusters):
        return {}
    return {f"c{number}": CaseFacts("", f"d{cluster}", ()) for number, cluster in enumerate(drawn.clusters)}


def seed_of(cell: Cell, number: int) -> list[int]:
    """The seed of a round."""
    return [*cell.world.encode(), cell.cases, round(-1000 * cell.true_difference) + 500, number]


def round_of(cell: Cell, number: int, trials: int) -> Counter[str]:
    """Counts of what happened in so many trials; the same for the same round."""
    random = np.random.default_rng(seed_of(cell, number))
    known, weights = world(cell.world), _weights(cell.world, cell.true_difference)
    counts: Counter[str] = Counter()
    for _ in range(trials):
        samples = [draw(known, weights, cell.cases, random) for _ in range(cell.metrics)]
        counts.update(_outcome(samples, cell))
    return counts


def power_in_theory(cell: Cell) -> float:
    """The chance that a normal mean of the world's spread gives the wanted answer, the true difference being known.

    That is PASS where nothing changed, and FAIL at twice the margin.
    """
    known, weights = world(cell.world), _weights(cell.world, cell.true_difference)
    off = np.array([float(each.sum()) for each in known.clusters]) - cell.true_difference * known.sizes
    pairs = cell.cases * (1 - known.errored)
    standard_error = float(np.sqrt(weights @ off**2 / (weights @ known.sizes) / pairs))
    return NormalDist().cdf(MARGIN / standard_error - NormalDist().inv_cdf(1 - ALPHA))


@cache
def _weights(name: str, true_difference: float) -> Floats:
    return tilted(world(name), true_difference)


def _outcome(samples: list[Drawn], cell: Cell) -> Counter[str]:
    proven = evidence([found(each, f"m{place}") for place, each in enumerate(samples)], facts(samples[0]), GATE)
    comparison = Comparison(run_id="r", baseline=BaselineInfo(asked="b"), metrics=proven.metrics)
    outcomes = {check.outcome for check in baseline_checks(GATE, comparison)}
    verdict = next(word for word in ("FAIL", "INCONCLUSIVE", "PASS") if word in outcomes)
    difference = proven.metrics[0].difference
    assert difference is not None
    interval = difference.interval
    side = (
        "below"
        if cell.true_difference < interval.low
        else "above"
        if cell.true_difference > interval.high
        else "covered"
    )
    return Counter(["trials", verdict, interval.method, f"{interval.method} {side}", f"{interval.method} {verdict}"])
