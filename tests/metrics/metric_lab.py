"""What the tests of the metrics share: recipes of the whole catalogue, cases, and DeepEval driven without any of our bridge."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Coroutine
from typing import Any, TypeVar

from pydantic import BaseModel

from evalfactory.catalogue import catalogue
from evalfactory.judge.port import Judge, Meter, current_meter
from evalfactory.metrics import deepeval_api as deepeval
from evalfactory.metrics.bridge import DeepEvalMetrics
from evalfactory.metrics.examples import EXAMPLE_ARGUMENTS
from evalfactory.metrics.port import Scored
from evalfactory.metrics.recipes import resolve_recipe
from evalfactory.records.case import Case, ToolCall, Turn
from evalfactory.records.plan import MetricRecipe
from evalfactory.records.suite import JudgeSpec, MetricSpec

Result = TypeVar("Result")
JUDGE = JudgeSpec(model="judge")


class Order(BaseModel):
    """For json_correctness, which the direct side gets as a class."""

    number: str
    items: list[str]


ORDER_SCHEMA = f"{__name__}:Order"

#: Arguments as a suite writes them, and the same as DeepEval wants them: the direct side does without our conversion.
_QUESTIONS = ["Is the deadline named?", "Is the shop named?", "Is it polite?"]
_TOOL = deepeval.ToolCall(name="find_order", description="Finds an order by its number.")
ARGUMENTS: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {
    "geval": [
        (
            {
                "evaluation_steps": ["Compare.", "Weigh."],
                "evaluation_params": ["input", "actual_output", "expected_output"],
            },
            {
                "evaluation_steps": ["Compare.", "Weigh."],
                "evaluation_params": [
                    deepeval.SingleTurnParams.INPUT,
                    deepeval.SingleTurnParams.ACTUAL_OUTPUT,
                    deepeval.SingleTurnParams.EXPECTED_OUTPUT,
                ],
            },
        ),
        (
            {
                "evaluation_steps": ["Compare."],
                "evaluation_params": ["tags", "metadata", "tools_called"],
                "rubric": [
                    {"score_range": [0, 4], "expected_outcome": "Bad."},
                    {"score_range": [5, 10], "expected_outcome": "Good."},
                ],
            },
            {
                "evaluation_steps": ["Compare."],
                "evaluation_params": [
                    deepeval.SingleTurnParams.TAGS,
                    deepeval.SingleTurnParams.METADATA,
                    deepeval.SingleTurnParams.TOOLS_CALLED,
                ],
                "rubric": [
                    deepeval.Rubric(score_range=(0, 4), expected_outcome="Bad."),
                    deepeval.Rubric(score_range=(5, 10), expected_outcome="Good."),
                ],
            },
        ),
    ],
    "conversational_geval": [
        (
            {"evaluation_steps": ["Read."], "evaluation_params": ["role", "scenario", "retrieval_context"]},
            {
                "evaluation_steps": ["Read."],
                "evaluation_params": [
                    deepeval.MultiTurnParams.ROLE,
                    deepeval.MultiTurnParams.SCENARIO,
                    deepeval.MultiTurnParams.RETRIEVAL_CONTEXT,
                ],
            },
        )
    ],
    "json_correctness": [({"expected_schema": ORDER_SCHEMA}, {"expected_schema": Order})],
    "tool_correctness": [
        ({}, {}),
        (
            {
                "available_tools": ["refund", {"name": "find_order", "description": "Finds an order by its number."}],
                "evaluation_params": ["input_parameters", "output"],
                "should_consider_ordering": True,
            },
            {
                "available_tools": [deepeval.ToolCall(name="refund"), _TOOL],
                "evaluation_params": [deepeval.ToolCallParams.INPUT_PARAMETERS, deepeval.ToolCallParams.OUTPUT],
                "should_consider_ordering": True,
            },
        ),
        ({"should_exact_match": True}, {"should_exact_match": True}),
    ],
    "tool_use": [({"available_tools": EXAMPLE_ARGUMENTS["tool_use"]["available_tools"]}, {"available_tools": [_TOOL]})],
    "tool_permission": [({"denied_tools": ["find_order"]}, {"denied_tools": ["find_order"]})],
    "summarization": [({}, {}), ({"assessment_questions": _QUESTIONS}, {"assessment_questions": _QUESTIONS})],
    "pattern_match": [({"pattern": ".*REFUND.*", "ignore_case": True}, {"pattern": ".*REFUND.*", "ignore_case": True})],
    "faithfulness": [({}, {}), ({"truths_extraction_limit": 2, "penalize_ambiguous_claims": True},) * 2],
    "turn_relevancy": [({"window_size": 2}, {"window_size": 2})],
}


def arguments_of(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Pairs of a suite's arguments and DeepEval's, the plain ones and those of strict mode without a reason."""
    pairs = ARGUMENTS.get(name) or [(EXAMPLE_ARGUMENTS.get(name, {}),) * 2]
    metric = catalogue().get(name)
    assert metric is not None
    known = {argument.name for argument in metric.arguments}
    strict = {key: value for key, value in {"strict_mode": True, "include_reason": False}.items() if key in known}
    return [*pairs, ({**pairs[0][0], **strict}, {**pairs[0][1], **strict})]


