"""Dealing cases over shards: laws of every way, and what balance costs."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.planning.dealing import Dealing, deal, shard_count

ways: st.SearchStrategy[Dealing] = st.sampled_from(("weight", "modulo", "range"))
weighed = st.dictionaries(st.text(max_size=6), st.floats(0, 1000), max_size=60)


@given(weighed, st.integers(1, 20), ways)
def test_every_case_lands_in_exactly_one_shard(some: dict[str, float], shards: int, how: Dealing) -> None:
    piles = deal(list(some), list(some.values()), shards, how=how)
    assert len(piles) == shards
    assert sorted(place for pile in piles for place in pile) == list(range(len(some)))


@given(weighed, st.integers(1, 20), ways)
def test_no_shard_is_empty_while_there_are_cases_enough(some: dict[str, float], shards: int, how: Dealing) -> None:
    piles = deal(list(some), list(some.values()), shards, how=how)
    assert sum(1 for pile in piles if pile) == min(shards, len(some))


@given(weighed, st.integers(1, 20), ways, st.randoms(use_true_random=False))
def test_the_order_of_the_cases_changes_no_shard(
    some: dict[str, float], shards: int, how: Dealing, random: Random
) -> None:
    lines = list(some.items())
    random.shuffle(lines)
    before = [[list(some)[place] for place in pile] for pile in deal(list(some), list(some.values()), shards, how=how)]
    piles = deal([line[0] for line in lines], [line[1] for line in lines], shards, how=how)
    assert [[lines[place][0] for place in pile] for pile in piles] == before


@given(weighed, st.integers(1, 20))
def test_no_shard_outweighs_another_by_more_than_its_own_lightest_case(some: dict[str, float], shards: int) -> None:
    weights = list(some.values())
    piles = deal(list(some), weights, shards)
    least = min(sum(weights[place] for place in pile) for pile in piles)
    for pile in piles:
        if pile:
            assert sum(weights[place] for place in pile) - min(weights[place] for place in pile) <= least + 1e-6


@given(weighed, st.integers(1, 20))
def test_in_a_weighed_shard_the_heavy_cases_come_first(some: dict[str, float], shards: int) -> None:
    weights = list(some.values())
    for pile in deal(list(some), weights, shards):
        assert [weights[place] for place in pile] == sorted((weights[place] for place in pile), reverse=True)


@given(weighed, st.integers(1, 20))
def test_a_range_is_a_stretch_of_the_sorted_ids_and_ranges_are_equally_long(
    some: dict[str, float], shards: int
) -> None:
    ids = list(some)
    piles = deal(ids, list(some.values()), shards, how="range")
    assert [ids[place] for pile in piles for place in pile] == sorted(ids)
    assert max(map(len, piles)) - min(map(len, piles)) <= 1


def test_modulo_deals_in_turn() -> None:
    assert deal(["a", "b", "c", "d", "e"], [1] * 5, 2, how="modulo") == [[0, 2, 4], [1, 3]]


@pytest.mark.parametrize("weight", [-1.0, math.inf, math.nan])
def test_a_weight_that_is_no_weight_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        deal(["a"], [weight], 1)


@given(st.integers(0, 3_000_000), st.integers(1, 3_000))
def test_shards_are_neither_too_many_nor_too_few(cases: int, workers: int) -> None:
    shards = shard_count(cases, workers=workers)
    assert min(workers, cases) <= shards <= min(cases, max(1_000, workers))
    if shards > workers:
        assert cases / shards >= 10
        assert shards % workers == 0


@pytest.mark.parametrize(
    ("cases", "workers", "shards"),
    [
        (20, 2, 2),  # a smoke tier on a laptop: everything is in flight at once
        (1, 8, 1),
        (50, 4, 4),  # not 5: one worker would have twice the work of the others
        (500, 2, 8),
        (1_000, 2, 10),
        (5_000, 2, 32),
        (5_000, 16, 64),
        (5_000, 200, 400),
        (100_000, 8, 128),
        (1_000_000, 4, 500),
        (10_000_000, 300, 900),
    ],
)
def test_the_default_number_of_shards(cases: int, workers: int, shards: int) -> None:
    assert shard_count(cases, workers=workers) == shards
