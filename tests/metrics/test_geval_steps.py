from __future__ import annotations

from typing import Any

import pytest
from metric_judges import FailingJudge, MeteredJudge
from metric_lab import JUDGE, alone, bridged, conversation, direct

from evalfactory.catalogue import catalogue
from evalfactory.errors import UnavailableError
from evalfactory.judge.port import JudgeError, current_meter
from evalfactory.metrics import deepeval_api as deepeval
from evalfactory.metrics.cases import test_case_of as deepeval_case
from evalfactory.metrics.examples import single_case
from evalfactory.metrics.recipes import resolve_recipe
from evalfactory.metrics.rehearsal import RehearsalJudge
from evalfactory.metrics.steps import write_steps
from evalfactory.records.suite import MetricSpec

SINGLE = MetricSpec(
    name="polite", type="geval", args={"criteria": "Polite?", "evaluation_params": ["input", "actual_output"]}
)
CHAT = MetricSpec(
    name="polite", type="conversational_geval", args={"criteria": "Polite?", "evaluation_params": ["scenario", "role"]}
)


@pytest.mark.parametrize("spec", [SINGLE, CHAT], ids=["geval", "conversational_geval"])
def test_steps_written_once_lead_to_the_score_of_a_metric_that_writes_its_own(spec: MetricSpec) -> None:
    single = spec is SINGLE
    case = single_case() if single else conversation(2)
    kind: Any = deepeval.SingleTurnParams if single else deepeval.MultiTurnParams
    theirs = {"criteria": "Polite?", "evaluation_params": [kind(name) for name in spec.args["evaluation_params"]]}
    for seed in range(3):
        judge = RehearsalJudge(seed)
        steps = alone(write_steps(spec, judge))
        recipe = resolve_recipe(spec, JUDGE, catalogue(), steps=steps)
        scored = alone(bridged(recipe, case, judge))
        ours = list(judge.prompts)
        judge.prompts.clear()

        async def theirs_too(judge: RehearsalJudge = judge) -> Any:
            return await direct(spec.type, theirs, 0.5, deepeval_case(case), judge)

        assert scored == alone(theirs_too())
        assert ours == judge.prompts
        assert len(ours) == 2


def test_asking_for_steps_is_charged_to_the_meter_that_is_there() -> None:
    async def story() -> int:
        await write_steps(SINGLE, MeteredJudge())
        return current_meter.get().calls

    assert alone(story()) == 1


def test_asking_for_steps_needs_no_meter() -> None:
    import asyncio

    assert len(asyncio.run(write_steps(SINGLE, MeteredJudge()))) == 3


def test_a_judge_that_writes_no_steps_has_failed() -> None:
    class Silent(RehearsalJudge):
        async def ask(self, prompt: str, schema: Any) -> Any:
            return schema(steps=["", " "])

    with pytest.raises(JudgeError, match="wrote no evaluation steps for the metric 'polite'"):
        alone(write_steps(SINGLE, Silent()))


@pytest.mark.parametrize("error", [JudgeError("server", "down"), UnavailableError("gone")])
def test_a_judge_that_fails_while_writing_steps_fails_the_asking(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        alone(write_steps(SINGLE, FailingJudge(lambda: error)))
    assert caught.value is error
