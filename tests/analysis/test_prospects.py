"""What is printed of a comparison's size is true of the gate that ships: tried out, and at its edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmarks.statistics.trials import MARGIN, found
from benchmarks.statistics.worlds import Drawn, draw, tilted, world
from statsmodels.stats.power import normal_sample_size_one_tail

from evalfactory.analysis.evidence import Found, evidence
from evalfactory.analysis.statistics.prospect import (
    Prospect,
    detectable_drop,
    draws_to_exclude,
    draws_to_show,
    excludable_drop,
)
from evalfactory.records.gate import GateSpec
from evalfactory.records.report import Difference, DropTest

GATE = GateSpec(allowed_drop=MARGIN)
CASES, TRIALS = 200, 120
NORMAL = Prospect(500, 0.2, 500 / 2.55)


def gated(*some: Found) -> tuple[Difference, DropTest]:
    """What the gate makes of the first of some metrics."""
    first = evidence(some, {}, GATE).metrics[0]
    assert first.difference is not None
    assert first.drop is not None
    return first.difference, first.drop


def drops_seen(name: str, true_difference: float, *, seed: int, trials: int) -> list[DropTest]:
    """Decisions of the gate in so many trials."""
    random, known = np.random.default_rng(seed), world(name)
    weights = tilted(known, true_difference)
    return [gated(found(draw(known, weights, CASES, random)))[1] for _ in range(trials)]


def printed(name: str, seed: int) -> Difference:
    """What a comparison says in which nothing has changed."""
    known = world(name)
    return gated(found(draw(known, tilted(known, 0.0), CASES, np.random.default_rng(seed))))[0]


def test_the_drop_that_is_printed_as_detectable_fails_four_times_in_five() -> None:
    told = printed("levels", seed=3).detectable_drop
    assert told is not None
    shown = sum(drop.decision == "shown" for drop in drops_seen("levels", -told, seed=1, trials=TRIALS))
    by_chance = 3 * math.sqrt(0.8 * 0.2 / TRIALS)
    of_the_sample = 0.06  # one sample tells the spread to a twentieth, which moves the chance by so much
    assert shown / TRIALS == pytest.approx(0.8, abs=by_chance + of_the_sample)


def test_a_drop_that_is_only_told_from_none_does_not_fail() -> None:
    told = printed("levels", seed=3)
    from_none = 2.8 * told.standard_error
    assert told.detectable_drop is not None
    assert told.detectable_drop == pytest.approx(from_none + MARGIN, rel=0.15)
    assert sum(drop.decision == "shown" for drop in drops_seen("levels", -from_none, seed=2, trials=40)) < 20


def test_the_printed_sentence_is_of_the_gated_metrics_together() -> None:
    some = [found(Drawn(np.zeros(CASES), np.arange(CASES)), name) for name in "abcd"]
    alone, among = gated(some[0])[0], gated(*some)[0]
    assert among.detectable_drop is not None
    assert alone.detectable_drop is not None
    assert among.detectable_drop > alone.detectable_drop
    assert among.excludable_drop == alone.excludable_drop == pytest.approx(1 - 0.025 ** (1 / CASES), abs=1e-5)


def test_a_few_cases_can_show_no_drop_and_it_is_said() -> None:
    told = gated(found(Drawn(np.zeros(5), np.arange(5))))[0]
    assert told.detectable_drop is None
    everything_fell = gated(found(Drawn(-np.ones(5), np.arange(5))))[1]
    assert everything_fell.decision == "open"


@pytest.mark.parametrize("drop", [0.05, 0.06, 0.1])
def test_so_many_draws_show_the_drop_and_one_fewer_do_not(drop: float) -> None:
    draws = draws_to_show(NORMAL, drop, MARGIN)
    assert draws is not None
    told = detectable_drop(NORMAL.of(draws), MARGIN)
    assert told is not None
    assert told <= drop + 1e-6
    assert not NORMAL.of(draws - 1).shows(drop, MARGIN)


def test_a_drop_within_the_allowed_one_is_shown_by_no_number() -> None:
    assert draws_to_show(NORMAL, MARGIN, MARGIN) is None
    assert detectable_drop(NORMAL, MARGIN) > MARGIN  # type: ignore[operator]  # not None for so many


@pytest.mark.parametrize(("drop", "spread"), [(0.03, 0.3), (0.05, 0.4), (0.01, 0.2)])
def test_where_many_change_the_draws_to_exclude_are_those_of_statsmodels(drop: float, spread: float) -> None:
    expected = float(normal_sample_size_one_tail(drop, 0.8, 0.025, std_null=spread))
    assert draws_to_exclude(Prospect(500, spread, 500 / 2.55), drop) == pytest.approx(expected, rel=0.03)


def test_what_can_be_excluded_shrinks_with_the_draws_and_is_never_beyond_what_may_have_been_missed() -> None:
    some = [excludable_drop(NORMAL.of(draws)) for draws in (20, 100, 500, 2000)]
    assert some == sorted((each for each in some if each), reverse=True)
    alike = excludable_drop(Prospect(20, 0.0, 0.0))
    assert alike == pytest.approx(1 - 0.025 ** (1 / 20), abs=1e-6)


def test_clusters_of_unequal_size_show_less() -> None:
    alike, unequal = Prospect(60, 0.2, 24), Prospect(60, 0.2, 24, largest=2.0)
    assert (detectable_drop(unequal, MARGIN) or 1.0) > (detectable_drop(alike, MARGIN) or 1.0)
