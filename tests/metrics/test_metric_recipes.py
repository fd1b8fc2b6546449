from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from evalfactory.catalogue import catalogue
from evalfactory.errors import InputError
from evalfactory.metrics.recipes import needs_steps, resolve_recipe, steps_key
from evalfactory.records.plan import MetricRecipe
from evalfactory.records.suite import JudgeSpec, MetricSpec, Price

JUDGE = JudgeSpec(model="judge")
STEPS = ("Compare.", "Weigh.")


def recipe(
    kind: str = "faithfulness", judge: JudgeSpec = JUDGE, args: dict[str, Any] | None = None, **more: Any
) -> MetricRecipe:
    return resolve_recipe(MetricSpec(name=kind, type=kind, args=args or {}, **more), judge, catalogue())


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://elsewhere/v1"},
        {"api_key_env": "KEY"},
        {"headers": {"a": "b"}},
        {"query": {"a": "b"}},
        {"price": Price(input=1, output=2)},
        {"timeout_s": 5.0},
        {"max_in_flight": 2},
        {"requests_per_minute": 60.0},
        {"max_tries": 1},
    ],
)
def test_how_a_judge_is_reached_is_no_part_of_the_recipe(change: dict[str, Any]) -> None:
    assert recipe(judge=JUDGE.model_copy(update=change)).digest == recipe().digest


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"temperature": None},
        {"temperature": 0.5},
        {"seed": 7},
        {"max_tokens": 100},
        {"max_completion_tokens": 100},
        {"extra_body": {"top_p": 0.5}},
        {"response_format": "none"},
        {"kind": "offline"},
    ],
)
def test_what_decides_a_judges_answers_is_part_of_the_recipe(change: dict[str, Any]) -> None:
    assert recipe(judge=JUDGE.model_copy(update=change)).digest != recipe().digest


def test_a_metric_that_asks_no_judge_does_not_care_which_one_there_is() -> None:
    other = JUDGE.model_copy(update={"model": "other"})
    assert recipe("exact_match").digest == recipe("exact_match", other).digest


def test_a_metrics_own_judge_comes_before_the_suites() -> None:
    own = JUDGE.model_copy(update={"model": "own"})
    assert recipe("bias").judge == JUDGE
    spec = MetricSpec(name="bias", type="bias", judge=own)
    assert resolve_recipe(spec, JUDGE, catalogue()).judge == own


def test_a_default_said_aloud_changes_nothing_and_another_value_does() -> None:
    assert recipe(args={"include_reason": True, "truths_extraction_limit": None}).digest == recipe().digest
    assert recipe(args={"truths_extraction_limit": 3}).digest != recipe().digest


def test_the_threshold_is_in_the_recipe_of_those_metrics_that_tell_it_to_the_judge() -> None:
    told = {metric.name for metric in catalogue().metrics if metric.threshold_matters}
    assert told == {
        "goal_accuracy", "tool_use", "topic_adherence", "turn_contextual_precision", "turn_contextual_recall",
        "turn_contextual_relevancy", "turn_faithfulness",
    }  # fmt: skip
    assert recipe("bias", threshold=0.9).digest == recipe("bias").digest
    assert recipe("goal_accuracy", threshold=0.9).digest != recipe("goal_accuracy").digest


def test_strict_mode_has_deepevals_threshold_whatever_the_suite_says() -> None:
    assert recipe("bias", args={"strict_mode": True}, threshold=0.2).threshold == 1.0
    schema: dict[str, Any] = {"expected_schema": {"type": "object"}}
    assert recipe("json_correctness", args=schema).threshold == 1.0  # strict unless told otherwise
    assert recipe("json_correctness", args={**schema, "strict_mode": False}).threshold == 0.5


def test_the_name_a_suite_gives_is_no_part_of_what_is_measured() -> None:
    spec = MetricSpec(name="politeness", type="bias")
    named = resolve_recipe(spec, JUDGE, catalogue())
    assert (named.name, named.digest) == ("politeness", recipe("bias").digest)


def test_only_fields_the_metric_needs_count_as_produced() -> None:
    spec = MetricSpec(name="bias", type="bias")
    made = resolve_recipe(spec, JUDGE, catalogue(), produced=("actual_output", "retrieval_context"))
    assert made.produced == ("actual_output",)


def geval(**args: Any) -> MetricSpec:
    return MetricSpec(name="polite", type="geval", args={"evaluation_params": ["actual_output"], **args})


def test_geval_with_criteria_wants_steps_and_has_them_in_its_recipe() -> None:
    spec = geval(criteria="Polite.")
    assert needs_steps(spec)
    assert not needs_steps(geval(evaluation_steps=["Compare."]))
    with pytest.raises(InputError, match="steps of the metric 'polite' have not been written"):
        resolve_recipe(spec, JUDGE, catalogue())
    made = resolve_recipe(spec, JUDGE, catalogue(), steps=STEPS)
    assert made.args["evaluation_steps"] == list(STEPS)
    assert made.digest != resolve_recipe(spec, JUDGE, catalogue(), steps=STEPS[:1]).digest


def test_the_key_of_steps_is_what_decides_them() -> None:
    spec = geval(criteria="Polite.")
    key = steps_key(spec, JUDGE, catalogue())
    same = [
        steps_key(spec.model_copy(update={"name": "other", "threshold": 0.9}), JUDGE, catalogue()),
        steps_key(spec, JUDGE.model_copy(update={"base_url": "http://elsewhere"}), catalogue()),
        steps_key(geval(criteria="Polite.", strict_mode=True), JUDGE, catalogue()),
    ]
    other = [
        steps_key(geval(criteria="Rude."), JUDGE, catalogue()),
        steps_key(geval(criteria="Polite.", evaluation_params=["input"]), JUDGE, catalogue()),
        steps_key(spec, JUDGE.model_copy(update={"model": "other"}), catalogue()),
        steps_key(spec.model_copy(update={"type": "conversational_geval"}), JUDGE, catalogue()),
    ]
    assert set(same) == {key}
    assert len({key, *other}) == 5


def test_a_recipe_of_the_catalogue_is_made_without_deepeval() -> None:
    program = (
        "import sys\n"
        "from evalfactory.catalogue import catalogue\n"
        "from evalfactory.metrics.recipes import resolve_recipe\n"
        "from evalfactory.records.suite import JudgeSpec, MetricSpec\n"
        "resolve_recipe(MetricSpec(name='bias', type='bias'), JudgeSpec(model='m'), catalogue())\n"
        "assert not {'deepeval', 'openai', 'aiohttp'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_importing_deepeval_through_us_prints_nothing_and_writes_nothing(tmp_path: Any) -> None:
    program = (
        "import sys\n"
        "from evalfactory.metrics.loading import preload\n"
        "assert 'deepeval' not in sys.modules\n"
        "preload()\n"
        "import evalfactory.metrics.bridge\n"
        "assert 'deepeval' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
