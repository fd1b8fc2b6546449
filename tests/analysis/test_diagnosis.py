from __future__ import annotations

from collections.abc import Callable

import pytest

from evalfactory.analysis.diagnosis import Diagnosing
from evalfactory.analysis.merge import Entry
from evalfactory.analysis.summary import Summarizer
from evalfactory.records.measurement import Output, Slot
from results_given import errored, frozen, recipe, scored, skipped

RECALL, PRECISION, FAITHFUL, RELEVANT, TONE = (
    "contextual_recall", "contextual_precision", "faithfulness", "answer_relevancy", "tone",
)  # fmt: skip
RECIPES = [recipe(name) for name in (RECALL, PRECISION, FAITHFUL, RELEVANT, TONE)]


@pytest.mark.parametrize(
    ("passed", "failed", "cause"),
    [
        ([FAITHFUL], [RECALL], "retrieval"),
        ([FAITHFUL, RELEVANT, PRECISION], [RECALL], "retrieval"),
        ([RECALL, PRECISION], [FAITHFUL], "generation"),
        ([RECALL, FAITHFUL], [RELEVANT], "generation"),
        ([PRECISION], [RECALL, RELEVANT], "both"),
        ([], [RECALL], "cannot tell"),
        ([RELEVANT], [FAITHFUL], "cannot tell"),
        ([RECALL, FAITHFUL], [TONE], "cannot tell"),
        ([], [TONE], "cannot tell"),
        ([RECALL, FAITHFUL, TONE], [], None),
    ],
)
def test_the_cause_follows_the_table(passed: list[str], failed: list[str], cause: str | None) -> None:
    diagnosing = Diagnosing(RECIPES)
    for score, names in ((1.0, passed), (0.0, failed)):
        for name in names:
            diagnosing.add(scored(Slot("a", name), score))
    assert diagnosing.causes().get("a") == cause


def test_bad_cases_are_counted_by_cause_and_the_metric_that_would_tell_is_named() -> None:
    diagnosing = Diagnosing(RECIPES)
    for name, scores in {
        "a": {RECALL: 0.0, FAITHFUL: 1.0},
        "b": {FAITHFUL: 0.0},
        "c": {RECALL: 0.0},
        "d": {RECALL: 1.0},
    }.items():
        for metric, score in scores.items():
            diagnosing.add(scored(Slot(name, metric), score))
    told = diagnosing.told()
    assert told is not None
    assert (told.bad, told.retrieval, told.generation, told.both, told.cannot_tell) == (3, 1, 0, 0, 2)
    assert told.would_tell == {"contextual_relevancy": 1, "faithfulness": 1}


@pytest.mark.parametrize("lost", [errored, skipped, lambda slot: slot])
def test_a_side_with_a_metric_that_has_no_score_is_unknown_unless_another_one_failed(
    lost: Callable[[Slot], Entry],
) -> None:
    diagnosing = Diagnosing(RECIPES)
    for entry in (
        lost(Slot("a", RECALL)),
        scored(Slot("a", PRECISION), 1.0),
        scored(Slot("a", FAITHFUL), 0.0),
        scored(Slot("b", PRECISION), 0.0),
        scored(Slot("b", FAITHFUL), 1.0),
        lost(Slot("b", RELEVANT)),
        lost(Slot("c", RECALL)),
        scored(Slot("c", PRECISION), 0.0),
        scored(Slot("c", FAITHFUL), 1.0),
    ):
        diagnosing.add(entry)
    assert diagnosing.causes() == {"a": "cannot tell", "b": "cannot tell", "c": "retrieval"}
    told = diagnosing.told()
    assert told is not None
    assert told.would_tell == {RECALL: 1, RELEVANT: 1}


def test_an_errored_metric_says_nothing_and_a_repeat_no_more_than_the_first_draw() -> None:
    diagnosing = Diagnosing(RECIPES)
    diagnosing.add(scored(Slot("a", FAITHFUL), 0.0))
    diagnosing.add(errored(Slot("a", RECALL)))
    diagnosing.add(scored(Slot("a", RECALL, 1), 0.0))
    assert diagnosing.causes() == {"a": "cannot tell"}


def test_only_cases_with_a_retrieval_context_are_diagnosed_their_own_or_the_targets() -> None:
    summarizer = Summarizer(RECIPES)
    for name, case, output in (
        ("own", frozen("own", retrieval_context=["found"]), None),
        ("target", frozen("target"), Output(case_id="target", retrieval_context=("found",))),
        ("none", frozen("none"), None),
    ):
        summarizer.add(scored(Slot(name, RECALL), 1.0), case, output)
        summarizer.add(scored(Slot(name, FAITHFUL), 0.0), case, output)
    summary = summarizer.summary()
    assert summary.causes == {"own": "generation", "target": "generation"}
    assert summary.diagnosis is not None
    assert summary.diagnosis.generation == 2


def test_a_suite_without_such_metrics_has_no_diagnosis() -> None:
    diagnosing = Diagnosing([recipe(TONE)])
    diagnosing.add(scored(Slot("a", TONE), 0.0))
    assert diagnosing.told() is None
