from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from metric_lab import alone, arguments_of, bridged, conversation, direct, recipe_of

from evalfactory.catalogue import catalogue
from evalfactory.judge.client import open_judge
from evalfactory.judge.port import Judge
from evalfactory.judge.simulator import SimulatorOptions
from evalfactory.judge.simulator.server import serving
from evalfactory.metrics import deepeval_api as deepeval
from evalfactory.metrics.examples import single_case
from evalfactory.metrics.measured import ContraryJudge
from evalfactory.metrics.port import Scored
from evalfactory.metrics.rehearsal import RehearsalJudge
from evalfactory.records.case import Case
from evalfactory.records.suite import JudgeSpec

NAMES = [metric.name for metric in catalogue().metrics]
JSON_CASE = Case(id="json", input="The order, as JSON.", actual_output='{"number": "A-17", "items": ["shoes"]}')


def cases_of(name: str) -> list[Case]:
    metric = catalogue().get(name)
    assert metric is not None
    if metric.kind == "conversation":
        return [conversation(3), conversation(1)]
    return [single_case(3), *([JSON_CASE] if name == "json_correctness" else [])]


def deepevals(case: Case) -> Any:
    """DeepEval's own reading of the case, from the JSON that its own files have."""
    plain = json.loads(case.model_dump_json(exclude_none=True, exclude={"id", "must_run"}))
    if case.turns is not None:
        return deepeval.ConversationalTestCase.model_validate(plain)
    camel = {"tools_called": "toolsCalled", "expected_tools": "expectedTools"}
    return deepeval.LLMTestCase.model_validate({camel.get(key, key): value for key, value in plain.items()})


async def both(name: str, judge: Judge) -> list[tuple[Scored, Scored]]:
    outcomes = []
    for ours, theirs in arguments_of(name):
        for case in cases_of(name):
            recipe = recipe_of(name, ours, threshold=0.6)
            expected = await direct(name, theirs, 0.6, deepevals(case), judge)
            outcomes.append((expected, await bridged(recipe, case, judge)))
    return outcomes


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_gives_deepevals_own_score_reason_threshold_and_success(name: str) -> None:
    for seed in range(3):
        for expected, seen in alone(both(name, RehearsalJudge(seed))):
            assert seen == expected


def test_every_metric_gives_deepevals_own_score_and_reason_with_a_judge_behind_http() -> None:
    async def story() -> dict[str, list[tuple[Scored, Scored]]]:
        async with serving(SimulatorOptions()) as simulator:
            judge = open_judge(JudgeSpec(model="sim", base_url=simulator.base_url, max_in_flight=20))
            try:
                found = await asyncio.gather(*(both(name, judge) for name in NAMES))
            finally:
                await judge.close()
        return dict(zip(NAMES, found, strict=True))

    outcomes = alone(story())
    assert len(outcomes) >= 34
    for name, pairs in outcomes.items():
        for expected, seen in pairs:
            assert seen == expected, name
    assert len({seen.score for pairs in outcomes.values() for _, seen in pairs}) >= 5


@pytest.mark.parametrize("name", [metric.name for metric in catalogue().metrics if metric.kind == "conversation"])
def test_the_order_in_which_answers_arrive_changes_no_score_and_no_reason(name: str) -> None:
    recipe = recipe_of(name)
    for case in cases_of(name):
        at_once = alone(bridged(recipe, case, RehearsalJudge(1)))
        last_first = alone(bridged(recipe, case, ContraryJudge(1)))
        assert at_once == last_first


def test_the_default_threshold_is_deepevals() -> None:
    for metric in catalogue().metrics:
        ours, theirs = arguments_of(metric.name)[0]
        case = cases_of(metric.name)[0]

        async def outcomes(
            name: str = metric.name, ours: Any = ours, theirs: Any = theirs, case: Case = case
        ) -> tuple[Scored, Scored]:
            judge = RehearsalJudge()
            return (
                await direct(name, theirs, None, deepevals(case), judge),
                await bridged(recipe_of(name, ours), case, judge),
            )

        expected, seen = alone(outcomes())
        assert seen == expected, metric.name
