from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import normal_power, normal_sample_size_one_tail

from evalfactory.analysis.noise import draws_of, metric_noise, shakiest
from evalfactory.analysis.power import Price, Seen, Wanted, metric_power, together
from evalfactory.analysis.sizes import cases_for, detectable_drop_of, power_of
from evalfactory.records.gate import MetricTier
from evalfactory.records.measurement import Measurement, Slot, Usage
from results_given import METRICS, errored, scored

FIRST = METRICS[0]
WANTED = Wanted(drop=0.03, chance=0.8, confidence=0.95)
drops = st.floats(0.001, 0.5)
spreads = st.floats(0.01, 1.0)


def drawn(**scores: list[float]) -> list[Measurement]:
    return [scored(Slot(name, FIRST, n), score) for name, some in scores.items() for n, score in enumerate(some)]


@given(drops, spreads)
def test_cases_and_detectable_drop_are_each_others_inverse(drop: float, spread: float) -> None:
    cases = cases_for(drop, spread, alpha=0.025)
    assert detectable_drop_of(cases, spread, alpha=0.025) <= drop * (1 + 1e-9)
    if cases > 2:
        assert detectable_drop_of(cases - 1, spread, alpha=0.025) > drop * (1 - 1e-9)


@given(drops, st.floats(0.3, 1.0))
def test_the_power_of_so_many_cases_is_what_was_asked_for(drop: float, spread: float) -> None:
    cases = cases_for(drop, spread, alpha=0.025, power=0.9)
    assert power_of(cases, drop, spread, alpha=0.025) >= 0.9 - 1e-9


@pytest.mark.parametrize(("drop", "spread"), [(0.03, 0.3), (0.05, 0.21), (0.01, 0.6)])
def test_cases_and_power_are_those_of_statsmodels(drop: float, spread: float) -> None:
    expected = float(normal_sample_size_one_tail(drop, 0.8, 0.025, std_null=spread))
    assert cases_for(drop, spread, alpha=0.025) - 1 < expected <= cases_for(drop, spread, alpha=0.025)
    reference = normal_power(drop / spread, 400, 0.025, alternative="larger")
    assert power_of(400, drop, spread, alpha=0.025) == pytest.approx(reference, abs=1e-9)


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


def seen(name: str, spread: float | None, *, noise: float | None = None, advisory: bool = False) -> Seen:
    tier: MetricTier = "advisory" if advisory else "critical"
    return Seen(name, tier, spread, "differences" if spread else "none", 200, 100.0, noise)


def test_repeats_help_as_much_as_the_differences_are_noise() -> None:
    pure = metric_power(seen("a", 2**0.5 * 0.3, noise=0.3), WANTED, {}).needed
    assert [each.repeats for each in pure] == [1, 2, 3, 5]
    once = pure[0].cases
    assert [each.cases for each in pure] == pytest.approx([once / each.repeats for each in pure], abs=1)
    none = metric_power(seen("a", 0.4, noise=0.0), WANTED, {}).needed
    assert len({each.cases for each in none}) == 1
    assert [each.repeats for each in metric_power(seen("a", 0.4), WANTED, {}).needed] == [1]


def test_the_gated_metric_that_needs_most_decides_and_an_advisory_one_does_not() -> None:
    price = Price(Usage(calls=300, cost_usd=3.0), 100, Usage(cost_usd=1.0), 50)
    metrics = [
        metric_power(each, WANTED, {}) for each in (seen("a", 0.2), seen("b", 0.3), seen("c", 0.9, advisory=True))
    ]
    (needed,) = together(metrics, price)
    assert needed.cases == cases_for(0.03, 0.3, alpha=0.025)
    assert needed.judge_calls == needed.cases * 3
    assert needed.cost_usd == pytest.approx(needed.cases * (0.03 + 0.02))
    assert together([*metrics, metric_power(seen("d", None), WANTED, {})], price) == ()


def test_repeats_that_save_no_case_are_not_offered() -> None:
    (needed,) = together([metric_power(seen("a", 0.4, noise=0.0), WANTED, {})], Price())
    assert (needed.repeats, needed.judge_calls, needed.cost_usd) == (1, None, None)


def test_a_tier_shows_what_its_cases_can_see() -> None:
    found = metric_power(seen("a", 0.3), WANTED, {"smoke": 20, "full": 785})
    assert found.detectable["full"] == pytest.approx(0.03, abs=1e-4)
    assert found.detectable["smoke"] == pytest.approx(0.188, abs=1e-3)
