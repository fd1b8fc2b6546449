"""The one order of cases: what every tier may rely on."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from evalfactory.planning.order import select, tier_order

seeds = st.integers(-3, 3)


@st.composite
def cases(draw: st.DrawFn, most: int = 60) -> tuple[list[str], list[str]]:
    """Unique ids and the stratum of each."""
    ids = draw(st.lists(st.text(max_size=6), unique=True, max_size=most))
    strata = draw(st.lists(st.sampled_from("abcdefgh"), min_size=len(ids), max_size=len(ids)))
    return ids, strata


@given(cases(), seeds)
def test_the_order_holds_every_case_once(some: tuple[list[str], list[str]], seed: int) -> None:
    ids, strata = some
    assert sorted(tier_order(ids, strata, seed=seed)) == list(range(len(ids)))


@given(cases(), seeds, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_the_file(
    some: tuple[list[str], list[str]], seed: int, random: object
) -> None:
    ids, strata = some
    lines = list(zip(ids, strata, strict=True))
    before = [ids[place] for place in tier_order(ids, strata, seed=seed)]
    getattr(random, "shuffle")(lines)  # noqa: B009
    shuffled = [line[0] for line in lines]
    assert [shuffled[place] for place in tier_order(shuffled, [line[1] for line in lines], seed=seed)] == before


@given(cases(), seeds)
def test_every_prefix_has_of_each_stratum_its_share_to_within_less_than_one_case(
    some: tuple[list[str], list[str]], seed: int
) -> None:
    ids, strata = some
    sizes = Counter(strata)
    bound = 1 - 1 / (2 * len(sizes) - 2) if len(sizes) > 1 else 0
    seen: Counter[str] = Counter()
    for length, place in enumerate(tier_order(ids, strata, seed=seed), start=1):
        seen[strata[place]] += 1
        for stratum, size in sizes.items():
            assert abs(seen[stratum] - size * length / len(ids)) <= bound + 1e-9


def test_rare_strata_are_spread_over_the_order_instead_of_crowding_in_one_place() -> None:
    ids = [str(number) for number in range(200)]
    strata = ["common"] * 100 + [f"rare {number}" for number in range(100)]
    smoke = tier_order(ids, strata)[:20]
    assert sum(strata[place] == "common" for place in smoke) == 10


@given(cases(), st.text(min_size=7, max_size=8), st.sampled_from("abcdefghi"), seeds)
def test_a_new_case_changes_no_stratums_portion_of_a_tier_by_more_than_two(
    some: tuple[list[str], list[str]], new: str, stratum: str, seed: int
) -> None:
    ids, strata = some
    before = tier_order(ids, strata, seed=seed)
    after = tier_order([*ids, new], [*strata, stratum], seed=seed)
    for name in set(strata):
        assert [p for p in after if p < len(ids) and strata[p] == name] == [p for p in before if strata[p] == name]
    for length in range(len(ids)):
        moved = Counter(strata[place] for place in set(before[:length]) - set(after[:length]))
        assert all(times <= 2 for times in moved.values())


def test_without_strata_a_new_case_pushes_out_at_most_one() -> None:
    ids = [str(number) for number in range(500)]
    before = set(tier_order(ids, [""] * 500)[:20])
    after = set(tier_order([*ids, "new"], [""] * 501)[:20])
    assert len(before - after) <= 1


def test_another_seed_gives_another_order_and_the_same_seed_the_same() -> None:
    ids, strata = [str(number) for number in range(100)], ["a", "b"] * 50
    assert tier_order(ids, strata, seed=1) == tier_order(ids, strata, seed=1)
    assert tier_order(ids, strata, seed=1) != tier_order(ids, strata, seed=2)


def test_the_order_stays_what_it_was_in_earlier_versions() -> None:
    ids = ["refund", "帰り", "shipping", "login", "crash", "invoice"]
    order = [ids[place] for place in tier_order(ids, ["a", "b", "a", "b", "a", "c"], seed=7)]
    assert order == ["crash", "login", "shipping", "invoice", "refund", "帰り"]


@given(cases(), seeds, st.integers(0, 30), st.integers(0, 30), st.data())
def test_a_smaller_tier_is_inside_a_larger_one(
    some: tuple[list[str], list[str]], seed: int, small: int, more: int, data: st.DataObject
) -> None:
    ids, strata = some
    order = tier_order(ids, strata, seed=seed)
    must_run = data.draw(st.sets(st.sampled_from(range(len(ids))))) if ids else set()
    larger = select(order, small + more, must_run)
    assert set(select(order, small, must_run)) <= set(larger) <= set(select(order, None, must_run))
    assert sorted(select(order, None, must_run)) == sorted(order)


@given(cases(), st.integers(0, 70), st.data())
def test_must_run_cases_come_on_top_of_the_count_and_once(
    some: tuple[list[str], list[str]], count: int, data: st.DataObject
) -> None:
    ids, strata = some
    must_run = data.draw(st.sets(st.sampled_from(range(len(ids))))) if ids else set()
    chosen = select(tier_order(ids, strata), count, must_run)
    assert len(chosen) == len(set(chosen))
    assert must_run <= set(chosen)
    assert len(chosen) == len(must_run) + min(count, len(ids) - len(must_run))
