from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.analysis.merge import MergedShard, check_headers, in_order, merge_shard, planned_slots, slot_of
from evalfactory.errors import InputError
from evalfactory.records.case import FrozenCase
from evalfactory.records.measurement import Failure, Measurement, Output, PartHeader, Slot
from results_given import METRICS, RECIPES, errored, frozen, plan, scored, skipped

IDS = ("a", "b", "ß", "日本", "é\n", "𝄞")
REPEATS = 2

cases = st.lists(st.sampled_from(IDS), unique=True, max_size=4).map(
    lambda ids: [frozen(i, METRICS[:1], skipped={METRICS[1]: "no context"}) if i == "b" else frozen(i) for i in ids]
)
slots = st.builds(Slot, st.sampled_from(IDS), st.sampled_from((*METRICS, "toxicity")), st.integers(0, REPEATS))
measurements = st.one_of(
    st.builds(scored, slots, st.sampled_from([0.0, 0.25, 1.0]), attempt=st.sampled_from("abc")),
    st.builds(errored, slots, st.sampled_from(["timeout", "server"]), attempt=st.sampled_from("abc")),
    st.builds(skipped, slots, attempt=st.sampled_from("abc")),
)
failures = st.none() | st.just(Failure(error_class="server", where="target", message="503"))
outputs = st.builds(
    Output,
    case_id=st.sampled_from(IDS),
    actual_output=st.sampled_from(["yes", "no"]),
    failure=failures,
    attempt=st.sampled_from("abc"),
)
lines = st.lists(st.one_of(measurements, outputs), max_size=30)


def merged(some: list[FrozenCase], of: list[Measurement | Output]) -> MergedShard:
    return merge_shard(some, RECIPES, REPEATS, of)


@given(cases, lines)
def test_present_and_missing_slots_are_the_plan_each_exactly_once(
    some: list[FrozenCase], of: list[Measurement | Output]
) -> None:
    shard = merged(some, of)
    present = [measurement.slot for measurement in shard.measurements]
    planned = [slot for case in some for slot in planned_slots(case, REPEATS)]
    assert sorted([*present, *shard.missing]) == sorted(planned)
    assert [slot_of(entry) for entry in shard.entries()] == sorted(planned)


@given(cases, lines, st.randoms(use_true_random=False))
def test_merging_is_the_same_in_every_order(
    some: list[FrozenCase], of: list[Measurement | Output], random: object
) -> None:
    shuffled = list(of)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis gives a random.Random
    assert merged(some, shuffled) == merged(some, of)


@given(cases, lines)
def test_merging_what_was_merged_changes_nothing(some: list[FrozenCase], of: list[Measurement | Output]) -> None:
    once = merged(some, of)
    again = merged(some, [*once.measurements, *once.outputs.values()])
    assert again == once._replace(duplicates=0, foreign=0)


@given(cases, lines)
def test_a_line_that_comes_twice_is_counted_and_changes_nothing(
    some: list[FrozenCase], of: list[Measurement | Output]
) -> None:
    once, twice = merged(some, of), merged(some, of + of)
    assert (twice.measurements, twice.outputs, twice.missing) == (once.measurements, once.outputs, once.missing)
    assert twice.duplicates == 2 * once.duplicates + len(once.measurements)
    assert twice.foreign == 2 * once.foreign


@given(cases, lines)
def test_every_measurement_is_kept_dropped_as_twin_or_foreign(
    some: list[FrozenCase], of: list[Measurement | Output]
) -> None:
    shard = merged(some, [line for line in of if isinstance(line, Measurement)])
    count = sum(isinstance(line, Measurement) for line in of)
    assert count == len(shard.measurements) + shard.duplicates + shard.foreign


@given(cases, lines)
def test_nothing_is_invented(some: list[FrozenCase], of: list[Measurement | Output]) -> None:
    shard = merged(some, of)
    assert all(line in of for line in (*shard.measurements, *shard.outputs.values()))


@pytest.mark.parametrize("turned", [False, True])
def test_a_score_beats_a_skip_beats_an_error(turned: bool) -> None:
    slot = Slot("a", METRICS[0])
    ranked = [scored(slot, 0.0), skipped(slot), errored(slot)]
    for best in range(2):
        twins = ranked[best:][::-1] if turned else ranked[best:]
        shard = merge_shard([frozen("a")], RECIPES, 1, twins)
        assert shard.measurements == (ranked[best],)
        assert shard.duplicates == len(twins) - 1


