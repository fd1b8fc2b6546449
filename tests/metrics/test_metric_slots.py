from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_lab import alone, conversation, recipe_of

from evalfactory.catalogue import catalogue, typical_calls
from evalfactory.metrics.bridge import DeepEvalMetrics
from evalfactory.metrics.examples import conversation_case, single_case
from evalfactory.metrics.port import MetricError
from evalfactory.metrics.rehearsal import RehearsalJudge
from evalfactory.planning.slots import estimated_calls, fingerprint, metric_fields_missing, success_of
from evalfactory.records.case import Case, ToolCall, Turn
from evalfactory.records.plan import MetricRecipe

NAMES = [metric.name for metric in catalogue().metrics]
FIELDS = {
    "single": ("actual_output", "expected_output", "context", "retrieval_context", "tools_called", "expected_tools"),
    "conversation": ("scenario", "expected_outcome", "user_description", "chatbot_role", "context"),
}


def full(recipe: MetricRecipe) -> Case:
    return single_case() if recipe.kind == "single" else conversation_case()


def deepeval_misses_a_field(recipe: MetricRecipe, case: Case) -> bool:
    try:
        alone(DeepEvalMetrics([recipe], {recipe.name: RehearsalJudge()}).measure(case, recipe))
    except MetricError as error:
        return str(error).startswith("MissingTestCaseParamsError")
    return False


@pytest.mark.parametrize("name", NAMES)
def test_a_field_is_missing_for_us_when_it_is_for_deepeval(name: str) -> None:
    recipe = recipe_of(name)
    case = full(recipe)
    assert metric_fields_missing(case, recipe) == ()
    for field in FIELDS[recipe.kind]:
        for nothing in (None, "" if isinstance(getattr(case, field), str) else ()):
            poorer = case.model_copy(update={field: nothing})
            missing = metric_fields_missing(poorer, recipe)
            assert missing in ((), (field,))
            assert bool(missing) == deepeval_misses_a_field(recipe, poorer), (field, nothing)


@pytest.mark.parametrize("params", [["tags"], ["metadata"], ["expected_tools", "tags"], ["context"]])
def test_geval_misses_what_its_parameters_name(params: list[str]) -> None:
    steps = {"evaluation_steps": ["Compare."], "evaluation_params": params}
    recipe = recipe_of("geval", steps)
    assert metric_fields_missing(single_case(), recipe) == ()
    bare = Case(id="bare", input="?")
    assert metric_fields_missing(bare, recipe) == tuple(params)
    assert deepeval_misses_a_field(recipe, bare)


def test_context_of_turns_is_missing_when_no_turn_has_any() -> None:
    recipe = recipe_of("turn_faithfulness")
    assert metric_fields_missing(conversation(3), recipe) == ()
    bare = Case(id="bare", turns=(Turn(role="user", content="?"), Turn(role="assistant", content="!")))
    assert metric_fields_missing(bare, recipe) == ("turns.retrieval_context",)


def test_a_case_of_the_other_kind_lacks_what_makes_it_that_kind() -> None:
    assert "input" in metric_fields_missing(conversation(), recipe_of("answer_relevancy"))
    assert "input" in metric_fields_missing(conversation(), recipe_of("tool_permission"))
    assert "turns" in metric_fields_missing(single_case(), recipe_of("turn_relevancy"))


def test_what_the_target_produces_is_not_missing() -> None:
    recipe = recipe_of("faithfulness").model_copy(update={"produced": ("actual_output",)})
    bare = Case(id="bare", input="?")
    assert metric_fields_missing(bare, recipe) == ("retrieval_context",)


@given(
    changed=st.fixed_dictionaries(
        {},
        optional={
            "input": st.text(),
            "actual_output": st.text(),
            "retrieval_context": st.lists(st.text()).map(tuple),
            "tools_called": st.lists(st.builds(ToolCall, name=st.text())).map(tuple),
        },
    )
)
def test_a_fingerprint_changes_exactly_when_judged_content_does(changed: dict[str, Any]) -> None:
    recipe, case = recipe_of("answer_relevancy"), single_case()
    other = case.model_copy(update=changed)
    assert (fingerprint(case, recipe, 0) == fingerprint(other, recipe, 0)) == (case == other)


