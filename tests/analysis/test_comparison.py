from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evalfactory.analysis.comparable import counted_repeats, judged_as_now, refused_metrics, weaker_because
from evalfactory.analysis.comparison import Sides, compare, paired
from evalfactory.analysis.merge import Entry, slot_of
from evalfactory.records.gate import GateSpec, MetricGate
from evalfactory.records.measurement import Slot
from evalfactory.records.report import BaselineInfo, Comparison
from evalfactory.records.suite import Execution
from results_given import METRICS, errored, plan, recipe, scored

FIRST, SECOND = METRICS
slots = st.builds(Slot, st.sampled_from("abcdef"), st.sampled_from([*METRICS, "toxicity"]), st.integers(0, 1))
entries = st.one_of(slots, st.builds(errored, slots), st.builds(scored, slots, st.integers(0, 4).map(lambda n: n / 4)))
runs = st.lists(entries, unique_by=slot_of, max_size=20).map(lambda some: sorted(some, key=slot_of))


def beside(here: list[Entry], there: list[Entry], must_run: frozenset[str] = frozenset()) -> Comparison:
    return compare(Sides(here, there, METRICS, must_run), run_id="run-1", baseline=BaselineInfo(asked="main"))


def scores_of(run: list[Entry]) -> dict[Slot, float]:
    return {e.slot: e.score for e in run if not isinstance(e, Slot) and e.score is not None}


@given(runs, runs)
def test_pairs_are_the_slots_scored_in_both_and_the_rest_is_counted(here: list[Entry], there: list[Entry]) -> None:
    ours, theirs = scores_of(here), scores_of(there)
    pairs = list(paired(here, there))
    assert [pair.slot for pair in pairs] == sorted(ours.keys() | theirs.keys())
    seen = beside(here, there).baseline
    assert seen.pairs == len(ours.keys() & theirs.keys())
    assert seen.only_here == len(ours.keys() - theirs.keys())
    assert seen.only_there == len(theirs.keys() - ours.keys())


@given(runs, runs)
def test_the_difference_is_the_mean_over_the_pairs_of_that_metric(here: list[Entry], there: list[Entry]) -> None:
    ours, theirs = scores_of(here), scores_of(there)
    for metric in beside(here, there).metrics:
        both = [slot for slot in ours.keys() & theirs.keys() if slot.metric == metric.name]
        assert metric.pairs == len(both)
        if both:  # quarters add up exactly
            assert metric.mean_difference == sum(ours[slot] - theirs[slot] for slot in both) / len(both)
            assert metric.mean == sum(ours[slot] for slot in both) / len(both)
            assert metric.baseline_mean == sum(theirs[slot] for slot in both) / len(both)
        else:
            assert metric.mean_difference is None


@given(runs, runs)
def test_turning_the_sides_around_turns_the_signs_around(here: list[Entry], there: list[Entry]) -> None:
    forth, back = beside(here, there), beside(there, here)
    for one, other in zip(forth.metrics, back.metrics, strict=True):
        assert one.mean_difference == (None if other.mean_difference is None else -other.mean_difference)
        assert (one.improved, one.fixed, one.only_here) == (other.worsened, other.broken, other.only_there)
    assert [r.case_id for r in forth.regressions] == [r.case_id for r in back.improvements]


@given(runs)
def test_a_run_beside_itself_has_no_change(run: list[Entry]) -> None:
    same = beside(run, run)
    assert same.regressions == same.improvements == ()
    assert all(metric.mean_difference in (None, 0.0) for metric in same.metrics)
    assert same.baseline.only_here == same.baseline.only_there == 0


def test_regressions_come_largest_drop_first_with_both_scores_and_reasons() -> None:
    here: list[Entry] = [scored(Slot(f"{n:02d}", FIRST), 1 - n / 20, f"now {n}") for n in range(15)]
    there: list[Entry] = [scored(Slot(f"{n:02d}", FIRST), 1.0, f"then {n}") for n in range(15)]
    regressions = beside(here, there).regressions
    assert [r.case_id for r in regressions] == [f"{n:02d}" for n in range(14, 4, -1)]
    first = regressions[0]
    assert (first.baseline_score, first.baseline_reason, first.reason) == (1.0, "then 14", "now 14")


def test_must_run_cases_are_regressions_but_not_in_the_means() -> None:
    here: list[Entry] = [scored(Slot("a", FIRST), 0.0), scored(Slot("b", FIRST), 1.0)]
    there: list[Entry] = [scored(Slot("a", FIRST), 1.0), scored(Slot("b", FIRST), 1.0)]
    seen = beside(here, there, must_run=frozenset("a"))
    assert seen.metrics[0].mean_difference == 0.0
    assert [r.case_id for r in seen.regressions] == ["a"]


