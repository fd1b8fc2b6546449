"""The validation's own parts: populations with the truth they claim, rounds that can be repeated, misses that are named."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.statistics.tables import Rate, misses, tables
from benchmarks.statistics.trials import MARGIN, Cell, power_in_theory, round_of, seed_of
from benchmarks.statistics.worlds import NAMES, draw, tilted, world


@pytest.mark.parametrize("name", ["levels", "one-sided", "clustered", "real 1"])
@pytest.mark.parametrize("mean", [-MARGIN, -2 * MARGIN])
def test_a_tilted_population_has_exactly_the_wanted_mean(name: str, mean: float) -> None:
    known = world(name)
    weights = tilted(known, mean)
    sums = np.array([float(each.sum()) for each in known.clusters])
    assert float(weights @ sums) / float(weights @ known.sizes) == pytest.approx(mean, abs=1e-9)
    assert float(weights.sum()) == pytest.approx(1.0)


def test_a_sample_is_of_whole_clusters_and_of_about_the_wanted_size() -> None:
    known = world("clustered")
    drawn = draw(known, tilted(known, 0.0), 4000, np.random.default_rng(1))
    assert len(drawn.differences) == pytest.approx(4000, rel=0.1)
    assert 2 <= np.bincount(drawn.clusters).min() <= np.bincount(drawn.clusters).max() <= 14


def test_a_round_can_be_repeated_and_counts_every_trial_once() -> None:
    cell = Cell("levels", 50, -MARGIN)
    counts = round_of(cell, 3, 8)
    assert counts == round_of(cell, 3, 8)
    assert seed_of(cell, 3) != seed_of(cell, 4)
    assert counts["trials"] == 8 == counts["PASS"] + counts["FAIL"] + counts["INCONCLUSIVE"]


def test_power_in_theory_grows_with_the_cases_and_with_what_is_to_be_seen() -> None:
    powers = [power_in_theory(Cell("normal", cases, 0.0)) for cases in (20, 100, 500, 5000)]
    assert powers == sorted(powers)
    assert powers[-1] > 0.999


def test_a_rate_is_missed_when_its_upper_bound_is_too_high() -> None:
    good = {"trials": 2000, "PASS": 50, "FAIL": 40, "bca": 2000, "bca covered": 1910}
    assert Rate(50, 2000).most == pytest.approx(0.0344, abs=1e-4)
    assert list(misses({"levels|500|-0.03|1": good})) == []
    (missed,) = misses({"levels|500|-0.03|1": {**good, "PASS": 60}})
    assert "PASS in 3.0%" in missed
    (uncovered,) = misses({"levels|500|-0.03|1": {**good, "bca covered": 1850}})
    assert "cover 92.50%" in uncovered
    assert "2.5 (≤ 3.4)" in "\n".join(tables({"levels|500|-0.03|1": good}))


def test_every_population_has_a_name_that_a_table_can_say() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 12