@pytest.mark.parametrize("field", ["id", "name", "tags", "metadata", "comments", "must_run"])
def test_what_no_metric_reads_leaves_the_fingerprint_alone(field: str) -> None:
    changes: dict[str, Any] = {"tags": ("new",), "metadata": {"new": 1}, "must_run": True}
    case = single_case()
    other = case.model_copy(update={field: changes.get(field, "new")})
    assert fingerprint(case, recipe_of("faithfulness"), 0) == fingerprint(other, recipe_of("faithfulness"), 0)
    own = recipe_of("faithfulness").model_copy(update={"type": "mine:Metric"})
    assert (fingerprint(case, own, 0) == fingerprint(other, own, 0)) == (field in ("id", "must_run"))


def test_tags_count_for_the_metric_that_asks_for_them() -> None:
    recipe = recipe_of("geval", {"evaluation_steps": ["Compare."], "evaluation_params": ["actual_output", "tags"]})
    case = single_case()
    assert fingerprint(case, recipe, 0) != fingerprint(case.model_copy(update={"tags": ("new",)}), recipe, 0)
    assert fingerprint(case, recipe, 0) == fingerprint(case.model_copy(update={"metadata": {"new": 1}}), recipe, 0)


def test_another_repeat_and_another_recipe_are_other_fingerprints() -> None:
    case, relevancy, bias = single_case(), recipe_of("answer_relevancy"), recipe_of("bias")
    assert len({fingerprint(case, relevancy, 0), fingerprint(case, relevancy, 1), fingerprint(case, bias, 0)}) == 3


@pytest.mark.parametrize("name", NAMES)
def test_the_estimate_is_what_the_rehearsal_judge_was_asked(name: str) -> None:
    recipe = recipe_of(name)
    for size in (1, 3, 12):
        case = single_case(size) if recipe.kind == "single" else conversation_case(size)
        judge = RehearsalJudge()
        alone(DeepEvalMetrics([recipe], {name: judge}).measure(case, recipe))
        assert estimated_calls(case, recipe) == len(judge.prompts)


def test_a_smaller_window_of_turns_costs_what_the_estimate_says() -> None:
    recipe = recipe_of("turn_contextual_relevancy", {"window_size": 2})
    judge = RehearsalJudge()
    alone(DeepEvalMetrics([recipe], {recipe.name: judge}).measure(conversation_case(5), recipe))
    assert estimated_calls(conversation_case(5), recipe) == len(judge.prompts) == 1 + 5 + 9


def test_no_metric_is_estimated_below_nothing_and_a_longer_case_never_below_a_shorter_one() -> None:
    for metric in catalogue().metrics:
        assert min(metric.calls, metric.calls_per_chunk, metric.calls_per_turn) >= 0, metric.name
        recipe = recipe_of(metric.name)
        make = single_case if recipe.kind == "single" else conversation_case
        estimates = [estimated_calls(make(size), recipe) for size in range(1, 15)]
        assert estimates == sorted(estimates)
        assert typical_calls(metric) == recipe.calls == estimates[2]


def test_context_that_the_target_will_bring_is_expected_to_be_of_typical_length() -> None:
    recipe = recipe_of("contextual_relevancy").model_copy(update={"produced": ("retrieval_context",)})
    assert estimated_calls(Case(id="bare", input="?"), recipe) == recipe.calls == 4


def test_success_is_a_score_at_or_above_the_threshold() -> None:
    recipe = recipe_of("bias", threshold=0.7)
    assert [success_of(score, recipe) for score in (0.69, 0.7, 1.0)] == [False, True, True]
    assert success_of(0.7, recipe.model_copy(update={"threshold": None})) is None
