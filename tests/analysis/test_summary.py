from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.analysis.exact import ExactSum
from evalfactory.analysis.shares import wilson
from evalfactory.analysis.summary import Lowest, Summarizer, Summary, case_result, sum_of, with_case
from evalfactory.analysis.tally import Draws
from evalfactory.records.case import Turn
from evalfactory.records.measurement import Failure, Measurement, Output, Slot, Usage
from evalfactory.records.report import Counts
from results_given import METRICS, RECIPES, errored, frozen, recipe, scored, skipped

FIRST, SECOND = METRICS
finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)


@given(st.lists(finite, min_size=1, max_size=20))
def test_an_exact_sum_is_rounded_once_and_knows_no_order(values: list[float]) -> None:
    one, other = ExactSum(), ExactSum()
    for value in values:
        one.add(value)
    for value in reversed(values):
        other.add(value)
    exact = sum(map(Fraction, values), Fraction(0))
    assert one.total == other.total == float(exact) == math.fsum(values)
    assert one.over(len(values)) == float(exact / len(values))


@given(st.lists(st.integers(), unique=True), st.integers(1, 5))
def test_the_lowest_are_those_that_sorting_would_give(keys: list[int], limit: int) -> None:
    lowest: Lowest[int] = Lowest(limit)
    for key in keys:
        lowest.add((key,), key)
    assert lowest.items == tuple(sorted(keys)[:limit])


def a_run(count: int = 60) -> list[tuple[Measurement, int]]:
    chance = random.Random(7)
    run = []
    for number in range(count):
        for metric in METRICS:
            slot = Slot(f"case-{number:03d}", metric)
            state = chance.random()
            line = errored(slot) if state < 0.1 else skipped(slot) if state < 0.2 else scored(slot, chance.random())
            run.append((line, number))
    return run


def summed(run: list[tuple[Measurement, int]]) -> Summary:
    summarizer = Summarizer(RECIPES)
    for line, number in run:
        summarizer.add(line, frozen(line.case_id, must_run=number < 5))
    summarizer.add_missing(Slot("missing", FIRST), None)
    return summarizer.summary()


def test_a_summary_is_the_same_in_every_order() -> None:
    run = a_run()
    shuffled = list(run)
    random.Random(1).shuffle(shuffled)
    assert summed(shuffled) == summed(run)


def test_planned_is_scored_errored_skipped_and_missing_everywhere() -> None:
    summary = summed(a_run())
    must_run = summary.must_run_counts.values()
    for counts in (summary.counts, *must_run, *(metric.counts for metric in summary.metrics)):
        assert counts.planned == counts.scored + counts.errored + counts.skipped + counts.missing
    assert summary.counts.planned == 121
    assert summary.counts.missing == 1
    assert summary.counts == sum_of([*must_run, *(metric.counts for metric in summary.metrics)])


def test_must_run_cases_are_not_averaged_in() -> None:
    summarizer = Summarizer(RECIPES)
    summarizer.add(scored(Slot("a", FIRST), 1.0), frozen("a"))
    summarizer.add(scored(Slot("b", FIRST), 0.0), frozen("b", must_run=True))
    summary = summarizer.summary()
    assert summary.metrics[0].mean == 1.0
    assert summary.metrics[0].counts == Counts(planned=1, scored=1)
    assert [result.case_id for result in summary.must_run] == ["b"]
    assert summary.worst == ()
    assert summary.must_run_counts == {FIRST: Counts(planned=1, scored=1), SECOND: Counts()}


def test_errors_and_skips_are_no_scores_of_zero() -> None:
    summarizer = Summarizer(RECIPES)
    for line in (scored(Slot("a", FIRST), 0.75), errored(Slot("b", FIRST)), skipped(Slot("c", FIRST))):
        summarizer.add(line, frozen(line.case_id))
    metric = summarizer.summary().metrics[0]
    assert (metric.mean, metric.pass_rate, metric.minimum, metric.maximum) == (0.75, 1.0, 0.75, 0.75)
    nothing = summarizer.summary().metrics[1]
    assert (nothing.mean, nothing.pass_rate, nothing.counts.planned) == (None, None, 0)


def test_the_worst_are_the_lowest_that_did_not_succeed_with_their_reasons_and_retrieval() -> None:
    summarizer = Summarizer(RECIPES, shown=3)
    for number in range(20):
        slot = Slot(f"case-{number:02d}", FIRST)
        case = frozen(slot.case_id, retrieval_context=[f"found {number}"], actual_output="recorded")
        output = Output(case_id=slot.case_id, actual_output=f"produced {number}")
        summarizer.add(scored(slot, number / 20, f"because {number}"), case, output)
    worst = summarizer.summary().worst
    assert [(w.case_id, w.score, w.reason) for w in worst] == [
        ("case-00", 0.0, "because 0"),
        ("case-01", 0.05, "because 1"),
        ("case-02", 0.1, "because 2"),
    ]
    assert worst[1].retrieval_context == ("found 1",)
    assert worst[1].actual_output == "produced 1"


def test_a_passed_slot_is_never_among_the_worst() -> None:
    summarizer = Summarizer(RECIPES)
    summarizer.add(scored(Slot("a", FIRST), 0.5), frozen("a"))
    assert summarizer.summary().worst == ()


