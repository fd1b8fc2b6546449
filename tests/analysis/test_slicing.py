"""A run's cases in parts, by tag or another field: shown with intervals, with or without a baseline."""

from __future__ import annotations

from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.analysis.grouping import SLICES_SHOWN
from evalfactory.analysis.shares import ClusterCount, clustered_wilson, wilson
from evalfactory.analysis.slicing import MOST_VALUES
from evalfactory.analysis.summary import Summarizer
from evalfactory.analysis.tally import ALONE, Draws
from evalfactory.records.case import FrozenCase
from evalfactory.records.measurement import Measurement, Slot
from evalfactory.records.report import SliceSummary
from results_given import METRICS, RECIPES, errored, frozen, scored

FIRST, SECOND = METRICS
Known = tuple[FrozenCase, Measurement]


def sliced(known: list[Known], fields: tuple[str, ...] = ("tags",), draws: Draws = ALONE) -> list[SliceSummary]:
    summarizer = Summarizer(RECIPES, draws=draws, slices=fields)
    for case, measurement in known:
        summarizer.add(measurement, case)
    return list(summarizer.summary().sliced.slices)


def case(case_id: str, score: float, *tags: str, must_run: bool = False) -> Known:
    return frozen(case_id, must_run=must_run, tags=tags), scored(Slot(case_id, FIRST), score)


tagged = st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.sampled_from((0.0, 0.4, 0.5, 1.0))), max_size=30)


@given(tagged, st.randoms())
def test_each_slice_has_the_mean_and_the_share_of_its_own_cases_in_whatever_order_they_come(
    drawn: list[tuple[set[str], float]], random: Random
) -> None:
    known = [case(f"c{place}", score, *sorted(tags)) for place, (tags, score) in enumerate(drawn)]
    parts = {part.value: part for part in sliced(known)}
    assert set(parts) == set().union(*(tags for tags, _ in drawn))
    for value, part in parts.items():
        scores = [score for tags, score in drawn if value in tags]
        passed = sum(score >= 0.5 for score in scores)
        assert part.scored == len(scores)
        assert part.mean == pytest.approx(fmean(scores))
        assert part.pass_rate == pytest.approx(passed / len(scores))
        low, high = wilson(passed, len(scores))
        assert part.pass_interval is not None
        assert [part.pass_interval.low, part.pass_interval.high] == pytest.approx([low, high])
    random.shuffle(known)
    assert sliced(known) == list(parts.values())


def test_slices_tell_the_cases_that_means_are_made_of() -> None:
    parts = sliced([case("must", 0.0, "vip", must_run=True), case("one", 1.0, "vip"), case("two", 1.0)])
    assert [(part.field, part.value, part.scored, part.mean) for part in parts] == [("tags", "vip", 1, 1.0)]


def test_a_slice_without_a_score_says_so_instead_of_zero() -> None:
    [part] = sliced([(frozen("lost", tags=("vip",)), errored(Slot("lost", FIRST)))])
    assert (part.scored, part.mean, part.pass_rate, part.pass_interval) == (0, None, None, None)


def test_the_largest_slices_come_first_and_the_others_are_counted() -> None:
    known = [case(f"{tag:02} {copy}", 1.0, f"tag {tag:02}") for tag in range(30) for copy in range(1 + tag)]
    summarizer = Summarizer(RECIPES, slices=("tags",))
    for frozen_case, measurement in known:
        summarizer.add(measurement, frozen_case)
    found = summarizer.summary().sliced
    assert [part.value for part in found.slices] == [f"tag {tag:02}" for tag in reversed(range(10, 30))]
    assert (len(found.slices), found.left_out) == (SLICES_SHOWN, 10)


def test_a_field_like_an_id_makes_no_more_slices_than_can_be_counted_and_hides_no_other_field() -> None:
    known = [case(f"c{number}", 1.0, "common") for number in range(MOST_VALUES + 50)]
    summarizer = Summarizer(RECIPES, slices=("id", "tags"))
    for frozen_case, measurement in known:
        summarizer.add(measurement, frozen_case)
    found = summarizer.summary().sliced
    assert (found.slices[0].value, found.slices[0].scored) == ("common", MOST_VALUES + 50)
    assert len(found.slices) + found.left_out == MOST_VALUES + 1


def test_cases_of_one_document_count_as_one_draw_in_a_slice_too() -> None:
    known = [
        (frozen(f"{document}{copy}", tags=("vip",), metadata={"document": document}), scored(Slot(f"{document}{copy}", FIRST), score))
        for document, score in (("a", 1.0), ("b", 0.0), ("c", 1.0))
        for copy in range(5)
    ]  # fmt: skip
    [part] = sliced(known, draws=Draws(cluster_by="metadata.document"))
    assert part.pass_interval is not None
    low, high = clustered_wilson([ClusterCount(5, 5), ClusterCount(0, 5), ClusterCount(5, 5)])
    assert part.pass_interval.method == "clustered wilson"
    assert [part.pass_interval.low, part.pass_interval.high] == pytest.approx([low, high])
    alone = wilson(10, 15)
    assert high - low > alone.high - alone.low
