from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evalfactory.analysis.casebook import BINS, Spreading, Unlike, beside, cells_of, weight
from evalfactory.analysis.merge import Entry, slot_of
from evalfactory.records.measurement import Measurement, Slot
from evalfactory.records.page import CaseLine, Cell, Draw
from results_given import METRICS, errored, scored

slots = st.builds(Slot, st.sampled_from("abcdef"), st.sampled_from(METRICS), st.integers(0, 1))
entries = st.one_of(slots, st.builds(errored, slots), st.builds(scored, slots, st.integers(0, 4).map(lambda n: n / 4)))
runs = st.lists(entries, unique_by=slot_of, max_size=20).map(lambda some: sorted(some, key=slot_of))
scores = st.floats(-2, 2, allow_nan=False).map(lambda score: round(score, 3))


def measured(run: list[Entry]) -> list[Measurement]:
    return [entry for entry in run if isinstance(entry, Measurement)]


@given(runs, runs)
def test_every_slot_of_the_run_is_told_once_with_the_baselines_score_of_the_same_slot(
    here: list[Entry], there: list[Entry]
) -> None:
    theirs = {each.slot: each.score for each in measured(there)}
    told = [(case.case_id, draw) for case in beside(here, measured(there), METRICS) for draw in case.draws]
    assert [Slot(case_id, METRICS[draw.metric], draw.repeat) for case_id, draw in told] == list(map(slot_of, here))
    for (_, draw), entry in zip(told, here, strict=True):
        assert draw.before == theirs.get(slot_of(entry))
        assert draw.state == ("missing" if isinstance(entry, Slot) else entry.state)


@given(runs, runs)
def test_what_is_not_alike_has_no_baseline_beside_it(here: list[Entry], there: list[Entry]) -> None:
    unlike = Unlike(changed={"b"}, refused={METRICS[1]}, repeats=1)
    for case in beside(here, measured(there), METRICS, unlike):
        for draw in case.draws:
            if case.case_id == "b" or draw.metric == 1 or draw.repeat:
                assert draw.before is None


def test_a_case_with_several_draws_fails_when_one_of_them_does() -> None:
    first, second = cells_of([Draw(0, 0, "scored", 1.0, True), Draw(0, 1, "scored", 0.0, False)], 2)
    assert first == Cell("scored", 0.5, success=False)
    assert second == Cell("not planned")


def test_a_draw_without_a_score_is_seen_and_no_zero() -> None:
    (cell,) = cells_of([Draw(0, 0, "scored", 1.0, True), Draw(0, 1, "errored", reason="no answer")], 1)
    assert cell == Cell("errored", 1.0, success=True)


def test_what_matters_most_comes_first() -> None:
    bad, good = Cell("scored", 0.1, False), Cell("scored", 0.9, True)
    lines = [
        CaseLine("must-run", (bad,), must_run=True),
        CaseLine("broken, far", (Cell("scored", 0.1, False, 1.0, True),)),
        CaseLine("broken", (Cell("scored", 0.4, False, 0.6, True),)),
        CaseLine("failed, low", (bad,)),
        CaseLine("failed", (Cell("scored", 0.3, False, 0.3, False),)),
        CaseLine("errored", (Cell("errored"),)),
        CaseLine("fixed", (Cell("scored", 0.9, True, 0.2, False),)),
        CaseLine("fell", (Cell("scored", 0.6, True, 0.9, True),)),
        CaseLine("good", (good,)),
    ]
    assert [line.id for line in sorted([*lines[4:], *lines[:4]], key=weight)] == [line.id for line in lines]


@given(st.lists(st.tuples(scores, st.none() | scores), max_size=40))
def test_every_score_and_every_pair_stands_in_one_bin(pairs: list[tuple[float, float | None]]) -> None:
    spreading = Spreading(1)
    spreading.add(Draw(0, 0, "scored", now, True, None, before) for now, before in pairs)
    (spread,) = spreading.told()
    paired = [(now, before) for now, before in pairs if before is not None]
    assert sum(spread.now) == len(pairs)
    assert sum(spread.before) == sum(spread.differences) == len(paired)
    assert spread.low <= min([0.0, *(now for now, _ in pairs)])
    if paired:
        left, middle, right = spread.differences[:BINS], spread.differences[BINS], spread.differences[BINS + 1 :]
        assert sum(left) == sum(now < before for now, before in paired)
        assert middle == sum(now == before for now, before in paired)
        assert sum(right) == sum(now > before for now, before in paired)