def test_without_a_threshold_there_is_no_pass_rate() -> None:
    summarizer = Summarizer([recipe(FIRST, threshold=None)])
    bare = scored(Slot("a", FIRST), 0.1).model_copy(update={"threshold": None, "success": None})
    summarizer.add(bare, frozen("a"))
    summary = summarizer.summary()
    assert summary.metrics[0].pass_rate is None
    assert [w.case_id for w in summary.worst] == ["a"]


def test_a_reused_measurement_cost_nothing_here() -> None:
    summarizer = Summarizer(RECIPES)
    summarizer.add(scored(Slot("a", FIRST), 1.0, calls=4), frozen("a"))
    reused = scored(Slot("b", FIRST), 1.0, calls=5).model_copy(update={"reused_from": "run-0"})
    summarizer.add(reused, frozen("b"))
    summarizer.add_output(Output(case_id="a", usage=Usage(calls=1, cost_usd=0.5)))
    summarizer.add_output(Output(case_id="b", usage=Usage(calls=1, cost_usd=0.5), reused_from="run-0"))
    summary = summarizer.summary()
    assert summary.judge == Usage(calls=4, input_tokens=400, output_tokens=40, cost_usd=0.004)
    assert summary.target == Usage(calls=1, cost_usd=0.5)
    assert summary.reused_from == {"run-0": 1}
    assert summary.counts.reused == 1


def test_errors_are_counted_by_class_most_frequent_first() -> None:
    summarizer = Summarizer(RECIPES)
    for number in range(5):
        summarizer.add(errored(Slot(f"{number}", FIRST), "server" if number else "bad_json"), frozen(f"{number}"))
    summary = summarizer.summary()
    assert list(summary.errors.items()) == [("server", 4), ("bad_json", 1)]
    assert summary.errored[0].failure == Failure(error_class="bad_json", where="judge", message="no answer")


def test_a_must_run_slot_that_is_failed_errored_skipped_or_missing_is_unmet() -> None:
    summarizer = Summarizer(RECIPES)
    case = frozen("a", must_run=True)
    for line in (
        scored(Slot("a", FIRST, 0), 0.9),
        scored(Slot("a", FIRST, 1), 0.1),
        errored(Slot("a", FIRST, 2)),
        skipped(Slot("a", FIRST, 3)),
    ):
        summarizer.add(line, case)
    summarizer.add_missing(Slot("a", FIRST, 4), case)
    summary = summarizer.summary()
    assert summary.must_run_unmet == {FIRST: 4}
    assert [(unmet.repeat, unmet.state) for unmet in summary.must_run] == [
        (1, "scored"), (2, "errored"), (3, "skipped"), (4, "missing"),
    ]  # fmt: skip


def test_a_conversation_is_told_by_its_scenario_and_turns() -> None:
    turns = (Turn(role="user", content="Where is it?"), Turn(role="assistant", content="On its way."))
    case = frozen("talk", input=None, turns=turns, scenario="A lost parcel", expected_outcome="found")
    result = with_case(case_result(scored(Slot("talk", FIRST), 0.1)), case)
    assert result.input == "A lost parcel"
    assert result.actual_output == "user: Where is it?\nassistant: On its way."
    assert result.expected_output == "found"


def test_the_share_that_passed_has_wilsons_interval() -> None:
    summarizer = Summarizer(RECIPES)
    for number in range(20):
        summarizer.add(scored(Slot(f"case-{number}", FIRST), 0.0 if number < 5 else 1.0), frozen(f"case-{number}"))
    first, second = summarizer.summary().metrics
    assert first.pass_interval is not None
    assert (first.pass_interval.low, first.pass_interval.high) == tuple(round(end, 9) for end in wilson(15, 20))
    assert first.pass_interval.method == "wilson"
    assert second.pass_interval is None


def test_the_interval_of_a_share_is_as_wide_as_its_few_documents_and_its_repeated_cases_make_it() -> None:
    for draws, repeats in ((Draws(cluster_by="metadata.document"), 1), (Draws(repeats=4), 4)):
        summarizer = Summarizer(RECIPES, draws=draws)
        for number in range(80 // repeats):
            case = frozen(f"case-{number:02d}", metadata={"document": number // 4})
            for repeat in range(repeats):
                passed = (number if repeats > 1 else number // 4) % 2
                summarizer.add(scored(Slot(case.case.id, FIRST, repeat), float(passed)), case)
        seen = summarizer.summary().metrics[0].pass_interval
        assert seen is not None
        assert (seen.low, seen.high) == pytest.approx(wilson(10, 20), abs=0.005)
        assert seen.method == "clustered wilson"


def test_the_targets_speed_is_that_of_its_answers_and_not_of_its_failures() -> None:
    summarizer = Summarizer(RECIPES)
    assert summarizer.summary().speed is None
    failed = Failure(error_class="timeout", where="target", message="no answer")
    for number in range(1, 21):
        used = Usage(calls=1, input_tokens=100, output_tokens=number, cost_usd=0.01)
        summarizer.add_output(Output(case_id=f"c{number}", seconds=99, active_s=number, usage=used))
    summarizer.add_output(Output(case_id="down", active_s=600, failure=failed))
    speed = summarizer.summary().speed
    assert speed is not None
    assert (speed.outputs, speed.p50_s, speed.p95_s, speed.tokens, speed.cost_usd) == (20, 10, 19, 110.5, 0.01)