def test_the_choice_among_scored_twins_favours_neither_low_nor_high_scores() -> None:
    low_wins = 0
    for number in range(200):
        slot = Slot(f"case-{number}", METRICS[0])
        twins = [scored(slot, 0.1, attempt="a"), scored(slot, 0.9, attempt="b")]
        shard = merge_shard([frozen(slot.case_id)], RECIPES, 1, twins)
        low_wins += shard.measurements[0].score == 0.1
    assert 60 < low_wins < 140


def test_a_case_keeps_the_output_that_its_measurements_were_made_of() -> None:
    slot = Slot("a", METRICS[0])
    ours = Output(case_id="a", actual_output="ours", attempt="b")
    strangers = [Output(case_id="a", actual_output=f"other {n}", attempt=f"x{n}") for n in range(5)]
    shard = merge_shard([frozen("a")], RECIPES, 1, [*strangers, ours, scored(slot, 1.0, attempt="b")])
    assert shard.outputs == {"a": ours}


def test_a_skipped_slot_that_nobody_wrote_is_missing() -> None:
    case = frozen("a", METRICS[:1], skipped={METRICS[1]: "no retrieval_context"})
    assert merge_shard([case], RECIPES, 1, []).missing == (Slot("a", METRICS[0]), Slot("a", METRICS[1]))


@pytest.mark.parametrize(
    "line",
    [
        scored(Slot("a", METRICS[0]), math.nan),
        scored(Slot("a", METRICS[0]), math.inf),
        Measurement(case_id="a", metric=METRICS[0], state="scored"),
        Measurement(case_id="a", metric=METRICS[0], state="skipped", score=1.0),
        Measurement(case_id="a", metric=METRICS[0], state="errored"),
    ],
)
def test_a_measurement_that_contradicts_itself_is_refused(line: Measurement) -> None:
    with pytest.raises(InputError, match="the measurement of 'a' by answer_relevancy says"):
        merge_shard([frozen("a")], RECIPES, 1, [line])


def test_a_plan_with_a_case_twice_or_a_metric_without_recipe_is_refused() -> None:
    with pytest.raises(InputError, match="planned twice"):
        merge_shard([frozen("a"), frozen("a")], RECIPES, 1, [])
    with pytest.raises(InputError, match="no recipe"):
        merge_shard([frozen("a", ["toxicity"])], RECIPES, 1, [])


def test_shards_in_order_join_to_one_stream_in_code_point_order() -> None:
    ids = ["Z", "a", "é", "日本", "\uff21", "𝄞"]  # UTF-16 order would put the last before the one before it
    shards = [merge_shard([frozen(i) for i in ids[n::2]], RECIPES, 1, []) for n in range(2)]
    joined = [slot_of(entry).case_id for entry in in_order(*(shard.entries() for shard in shards))]
    assert joined == [case_id for case_id in ids for _ in METRICS]


def header(**changes: object) -> PartHeader:
    given = plan()
    fields = {
        "run_id": given.run_id,
        "shard": 0,
        "plan_digest": given.digest,
        "attempt": "a",
        "versions": given.versions,
    }
    return PartHeader.model_validate(fields | changes)


def test_parts_of_one_plan_and_version_belong_together() -> None:
    check_headers([header(), header(attempt="b", shard=3)], plan())
    check_headers([header(shard=3)], plan(), shard=3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"run_id": "run-2"}, "run_id is 'run-2', expected 'run-1'"),
        ({"plan_digest": "other"}, "plan_digest is 'other'"),
        ({"shard": 1}, "shard is 1, expected 0"),
        (
            {"versions": {"deepeval": "4.1.10", "evalfactory": "0.1.0"}},
            "measured with deepeval 4.1.10, others with 4.3.1",
        ),
        ({"versions": {"deepeval": "4.3.1"}}, "does not say its version of evalfactory"),
    ],
)
def test_a_part_that_does_not_belong_is_refused_with_what_differs(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as refused:
        check_headers([header(), header(attempt="late", **changes)], plan(), shard=0)
    assert words in str(refused.value)
    assert "attempt late" in str(refused.value)


def test_versions_that_the_plan_does_not_name_must_agree_among_the_parts() -> None:
    versions = plan().versions
    parts = [header(versions={**versions, "judge": one}) for one in ("1", "2")]
    check_headers(parts[:1], plan())
    with pytest.raises(InputError, match="judge 2, others with 1"):
        check_headers(parts, plan())