def test_a_slot_that_errored_on_one_side_is_no_regression() -> None:
    seen = beside([errored(Slot("a", FIRST))], [scored(Slot("a", FIRST), 1.0)])
    assert seen.regressions == ()
    assert seen.metrics[0].only_there == 1


def test_flips_are_counted_by_what_each_run_called_a_success() -> None:
    here: list[Entry] = [scored(Slot("a", FIRST), 0.4), scored(Slot("b", FIRST), 0.6), scored(Slot("c", FIRST), 0.9)]
    there: list[Entry] = [scored(Slot("a", FIRST), 0.6), scored(Slot("b", FIRST), 0.4), scored(Slot("c", FIRST), 0.6)]
    metric = beside(here, there).metrics[0]
    assert (metric.fixed, metric.broken, metric.improved, metric.worsened) == (1, 1, 2, 1)


def test_metrics_measured_by_another_judge_recipe_or_deepeval_are_refused_unless_told() -> None:
    ours = plan([recipe("a"), recipe("b"), recipe("c"), recipe("d")])
    theirs = plan(
        [
            recipe("a", model="gpt-5", digest="x"),
            recipe("b", digest="y").model_copy(update={"args": {"strict_mode": True}}),
            recipe("c", digest="z").model_copy(update={"code": "4.2.0"}),
            recipe("d"),
        ]
    )
    refused = refused_metrics(ours, theirs)
    assert refused == {
        "a": "another judge (gpt-5 then, qwen3-32b now)",
        "b": "another recipe (prompt, arguments or code)",
        "c": "another DeepEval (4.2.0 then, 4.3.1 now)",
    }
    assert weaker_because(ours, theirs, refused) is None
    told = ours.model_copy(update={"gate": GateSpec(compare_anyway=("judge", "deepeval"))})
    assert list(refused_metrics(told, theirs)) == ["b"]
    assert weaker_because(told, theirs, refused_metrics(told, theirs)) == (
        "The baseline has another judge (gpt-5 then, qwen3-32b now) for a; another DeepEval (4.2.0 then, 4.3.1 now) for c."
    )


def test_an_advisory_metric_that_is_not_compared_is_said_beside_the_comparison() -> None:
    ours = plan([recipe("a"), recipe("b")], gate=GateSpec(metrics={"a": MetricGate(tier="advisory")}))
    theirs = plan([recipe("a", model="gpt-5", digest="x"), recipe("b", model="gpt-5", digest="y")])
    assert weaker_because(ours, theirs, refused_metrics(ours, theirs)) == (
        "The baseline has another judge (gpt-5 then, qwen3-32b now) for a, which is not compared."
    )


def test_other_cases_and_other_repeats_make_a_comparison_weaker_and_are_said() -> None:
    ours = plan()
    assert weaker_because(ours, plan()) is None
    assert counted_repeats(ours, plan()) is None
    theirs = plan().model_copy(update={"inputs_digest": "older", "execution": Execution(repeats=3)})
    assert weaker_because(ours, theirs) == (
        "The baseline has other cases in its dataset; 3 repeats a case, not 1: the first ones count."
    )
    assert counted_repeats(ours, theirs) == 1


def test_a_new_prompts_answers_to_the_same_cases_make_a_comparison_no_weaker() -> None:
    assert weaker_because(plan(), plan().model_copy(update={"dataset_digest": "older answers"})) is None


def test_a_score_that_stays_fails_by_no_new_threshold_and_the_threshold_is_said() -> None:
    ours, theirs = plan([recipe(FIRST, threshold=0.6), recipe(SECOND)]), plan([recipe(FIRST), recipe(SECOND)])
    there = [scored(Slot("a", FIRST), 0.5), scored(Slot("b", FIRST), 0.7), scored(Slot("b", SECOND), 0.5)]
    judged = list(judged_as_now(there, ours, theirs))
    assert [(each.threshold, each.success) for each in judged] == [(0.6, False), (0.6, True), (0.5, True)]
    assert weaker_because(ours, theirs) == (
        f"The baseline has threshold 0.5 for {FIRST} (this run 0.6, which both are judged by)."
    )


def test_a_success_that_is_not_the_thresholds_stays_as_it_was() -> None:
    ours, theirs = plan([recipe(FIRST, threshold=0.6)]), plan([recipe(FIRST)])
    odd = scored(Slot("a", FIRST), 0.1).model_copy(update={"success": True})
    assert list(judged_as_now([odd, errored(Slot("b", FIRST))], ours, theirs)) == [odd, errored(Slot("b", FIRST))]
    own = [recipe(FIRST).model_copy(update={"type": "mine:Metric", "threshold": least}) for least in (0.6, 0.5)]
    even = scored(Slot("a", FIRST), 0.5)
    assert list(judged_as_now([even], plan(own[:1]), plan(own[1:]))) == [even]
