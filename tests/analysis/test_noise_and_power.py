from __future__ import annotations

import random
from typing import Literal

import numpy as np
import pytest
from benchmarks.statistics.trials import found
from benchmarks.statistics.worlds import Drawn

from evalfactory.analysis.evidence import evidence
from evalfactory.analysis.grouping import CaseFacts
from evalfactory.analysis.noise import draws_of, metric_noise, shakiest
from evalfactory.analysis.power import Price, Seen, Wanted, metric_power, together, together_shown
from evalfactory.records.gate import GateSpec, MetricTier
from evalfactory.records.measurement import Measurement, Slot, Usage
from results_given import METRICS, errored, scored

FIRST = METRICS[0]
WANTED = Wanted(drop=0.06, chance=0.8, confidence=0.95)


def drawn(**scores: list[float]) -> list[Measurement]:
    return [scored(Slot(name, FIRST, n), score) for name, some in scores.items() for n, score in enumerate(some)]


def test_the_noise_of_a_judge_is_the_pooled_spread_of_its_draws() -> None:
    chance = random.Random(5)
    some = {f"c{n}": [0.5 + chance.gauss(0, 0.1) for _ in range(3)] for n in range(400)}
    found = metric_noise(FIRST, draws_of(drawn(**some)), confidence=0.95)
    assert found.deviation == pytest.approx(0.1, abs=0.01)
    assert found.same_again == pytest.approx(1.96 * 0.1 * (2 / 400) ** 0.5, abs=0.002)
    assert (found.cases, found.draws) == (400, 1200)


def test_the_flip_rate_is_how_often_two_draws_of_a_case_disagree() -> None:
    some = drawn(steady=[0.9, 0.9, 0.9], split=[0.9, 0.1, 0.9], low=[0.1, 0.2, 0.1])
    found = metric_noise(FIRST, draws_of(some), confidence=0.95)
    assert found.flip_rate is not None
    assert found.flip_interval is not None
    assert found.flip_rate == pytest.approx((2 / 3) / 3, abs=1e-9)
    assert 0 <= found.flip_interval.low < found.flip_rate < found.flip_interval.high <= 1
    assert found.shaky == 2
    shaky = list(shakiest(draws_of(some)))
    assert [(each.case_id, each.passed) for each in shaky] == [("split", 2), ("low", 0)]
    assert shaky[0].scores == (0.9, 0.1, 0.9)


def test_an_errored_draw_counts_for_nothing_and_a_case_that_was_scored_once_shows_no_noise() -> None:
    some = [*drawn(a=[0.5, 0.5], b=[0.9]), errored(Slot("b", FIRST, 1))]
    found = metric_noise(FIRST, draws_of(some), confidence=0.95)
    assert (found.cases, found.deviation, found.flip_rate) == (1, 0.0, 0.0)
    assert metric_noise(FIRST, [], confidence=0.95).deviation is None


def seen(name: str, spread: float | None, *, noise: float | None = None, tier: MetricTier = "critical") -> Seen:
    basis: Literal["differences", "none"] = "differences" if spread else "none"
    return Seen(name, tier, 0.03, basis, spread, cases=500, clusters=500, effective=200.0, noise=noise)


def test_repeats_help_as_much_as_the_differences_are_noise() -> None:
    pure = metric_power(seen("a", 2**0.5 * 0.6, noise=0.6), WANTED, {})
    for some in (pure.to_exclude, pure.to_show):
        assert [each.repeats for each in some] == [1, 2, 3, 5]
        assert [each.cases for each in some] == pytest.approx([some[0].cases / each.repeats for each in some], rel=0.06)
    none = metric_power(seen("a", 0.4, noise=0.0), WANTED, {}).to_exclude
    assert len({each.cases for each in none}) == 1
    assert [each.repeats for each in metric_power(seen("a", 0.4), WANTED, {}).to_exclude] == [1]


def test_the_gated_metric_that_needs_most_decides_and_an_advisory_one_does_not() -> None:
    price = Price(Usage(calls=300, cost_usd=3.0), 100, Usage(cost_usd=1.0), 50)
    some = [seen("a", 0.2), seen("b", 0.3, tier="supporting"), seen("c", 0.9, tier="advisory")]
    metrics = [metric_power(each, WANTED, {}) for each in some]
    (needed,) = together(metrics, price)
    assert needed.cases == metrics[0].to_exclude[0].cases  # of a supporting metric nothing must be excluded
    assert needed.judge_calls == needed.cases * 3
    assert needed.cost_usd == pytest.approx(needed.cases * (0.03 + 0.02))
    (shown,) = together_shown(metrics, WANTED.drop, price)
    assert shown.cases == metrics[1].to_show[0].cases > metrics[0].to_show[0].cases
    assert together([*metrics, metric_power(seen("d", None), WANTED, {})], price) == ()


def test_repeats_that_save_no_case_are_not_offered() -> None:
    (needed,) = together([metric_power(seen("a", 0.4, noise=0.0), WANTED, {})], Price())
    assert (needed.repeats, needed.judge_calls, needed.cost_usd) == (1, None, None)


@pytest.mark.parametrize("drop", [0.02, 0.03])
def test_a_drop_that_is_allowed_is_not_meant_to_fail_and_only_a_pass_is_counted(drop: float) -> None:
    found = metric_power(seen("a", 0.3), WANTED._replace(drop=drop), {})
    assert found.to_show == together_shown([found], drop, Price()) == ()
    assert found.to_exclude == metric_power(seen("a", 0.3), WANTED, {}).to_exclude


def test_a_larger_gap_to_the_allowed_drop_needs_fewer_cases() -> None:
    near, far = (metric_power(seen("a", 0.3), WANTED._replace(drop=drop), {}).to_show[0] for drop in (0.045, 0.06))
    assert near.cases == pytest.approx(4 * far.cases, rel=0.12)  # half the gap beyond the allowed 0.03


def test_a_tier_tells_what_its_cases_show_and_exclude_by_the_interval_in_force_there() -> None:
    sized = metric_power(seen("a", 0.3), WANTED, {}).to_exclude[0].cases
    found = metric_power(seen("a", 0.3), WANTED, {"tiny": 4, "smoke": 20, "full": sized}).tiers
    assert found["full"].excludable_drop == pytest.approx(0.03, abs=1e-4)
    assert found["tiny"].detectable_drop is None
    few = found["smoke"].excludable_drop
    assert few is not None
    assert few > 2.8 * 0.3 / 20**0.5 * 1.2  # the cautious bound; a normal mean would do with 0.188


def test_a_comparison_and_its_power_agree() -> None:
    random = np.random.default_rng(6)
    pairs = found(Drawn(np.round(random.normal(0, 0.3, 150), 1).clip(-1, 1), np.arange(150) // 2))
    facts = {f"c{n}": CaseFacts("", f"d{n // 2}", ()) for n in range(150)}
    known = evidence([pairs], facts, GateSpec()).metrics[0].difference
    assert known is not None
    spread = known.standard_error * known.cases**0.5
    sizes = (known.cases, known.clusters, known.effective, known.largest_cluster, known.span)
    told = metric_power(Seen("m", "critical", 0.03, "differences", spread, *sizes), WANTED, {"same": 150}).tiers["same"]
    assert told.detectable_drop == pytest.approx(known.detectable_drop, abs=1e-5)
    assert told.excludable_drop == pytest.approx(known.excludable_drop, abs=1e-5)
