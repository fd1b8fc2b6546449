from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from metric_judges import FailingJudge, HangingJudge, MeteredJudge
from metric_lab import alone, bridged, conversation, recipe_of

from evalfactory.catalogue import catalogue
from evalfactory.errors import EnvironmentProblem, InputError, RefusedError, UnavailableError
from evalfactory.judge.port import JudgeError, Meter, current_meter
from evalfactory.metrics.bridge import DeepEvalMetrics
from evalfactory.metrics.examples import conversation_case, single_case
from evalfactory.metrics.measured import ContraryJudge
from evalfactory.metrics.port import MetricError, Scored
from evalfactory.metrics.rehearsal import RehearsalJudge
from evalfactory.records.case import Case
from evalfactory.records.plan import MetricRecipe

JUDGED = [metric.name for metric in catalogue().metrics if metric.uses_judge and metric.calls + metric.calls_per_turn]
TOO_LONG = "this model's maximum context length is 8192 tokens"


def case_for(recipe: MetricRecipe) -> Case:
    return single_case() if recipe.kind == "single" else conversation_case(2)


@pytest.mark.parametrize("name", JUDGED)
@pytest.mark.parametrize("at", [0, 1])
def test_a_judges_failure_comes_out_of_every_metric_as_it_went_in(name: str, at: int) -> None:
    recipe = recipe_of(name)
    for error in (JudgeError("context_length", TOO_LONG), UnavailableError(TOO_LONG), RefusedError("no")):
        judge = FailingJudge(lambda error=error: error, at)  # type: ignore[misc]  # bound now
        if len(rehearsed(recipe)) <= at:
            continue
        with pytest.raises(type(error)) as caught:
            alone(bridged(recipe, case_for(recipe), judge))
        assert caught.value is error


def rehearsed(recipe: MetricRecipe) -> list[str]:
    judge = RehearsalJudge()
    alone(bridged(recipe, case_for(recipe), judge))
    return judge.prompts


def test_a_type_error_inside_the_judge_is_asked_once_and_is_a_bug() -> None:
    judge = FailingJudge(lambda: TypeError("oops"))
    with pytest.raises(JudgeError, match="TypeError: oops") as caught:
        alone(bridged(recipe_of("hallucination"), single_case(), judge))
    assert caught.value.error_class == "bug"
    assert len(judge.prompts) == 1


@pytest.mark.parametrize("name", ["answer_relevancy", "turn_faithfulness"])
def test_a_hanging_measurement_can_be_cancelled_and_its_question_too(name: str) -> None:
    async def story() -> None:
        judge, recipe = HangingJudge(), recipe_of(name)
        task = asyncio.create_task(bridged(recipe, case_for(recipe), judge))
        await judge.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await judge.given_up.wait()

    alone(story())


def test_measurements_at_the_same_time_do_not_see_each_other() -> None:
    async def story() -> tuple[list[Scored], list[Scored]]:
        names = ["answer_relevancy", "faithfulness", "contextual_relevancy"]
        recipes = [recipe_of(name) for name in names]
        judge = ContraryJudge(3)
        metrics = DeepEvalMetrics(recipes, dict.fromkeys(names, judge))
        cases = [single_case(chunks) for chunks in range(1, 9)]
        jobs = [(case, recipe) for case in cases for recipe in recipes]
        together = await asyncio.gather(*(metrics.measure(*job) for job in jobs))
        return list(together), [await metrics.measure(*job) for job in jobs]

    together, apart = alone(story())
    assert together == apart
    assert len(set(together)) > 8


