from __future__ import annotations

from typing import Any

import pytest

from evalfactory.catalogue import catalogue
from evalfactory.errors import InputError
from evalfactory.metrics.recipes import resolve_recipe
from evalfactory.records.suite import JudgeSpec, MetricSpec

GEVAL: dict[str, Any] = {"evaluation_steps": ["Compare."], "evaluation_params": ["input"]}


def resolve(kind: str, args: dict[str, Any]) -> None:
    resolve_recipe(MetricSpec(name="mine", type=kind, args=args), JudgeSpec(model="m"), catalogue())


def rubric(*ranges: Any) -> dict[str, Any]:
    return {**GEVAL, "rubric": [{"score_range": each, "expected_outcome": "Fine."} for each in ranges]}


@pytest.mark.parametrize(
    ("kind", "args", "words"),
    [
        ("pattern_match", {"pattern": "("}, "metrics: mine: pattern: is no regular expression: missing )"),
        ("geval", {**GEVAL, "evaluation_params": []}, "evaluation_params: must not be empty"),
        ("geval", {**GEVAL, "criteria": " "}, "criteria: must not be empty"),
        ("geval", {**GEVAL, "evaluation_steps": ["Compare.", ""]}, "evaluation_steps: has an empty text"),
        ("geval", rubric([5, 1]), "rubric: row 1: score_range must go up, within 0 to 10"),
        ("geval", rubric([0, 3], [3, 11]), "rubric: row 2: score_range must go up"),
        ("geval", rubric([0, 3], [3, 5]), "rubric: row 2: score_range overlaps"),
        ("geval", rubric("0-3"), "rubric: row 1: score_range"),
        ("geval", {**GEVAL, "rubric": ["bad"]}, "rubric: row 1: "),
        ("tool_use", {"available_tools": [{"label": "x"}]}, "available_tools: tool 1: name Field required"),
        ("tool_correctness", {"available_tools": [1]}, "available_tools: tool 1: "),
        (
            "json_correctness",
            {"expected_schema": {"type": "objekt"}},
            "expected_schema: is not a JSON Schema",
        ),
        ("json_correctness", {"expected_schema": "Order"}, "must be a JSON Schema"),
        ("prompt_alignment", {"prompt_instructions": []}, "prompt_instructions: must not be empty"),
        ("summarization", {"n": 0}, "n: must be 1 or more"),
    ],
)
def test_arguments_that_cannot_work_are_told_when_the_plan_is_made(kind: str, args: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve(kind, args)
    assert "the metric 'mine' does not accept its arguments" in str(caught.value)
    assert words in str(caught.value)


def test_every_wrong_argument_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        resolve("geval", {**rubric([9, 1], [1, 99]), "criteria": ""})
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("args", [rubric(), rubric([0, 10]), rubric([6, 10], [0, 5]), rubric([3, 3], [4, 4])])
def test_rubrics_that_deepeval_takes_are_taken(args: dict[str, Any]) -> None:
    resolve("geval", args)
