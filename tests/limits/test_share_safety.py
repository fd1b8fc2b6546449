"""No two workers ever use the same part of a limit, however their steps fall between each other's."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from evalfactory.limits.beat import Beat, Note, Who
from evalfactory.limits.fair import part
from evalfactory.limits.member import Member
from evalfactory.limits.rhythm import Rhythm

Stage = Literal["begin", "land", "hear", "list", "act"]


class Folder:
    """Names in the order in which they were written. Listings may show the folder as it was a few names ago."""

    def __init__(self, dice: random.Random) -> None:
        self.notes: list[Note] = []
        self.now_s = 0.0
        self._dice = dice

    def list(self) -> list[Note]:
        late = self._dice.choice((0, 0, 0, 1, 2, 5))
        return self.notes[: len(self.notes) - late]


class Actor:
    """A worker whose beat is five steps, between which anything may happen."""

    def __init__(self, folder: Folder, place: int, units: int) -> None:
        self.member = Member(Who(f"run{place % 2}", f"w{place}"), units, part(units, 4, place), Rhythm())
        self.wants = units
        self.alive = True
        self._folder = folder
        self._stage: Stage = "begin"
        self._beat: Beat | None = None
        self._seen: Sequence[Note] = ()
        self._looks = True

    @property
    def uses(self) -> Fraction:
        member = self.member
        is_using = self.alive and self._folder.now_s < member.until_s
        return Fraction(member.uses, member.units) if is_using else Fraction(0)

    def step(self) -> None:
        folder, member = self._folder, self.member
        match self._stage:
            case "begin":
                self._beat = member.beat(self.wants, 0.0, folder.now_s)
                self._stage = "land"
            case "land":
                assert self._beat is not None
                folder.notes.append(Note(self._beat.name, folder.now_s))
                self._stage = "hear"
            case "hear":
                member.written(folder.now_s)
                self._stage = "list" if self._looks else "begin"
                self._looks = True
            case "list":
                self._seen = folder.list()
                self._stage = "act"
            case "act":
                member.look(self._seen, folder.now_s)
                self._looks = member.due != "less"
                self._stage = "begin"


WHAT = ("step", "beat", "beat", "beat", "beat", "idle", "busy", "die")
OFTEN = (4, 8, 8, 8, 8, 2, 2, 1)
PAUSES_S = (0.0, 0.01, 0.5, 1.0, 3.0, 8.5, 12.1)
PAUSES_OFTEN = (20, 10, 10, 10, 5, 3, 1)


@settings(max_examples=400)
@given(st.lists(st.sampled_from((1, 3, 4, 15)), min_size=4, max_size=4), st.integers(0, 2**32))
def test_shares_never_add_up_to_more_than_the_whole(units: list[int], seed: int) -> None:
    dice = random.Random(seed)
    folder = Folder(dice)
    actors = [Actor(folder, place, each) for place, each in enumerate(units)]
    for _ in range(150):
        folder.now_s += dice.choices(PAUSES_S, PAUSES_OFTEN)[0]
        _happen(dice.choice([actor for actor in actors if actor.alive]), dice.choices(WHAT, OFTEN)[0])
        if not any(actor.alive for actor in actors):
            break
        assert sum(actor.uses for actor in actors) <= 1


def _happen(actor: Actor, what: str) -> None:
    match what:
        case "die":
            actor.alive = False
        case "idle" | "busy":
            actor.wants = actor.member.units if what == "busy" else 0
        case _:
            for _ in range(5 if what == "beat" else 1):
                actor.step()


@given(st.integers(2, 4), st.integers(4, 40))
def test_workers_that_are_left_in_peace_use_all_there_is(workers: int, units: int) -> None:
    folder = Folder(random.Random(0))
    actors = [Actor(folder, place, units) for place in range(workers)]
    for _ in range(12):
        for actor in actors:
            folder.now_s += 0.3
            for _ in range(15):  # a beat, and what it brings about
                actor.step()
    assert sum(actor.uses for actor in actors) == 1


def beaten(member: Member, folder: list[Note], now_s: float, *, shown: int | None = None, held: int = 0) -> None:
    """One beat; its listing shows the first `shown` names, or all."""
    folder.append(Note(member.beat(member.units, 0.0, now_s).name, now_s))
    member.written(now_s)
    member.look(folder[:shown], now_s, held=held)


def settled(member: Member, folder: list[Note], now_s: float) -> Member:
    """The member after it has come and taken what it could."""
    for _ in range(3):
        beaten(member, folder, now_s)
    return member


def test_what_was_said_before_its_word_ran_out_counts_no_more() -> None:
    """Not even if a late listing shows it, and nobody else: somebody may have taken it since."""
    folder: list[Note] = []
    member = settled(Member(Who("run", "w0"), 4, 4, Rhythm()), folder, 0.0)
    assert member.uses == 4
    beaten(member, folder, 60.0, shown=len(folder))  # all but what it says now
    assert member.uses == 0
    beaten(member, folder, 61.0)
    assert member.uses == 4


def test_a_listing_that_does_not_show_ones_own_word_tells_nothing() -> None:
    folder: list[Note] = []
    member = Member(Who("run", "w0"), 4, 4, Rhythm())
    for number in range(1, 4):
        beaten(member, folder, float(number), shown=0)
        assert member.uses == 0
        assert member.waits
    beaten(member, folder, 4.0)
    beaten(member, folder, 5.0)
    assert member.uses == 4


def test_places_in_flight_are_given_back_when_they_have_landed() -> None:
    folder: list[Note] = []
    first = settled(Member(Who("run", "w0"), 8, 8, Rhythm()), folder, 0.0)
    second = settled(Member(Who("run", "w1"), 8, 4, Rhythm()), folder, 1.0)
    beaten(first, folder, 2.0, held=7)
    assert first.uses == 4, "it sends no more than its part"
    beaten(first, folder, 2.5, held=6)
    beaten(second, folder, 3.0)
    beaten(second, folder, 3.5)
    assert second.uses == 1, "of the other four, three are still in flight"
    beaten(first, folder, 4.0, held=2)
    beaten(first, folder, 4.5, held=2)
    beaten(second, folder, 5.0)
    beaten(second, folder, 5.5)
    assert (first.uses, second.uses) == (4, 4)