@pytest.mark.parametrize("name", ["answer_relevancy", "turn_faithfulness"])
def test_calls_are_charged_to_the_measurement_that_made_them(name: str) -> None:
    async def one(metrics: DeepEvalMetrics, recipe: MetricRecipe, case: Case) -> int:
        meter = Meter(asyncio.get_running_loop().time())
        current_meter.set(meter)
        await metrics.measure(case, recipe)
        return meter.calls

    async def story() -> tuple[list[int], int]:
        recipe, judge = recipe_of(name), MeteredJudge()
        metrics = DeepEvalMetrics([recipe], {name: judge})
        cases = [conversation(pairs) if recipe.kind == "conversation" else single_case(pairs) for pairs in (1, 2, 3)]
        calls = await asyncio.gather(*(asyncio.create_task(one(metrics, recipe, case)) for case in cases))
        return list(calls), len(judge.prompts)

    calls, asked = alone(story())
    assert sum(calls) == asked
    assert calls == ([3, 3, 3] if name == "answer_relevancy" else [5, 9, 13])


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("pattern_match", {"pattern": "("}),
        ("geval", {"evaluation_steps": ["x"], "evaluation_params": []}),
        ("tool_permission", {}),
        ("faithfulness", {"colour": "red"}),
    ],
)
def test_a_recipe_that_its_metric_does_not_accept_is_told_once_before_any_measuring(
    name: str, args: dict[str, Any]
) -> None:
    recipe = recipe_of(name).model_copy(update={"args": args})
    with pytest.raises(InputError, match=f"the metric '{name}' does not accept its arguments"):
        alone(bridged(recipe, single_case(), RehearsalJudge()))


def test_a_recipe_of_another_deepeval_is_refused() -> None:
    recipe = recipe_of("bias").model_copy(update={"code": "4.1.0"})
    with pytest.raises(EnvironmentProblem, match=r"planned with 4\.1\.0, and here is 4\.3\.1"):
        alone(bridged(recipe, single_case(), RehearsalJudge()))


@pytest.mark.parametrize(
    ("output", "score"), [('{"answer": "yes"}', 1.0), ('{"answer": 1}', 0.0), ("yes", 0.0), ("[", 0.0)]
)
def test_json_correctness_takes_a_json_schema_written_in_the_suite(output: str, score: float) -> None:
    case = Case(id="json", input="?", actual_output=output)
    assert alone(bridged(recipe_of("json_correctness"), case, RehearsalJudge())).score == score


def test_a_picture_mark_in_a_case_is_only_text() -> None:
    case = single_case().model_copy(update={"input": "[DEEPEVAL:IMAGE:secret]"})
    judge = RehearsalJudge()
    alone(bridged(recipe_of("answer_relevancy"), case, judge))
    assert any("[DEEPEVAL:IMAGE:secret]" in prompt for prompt in judge.prompts)


def test_measuring_prints_nothing_and_keeps_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    async def story() -> tuple[int, int]:
        names = ["exact_match", "tool_correctness", "geval"]
        metrics = DeepEvalMetrics([recipe_of(name) for name in names], dict.fromkeys(names, Forgetful()))
        case = single_case()

        async def some(times: int) -> int:
            for _ in range(times):
                for name in names:
                    await metrics.measure(case, recipe_of(name))
            gc.collect()
            return len(gc.get_objects())

        await some(20)
        return await some(20), await some(150)

    before, after = alone(story())
    assert after - before < 100
    assert capfd.readouterr() == ("", "")


class Forgetful(RehearsalJudge):
    async def ask(self, prompt: str, schema: Any) -> Any:
        self.prompts.clear()
        return await super().ask(prompt, schema)


def test_half_a_character_in_a_judges_reason_can_be_written() -> None:
    class Torn(RehearsalJudge):
        async def ask(self, prompt: str, schema: Any) -> Any:
            return schema.model_construct(score=5.0, reason="half \ud83d")

    assert alone(bridged(recipe_of("geval"), single_case(), Torn())).reason == "half ?"


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_no_finite_number_is_the_metrics_failure(score: float) -> None:
    class Endless(RehearsalJudge):
        async def ask(self, prompt: str, schema: Any) -> Any:
            return schema.model_construct(score=score, reason="")

    with pytest.raises(MetricError, match="the metric gave no score"):
        alone(bridged(recipe_of("geval"), single_case(), Endless()))
