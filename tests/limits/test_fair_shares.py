"""The division of a limit, whoever computes it."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from evalfactory.limits.beat import Who
from evalfactory.limits.fair import Claim, Verdict, fair, part, targets, verdict

UNITS = 20
wants = st.lists(st.integers(0, UNITS), max_size=12)


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    names = draw(st.sets(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1, max_size=12))
    amounts = st.integers(0, UNITS)
    return [Claim(Who(run, f"w{name}"), draw(amounts), draw(amounts)) for run, name in sorted(names)]


@given(st.integers(0, 60), wants)
def test_everything_is_given_as_far_as_somebody_wants_it(total: int, some: list[int]) -> None:
    given_ = fair(total, some)
    assert sum(given_) == min(total, sum(some))
    assert all(0 <= got <= wanted for got, wanted in zip(given_, some, strict=True))


@given(st.integers(0, 60), wants)
def test_nobody_who_wants_more_gets_less_than_another(total: int, some: list[int]) -> None:
    given_ = fair(total, some)
    for got, wanted in zip(given_, some, strict=True):
        assert got == wanted or got >= max(given_) - 1


@given(st.integers(1, 100), st.integers(1, 150))
def test_the_planned_parts_make_up_the_whole(total: int, parts: int) -> None:
    cut = [part(total, parts, place) for place in range(parts)]
    assert sum(cut) == total
    assert max(cut) - min(cut) <= 1


@given(claims(), st.integers(0, 5))
def test_everybodys_targets_together_are_never_more_than_there_is(some: list[Claim], turn: int) -> None:
    assert sum(verdict(claim.who, some, UNITS, turn).target for claim in some) <= UNITS


@given(claims(), st.integers(0, 5))
def test_what_is_asked_for_at_once_is_never_more_than_is_free(some: list[Claim], turn: int) -> None:
    free = UNITS - sum(claim.takes for claim in some)
    asked = sum(max(0, verdict(claim.who, some, UNITS, turn).now - claim.takes) for claim in some)
    assert asked <= max(0, free)


@given(claims(), st.integers(0, 5), st.randoms())
def test_the_order_of_a_listing_does_not_matter(some: list[Claim], turn: int, dice: random.Random) -> None:
    mixed = dice.sample(some, len(some))
    for claim in some:
        assert verdict(claim.who, some, UNITS, turn) == verdict(claim.who, mixed, UNITS, turn)


@given(claims())
def test_the_limit_is_used_as_far_as_somebody_wants_it(some: list[Claim]) -> None:
    wanted = sum(min(UNITS, claim.wants) for claim in some)
    assert sum(targets(some, UNITS)) >= min(UNITS, wanted)


@given(claims())
def test_nobody_moves_once_everybody_has_what_is_due(some: list[Claim]) -> None:
    settled = [claim._replace(takes=verdict(claim.who, some, UNITS, 0).target) for claim in some]
    for claim in settled:
        assert verdict(claim.who, settled, UNITS, 0) == Verdict(claim.takes, claim.takes)


def test_runs_get_equal_amounts_however_many_workers_they_have() -> None:
    crowd = [Claim(Who("night", f"w{number}"), 0, 12) for number in range(4)]
    lone = Claim(Who("day", "w0"), 0, 12)
    assert verdict(lone.who, [*crowd, lone], 12, 0).target == 6


def test_idle_workers_leave_theirs_to_the_busy_ones() -> None:
    busy = Claim(Who("run", "w1"), 3, 12)
    idle = [Claim(Who("run", f"w{number}"), 3, 0) for number in (2, 3, 4)]
    assert verdict(busy.who, [busy, *idle], 12, 0) == Verdict(12, 3)
    assert verdict(idle[0].who, [busy, *idle], 12, 0).target == 0


def test_more_workers_than_units_take_turns() -> None:
    crowd = [Claim(Who("run", f"w{number}"), 0, 3) for number in range(10)]
    served = {claim.who for turn in range(40) for claim in crowd if verdict(claim.who, crowd, 3, turn).target}
    assert served == {claim.who for claim in crowd}
