"""Every method against the library that has it, to 1e-9, and the laws that hold for all samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from evalfactory.analysis.shares import ClusterCount, clustered_wilson, wilson
from evalfactory.analysis.statistics.bca import BcaMean
from evalfactory.analysis.statistics.bounded import BoundedMean
from evalfactory.analysis.statistics.estimate import GuardedMean, degenerate, mean_estimate
from evalfactory.analysis.statistics.sample import Floats, Sample, sample_of
from evalfactory.analysis.statistics.significance import holm, mcnemar, sign_flips

CLOSE = 1e-9
quarters = st.integers(-4, 4).map(lambda number: number / 4)
samples = st.lists(quarters, min_size=1, max_size=30).map(lambda some: singles(np.array(some)))


def singles(differences: Floats) -> Sample:
    return Sample(differences, np.ones(len(differences)))


def skewed(count: int, seed: int = 1) -> Floats:
    random = np.random.default_rng(seed)
    return np.clip(random.gamma(0.4, 0.4, count) - 0.2, -1, 1)


@pytest.mark.parametrize("seed", range(4))
def test_the_bootstrap_is_scipys_for_the_same_seed(seed: int) -> None:
    differences = skewed(150, seed)
    expected = stats.bootstrap(
        (differences,), np.mean, method="BCa", n_resamples=999, rng=np.random.default_rng(seed)
    ).confidence_interval
    found = BcaMean(singles(differences), seed, 999)
    assert (found.lower(0.025), found.upper(0.025)) == pytest.approx((expected.low, expected.high), abs=CLOSE)


@pytest.mark.parametrize("seed", range(4))
def test_the_bootstrap_of_clusters_is_scipys_of_their_ratio(seed: int) -> None:
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 6, 90).astype(float)
    sums = random.integers(-4, 5, 90) / 4  # ties: many resamples have exactly the sample's mean

    def ratio(some: Floats, counts: Floats, axis: int = -1) -> Floats:
        found: Floats = some.sum(axis=axis) / counts.sum(axis=axis)
        return found

    expected = stats.bootstrap(
        (sums, sizes), ratio, paired=True, method="BCa", n_resamples=999, rng=np.random.default_rng(seed)
    ).confidence_interval
    found = BcaMean(Sample(sums, sizes), seed, 999)
    assert (found.lower(0.025), found.upper(0.025)) == pytest.approx((expected.low, expected.high), abs=CLOSE)


@pytest.mark.parametrize(("passed", "of"), [(0, 20), (1, 20), (3, 50), (49, 50), (250, 500), (1, 1), (30, 4000)])
@pytest.mark.parametrize("alpha", [0.025, 0.005, 0.2])
def test_the_bound_of_zeros_and_ones_is_that_of_clopper_and_pearson(passed: int, of: int, alpha: float) -> None:
    expected = stats.binomtest(passed, of).proportion_ci(1 - 2 * alpha, "exact")
    found = BoundedMean(singles(np.repeat([1.0, 0.0], [passed, of - passed])), 0.0, 1.0)
    assert (found.lower(alpha), found.upper(alpha)) == pytest.approx((expected.low, expected.high), abs=CLOSE)


@given(st.integers(1, 5000), st.sampled_from([0.025, 0.005, 0.1]))
def test_nothing_but_zeros_is_bounded_by_the_rule_of_three(cases: int, alpha: float) -> None:
    found = BoundedMean(singles(np.zeros(cases)))
    assert found.lower(alpha) == pytest.approx(-(1 - alpha ** (1 / cases)), abs=CLOSE)
    assert found.upper(alpha) == pytest.approx(1 - alpha ** (1 / cases), abs=CLOSE)


@pytest.mark.parametrize(("fixed", "broken"), [(0, 0), (0, 6), (3, 12), (7, 7), (40, 61), (900, 1000)])
def test_mcnemar_is_the_exact_one_of_statsmodels_and_scipy(fixed: int, broken: int) -> None:
    found = mcnemar(fixed, broken)
    assert found == pytest.approx(reference_mcnemar([[5, fixed], [broken, 9]], exact=True).pvalue, abs=CLOSE)
    if fixed + broken:
        assert found == pytest.approx(stats.binomtest(fixed, fixed + broken).pvalue, abs=CLOSE)


@given(st.lists(quarters, min_size=2, max_size=10))
@settings(max_examples=30)
def test_few_sign_flips_are_scipys_exact_permutation_test(some: list[float]) -> None:
    differences = np.array(some)
    expected = stats.permutation_test((differences,), np.sum, permutation_type="samples", n_resamples=10_000).pvalue
    assert sign_flips(differences) == pytest.approx(expected, abs=CLOSE)


def test_many_sign_flips_agree_with_the_t_test_of_normal_differences() -> None:
    differences = np.random.default_rng(5).normal(0.02, 0.2, 400)
    expected = stats.ttest_1samp(differences, 0).pvalue
    assert sign_flips(differences, flips=19_999) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    "p_values", [[0.3], [0.01, 0.04, 0.03], [0.2, 0.2, 0.2], [1.0, 0.9, 0.0001, 0.02, 0.02], [0.0, 1.0]]
)
def test_holms_correction_is_that_of_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]), abs=CLOSE)


@given(st.integers(1, 3000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilsons_interval_is_that_of_statsmodels_and_scipy(counted: tuple[int, int]) -> None:
    passed, of = counted
    found = wilson(passed, of)
    assert found == pytest.approx(proportion_confint(passed, of, method="wilson"), abs=CLOSE)
    assert found == pytest.approx(tuple(stats.binomtest(passed, of).proportion_ci(0.95, "wilson")), abs=CLOSE)


def test_clusters_of_one_have_wilsons_interval_and_whole_ones_that_of_their_number() -> None:
    passed = [index % 3 > 0 for index in range(300)]
    ones = clustered_wilson([ClusterCount(each, 1) for each in passed])
    assert ones == pytest.approx(wilson(200, 300), abs=1e-3)
    copies = clustered_wilson([ClusterCount(4 * each, 4) for each in passed])
    assert copies == pytest.approx(ones, abs=1e-12)


@given(samples, st.sampled_from([0.025, 0.1, 0.5]))
@settings(max_examples=50)
def test_a_bound_is_where_the_evidence_reaches_its_level(sample: Sample, alpha: float) -> None:
    found = BoundedMean(sample)
    low, high = found.lower(alpha), found.upper(alpha)
    assert -1 <= low <= sample.mean + CLOSE
    assert sample.mean - CLOSE <= high <= 1
    if -1 + 1e-6 < low < sample.mean - 1e-6:
        assert found.p_at_most(low) == pytest.approx(alpha, abs=1e-6)
    if sample.mean + 1e-6 < high < 1 - 1e-6:
        assert found.p_at_least(high) == pytest.approx(alpha, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.005, 0.025, 0.3])
def test_the_bootstraps_bound_is_where_its_evidence_reaches_its_level(alpha: float) -> None:
    found = BcaMean(singles(skewed(300)))
    assert found.p_at_most(found.lower(alpha)) == pytest.approx(alpha, abs=1e-6)
    assert found.p_at_least(found.upper(alpha)) == pytest.approx(alpha, abs=1e-6)


@given(samples)
@settings(max_examples=50)
def test_turning_all_differences_around_turns_the_bounds_around(sample: Sample) -> None:
    there, back = BoundedMean(sample), BoundedMean(Sample(-sample.sums, sample.sizes))
    assert there.lower(0.025) == pytest.approx(-back.upper(0.025), abs=CLOSE)
    assert sign_flips(sample.sums) == sign_flips(-sample.sums)


def test_effective_clusters_are_those_that_changed_alike_and_a_share_of_normal_ones() -> None:
    assert singles(np.repeat([-1.0, 0.0], [25, 9975])).effective == pytest.approx(25, rel=0.01)
    normal = singles(np.random.default_rng(1).normal(0, 0.1, 20_000))
    assert normal.effective == pytest.approx(20_000 * math.pi / 8, rel=0.03)
    noise = np.random.default_rng(1).normal(0, 0.02, 1000)
    noise[:3] = -1
    assert singles(noise).effective < 5


def test_the_bootstrap_is_used_only_where_enough_clusters_changed() -> None:
    assert isinstance(mean_estimate(singles(skewed(2000))), GuardedMean)
    assert isinstance(mean_estimate(singles(np.repeat([-1.0, 0.0], [19, 4981]))), BoundedMean)
    few = np.random.default_rng(1).normal(0, 2, 29)
    assert isinstance(mean_estimate(Sample(few, np.full(29, 100.0))), BoundedMean)


@pytest.mark.parametrize(
    ("differences", "words"),
    [
        ([0.5], "there is only one to compare"),
        ([0.0] * 20, "all 20 differences are zero"),
        ([-0.25] * 20, "all 20 differences are the same"),
        ([0.0] * 19 + [-1.0], "only one of 20 changed"),
        ([0.0, 0.5, -0.5], None),
    ],
)
def test_a_degenerate_sample_is_named(differences: list[float], words: str | None) -> None:
    assert degenerate(singles(np.array(differences))) == words


def test_a_sample_sums_up_what_is_in_the_same_cluster() -> None:
    sample = sample_of([("a", 0.5), ("b", -1.0), ("a", 0.25)])
    assert sample.sums.tolist() == [0.75, -1.0]
    assert sample.sizes.tolist() == [2, 1]
    assert (sample.pairs, sample.clusters, sample.mean) == (3, 2, -0.25 / 3)


def test_the_standard_error_is_that_of_a_mean_where_clusters_are_single() -> None:
    differences = skewed(50)
    assert singles(differences).standard_error == pytest.approx(float(stats.sem(differences)), abs=CLOSE)


@pytest.mark.parametrize("alpha", [0.005, 0.025, 0.3])
def test_no_bound_is_tighter_than_what_so_many_cases_can_have_missed(alpha: float) -> None:
    quiet = mean_estimate(singles(np.random.default_rng(1).normal(0.01, 0.001, 400)))
    assert isinstance(quiet, GuardedMean)
    assert quiet.lower(alpha) == pytest.approx(0.01 - (1 - alpha ** (1 / 400)) * 1.01, abs=1e-3)
    assert quiet.lower(alpha) < quiet.resampled.lower(alpha)
    assert quiet.method(alpha) == "unseen"
    assert quiet.p_at_most(quiet.lower(alpha)) == pytest.approx(alpha, abs=1e-6)
    assert quiet.p_at_least(quiet.upper(alpha)) == pytest.approx(alpha, abs=1e-6)
    loud = mean_estimate(singles(np.random.default_rng(1).normal(0.01, 0.3, 400)))
    assert isinstance(loud, GuardedMean)
    level = loud.expanded(alpha)
    assert (loud.lower(alpha), loud.upper(alpha)) == (loud.resampled.lower(level), loud.resampled.upper(level))
    assert loud.method(alpha) == "bca"


@pytest.mark.parametrize("alpha", [0.005, 0.025, 0.3])
def test_few_effective_clusters_widen_the_bootstraps_interval_as_students_t_does(alpha: float) -> None:
    found = mean_estimate(singles(np.random.default_rng(2).normal(0, 0.3, 300)))
    assert isinstance(found, GuardedMean)
    k = found.sample.effective
    expected = stats.norm.cdf(stats.t.ppf(alpha, k - 1) * math.sqrt(k / (k - 1)))
    assert found.expanded(alpha) == pytest.approx(expected, abs=CLOSE)
    assert found.expanded(alpha) < alpha
    assert found.p_at_most(found.lower(alpha)) == pytest.approx(alpha, abs=1e-6)
    assert found.p_at_least(found.upper(alpha)) == pytest.approx(alpha, abs=1e-6)
