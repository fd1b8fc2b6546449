"""The validation's own parts: populations with the truth they claim, rounds that can be repeated, misses that are named."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.statistics.tables import STRICT_CERTAINTY, Rate, bounded, misses, tables
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
    uncovered = misses({"levels|500|-0.03|1": {**good, "bca covered": 1850}})
    assert [each.partition(": ")[2] for each in uncovered] == [
        "intervals cover 92.50%",
        "resampled intervals cover 92.50%",
    ]
    assert "2.5 (≤ 3.4)" in "\n".join(tables({"levels|500|-0.03|1": good}))


def test_few_trials_disprove_a_real_break_and_no_bad_luck() -> None:
    few = {"trials": 200, "bca": 200}
    for covered, broken in ((196, False), (182, False), (170, True)):
        missed = list(misses({"levels|500|-0.03|1": {**few, "bca covered": covered}}, quick=True))
        assert bool(missed) == broken
    assert list(misses({"levels|500|-0.03|1": {**few, "bca covered": 190, "FAIL": 30}}, quick=True))


def test_coverage_is_promised_of_the_interval_that_ships_and_a_mixed_cell_is_told_openly() -> None:
    mixed = {"trials": 2000, "bounded": 1600, "bounded covered": 1580, "bca": 400, "bca covered": 350, "bca FAIL": 45}
    results = {"levels|500|-0.03|1": {**mixed, "FAIL": 48}}
    assert list(misses(results)) == []
    page = "\n".join(tables(results))
    assert "n = 500 | 400 of 2,000 | 87.5 | 11.2 | 96.5 | 2.4 |" in page
    (missed,) = misses({"levels|500|-0.03|1": {**mixed, "bounded covered": 1500, "bca covered": 200}})
    assert "intervals cover 85.00%" in missed


def test_the_strict_count_is_of_the_bound_that_holds_for_all_looks_together() -> None:
    close = {"trials": 2000, "PASS": 50, "bca": 2000, "bca covered": 1910}
    cell = Cell("levels", 500, -MARGIN)
    assert bounded(cell, close)
    assert not bounded(cell, close, STRICT_CERTAINTY)
    assert "Of the 1 cells at the margin 0 keep" in "\n".join(tables({"levels|500|-0.03|1": close}))


def test_every_population_has_a_name_that_a_table_can_say() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 12
