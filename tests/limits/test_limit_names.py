"""What workers tell each other in the names of objects."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evalfactory.limits.beat import Beat, Who, member_name, read_beat
from evalfactory.storage.keys import checked
from evalfactory.storage.layout import limits_folder

run_ids = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,98}[A-Za-z0-9_-]", fullmatch=True)
members = st.text(min_size=1, max_size=80).map(member_name)
amounts = st.integers(0, 100_000)


@st.composite
def beats(draw: st.DrawFn) -> Beat:
    units = draw(st.integers(1, 100_000))
    takes, wants = draw(st.integers(0, units)), draw(st.integers(0, units))
    who = Who(draw(run_ids), draw(members))
    return Beat(who, draw(st.integers(1, 10**9 - 1)), takes, wants, units, draw(st.integers(1, 10**6 - 1)))


@given(beats())
def test_a_name_says_all_that_its_writer_meant(beat: Beat) -> None:
    assert read_beat(beat.name) == beat


@given(beats())
def test_every_store_can_hold_the_name(beat: Beat) -> None:
    assert checked(limits_folder("a group of 漢字") + beat.name)


@given(beats(), st.integers(1, 999_998))
def test_later_beats_of_a_worker_are_listed_after_earlier_ones(beat: Beat, number: int) -> None:
    first = Beat(beat.who, number, 1, 1, 2, 9)
    later = Beat(beat.who, number + 1, 0, 2, 2, 9)
    assert first.name < later.name


@given(st.text())
def test_what_else_lies_in_the_folder_says_nothing(text: str) -> None:
    assert read_beat(text) is None


def test_impossible_claims_say_nothing() -> None:
    for name in (
        "run.w.000001.takes5.wants1.of4.for9s",
        "run.w.000001.takes1.wants5.of4.for9s",
        "run.w.000001.takes0.wants0.of0.for9s",
        "run.w.000001.takes1.wants1.of4.for0s",
        "run.w.1.takes1.wants1.of4.for9s",
        "w.000001.takes1.wants1.of4.for9s",
        "run.w.000001.takes1.wants1.of4.for9s\n",
    ):
        assert read_beat(name) is None