def recipe_of(name: str, args: dict[str, Any] | None = None, **more: Any) -> MetricRecipe:
    """The recipe of a metric of the catalogue, with its example's arguments unless others are given."""
    given = EXAMPLE_ARGUMENTS.get(name, {}) if args is None else args
    return resolve_recipe(MetricSpec(name=name, type=name, args=given, **more), JUDGE, catalogue())


def conversation(pairs: int = 3) -> Case:
    """A conversation of which not every turn has retrieval context, with Japanese."""
    turns = [
        turn
        for pair in range(pairs)
        for turn in (
            Turn(role="user", content=f"注文 {pair} はいつ届きますか。"),
            Turn(
                role="assistant",
                content=f"注文 {pair} は明日届きます。",
                retrieval_context=(f"注文 {pair} は発送済みです。", "配達は二日です。") if pair != 1 else None,
                tools_called=(ToolCall(name="find_order", input_parameters={"number": pair}),),
            ),
        )
    ]
    return Case(
        id="chat",
        turns=tuple(turns),
        scenario="A customer asks for the orders.",
        expected_outcome="The customer knows the dates.",
        chatbot_role="shop assistant",
        tags=("orders",),
        metadata={"shop": "Umeda"},
    )


def alone(work: Coroutine[Any, Any, Result]) -> Result:
    """The work's result, in an event loop of its own and with a meter to charge."""

    async def bounded() -> Result:
        current_meter.set(Meter(asyncio.get_running_loop().time()))
        async with asyncio.timeout(60):
            return await work

    return asyncio.run(bounded())


async def bridged(recipe: MetricRecipe, case: Case, judge: Judge) -> Scored:
    """What our bridge makes of it."""
    return await DeepEvalMetrics([recipe], {recipe.name: judge}).measure(case, recipe)


class PlainModel(deepeval.LocalModel):  # type: ignore[misc]  # DeepEval is untyped for us
    """The least that DeepEval needs: it blocks its thread until the judge, which lives in another one, has answered."""

    def __init__(self, judge: Judge, loop: asyncio.AbstractEventLoop) -> None:
        self._judge = judge
        self._loop = loop
        super().__init__(model="judge")

    def load_model(self, async_mode: bool = False) -> None:
        return None

    def generate(self, prompt: str, schema: type[BaseModel] | None = None, audio: Any = None) -> Any:
        return asyncio.run_coroutine_threadsafe(self._judge.ask(prompt, schema), self._loop).result(30), 0.0

    async def a_generate(self, prompt: str, schema: type[BaseModel] | None = None, audio: Any = None) -> Any:
        return self.generate(prompt, schema)


async def direct(name: str, args: dict[str, Any], threshold: float | None, test_case: Any, judge: Judge) -> Scored:
    """What DeepEval makes of it, called as its documentation says, in a thread of its own."""
    loop = asyncio.get_running_loop()
    return await asyncio.to_thread(
        lambda: asyncio.run(_direct(name, args, threshold, test_case, PlainModel(judge, loop)))
    )


async def _direct(
    name: str, args: dict[str, Any], threshold: float | None, test_case: Any, model: PlainModel
) -> Scored:
    known = catalogue().get(name)
    assert known is not None
    given = {"model": model} if known.uses_judge else {}
    named = {"name": name} if name.endswith("geval") else {}
    limit = {} if threshold is None else {"threshold": threshold}
    copies = {key: list(value) if isinstance(value, list) else value for key, value in args.items()}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* now scores in the same direction as every other")
        metric = getattr(deepeval.metrics, known.class_name)(**given, **named, **limit, **copies)
    await metric.a_measure(test_case, _show_indicator=False)
    return Scored(metric.score, metric.reason, metric.threshold, metric.is_successful())
