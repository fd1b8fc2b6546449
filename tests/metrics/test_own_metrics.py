from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from metric_judges import FailingJudge, HangingJudge, MeteredJudge
from metric_lab import JUDGE, alone

from evalfactory.catalogue import catalogue
from evalfactory.errors import EnvironmentProblem, InputError, UnavailableError
from evalfactory.judge.port import JudgeError, current_meter
from evalfactory.metrics.bridge import DeepEvalMetrics
from evalfactory.metrics.examples import conversation_case, single_case
from evalfactory.metrics.port import MetricError, Scored
from evalfactory.metrics.recipes import resolve_recipe
from evalfactory.metrics.rehearsal import RehearsalJudge
from evalfactory.planning.slots import metric_fields_missing
from evalfactory.records.case import Case
from evalfactory.records.plan import MetricRecipe
from evalfactory.records.suite import MetricSpec

HEAD = """
from deepeval.metrics import BaseMetric, BaseConversationalMetric
from deepeval.test_case import SingleTurnParams
from pydantic import BaseModel

class Answer(BaseModel):
    score: float
    reason: str

class Own(BaseMetric):
    _required_params = [SingleTurnParams.ACTUAL_OUTPUT, SingleTurnParams.EXPECTED_OUTPUT]

    def __init__(self, threshold=0.5, model=None, marks=("!",)):
        self.threshold = threshold
        self.model = model
        self.marks = marks

    @property
    def __name__(self):
        return "Own"
"""


def module(folder: Path, name: str, text: str) -> Path:
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def recipe(folder: Path, path: str, **more: Any) -> MetricRecipe:
    return resolve_recipe(MetricSpec(name="own", type=path, **more), JUDGE, catalogue(), folder=folder)


def measured(folder: Path, made: MetricRecipe, judge: Any = None, case: Case | None = None) -> Scored:
    async def story() -> Scored:
        metrics = DeepEvalMetrics([made], {"own": judge or RehearsalJudge()}, folder)
        return await metrics.measure(case or single_case(), made)

    return alone(story())


def own(folder: Path, name: str, body: str, **more: Any) -> MetricRecipe:
    """The recipe of a class `Own` whose `a_measure` has this body."""
    lines = "\n".join(f"        {line}" for line in body.strip().splitlines())
    module(folder, name, f"{HEAD}\n    async def a_measure(self, case, *args, **kwargs):\n{lines}\n")
    return recipe(folder, f"{name}:Own", **more)


def test_ones_own_metric_measures_with_the_suites_judge_arguments_and_threshold(tmp_path: Path) -> None:
    body = """
answer, cost = await self.model.a_generate(f"How many of {self.marks} in: {case.actual_output}", schema=Answer)
self.score, self.reason, self.success = answer.score, answer.reason, answer.score >= self.threshold
return self.score
"""
    made = own(tmp_path, "own_judged", body, threshold=0.9, args={"marks": ["?"]})
    assert made.requires == ("input", "actual_output", "expected_output")
    assert (made.kind, made.threshold) == ("single", 0.9)
    judge = RehearsalJudge()
    scored = measured(tmp_path, made, judge)
    assert judge.prompts == [f"How many of ['?'] in: {single_case().actual_output}"]
    assert scored.success == (scored.score >= 0.9)


def test_its_version_is_declared_or_the_digest_of_its_source(tmp_path: Path) -> None:
    body = "self.score = 1.0\nreturn self.score"
    here, there = tmp_path / "a", tmp_path / "b"
    here.mkdir()
    there.mkdir()
    first, same = own(here, "own_v1", body), own(there, "own_v2", body)
    other = own(tmp_path, "own_v3", body.replace("1.0", "0.5"))
    assert first.code.startswith("source:")
    assert first.code == same.code != other.code
    assert own(tmp_path, "own_v4", body, version="2").code == "2"


def test_a_source_that_has_changed_since_the_plan_is_refused(tmp_path: Path) -> None:
    made = own(tmp_path, "own_changed", "self.score = 1.0\nreturn self.score")
    path = tmp_path / "own_changed.py"
    path.write_text(path.read_text() + "# changed\n")
    with pytest.raises(EnvironmentProblem, match=r"was planned with source:\w+, and here is source:"):
        measured(tmp_path, made)


def test_arguments_threshold_and_version_each_make_another_recipe(tmp_path: Path) -> None:
    own(tmp_path, "own_digest", "self.score = 1.0\nreturn self.score")
    changes: list[dict[str, Any]] = [{}, {"threshold": 0.7}, {"version": "2"}, {"args": {"marks": []}}]
    digests = [recipe(tmp_path, "own_digest:Own", **change).digest for change in changes]
    assert len(set(digests)) == 4


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise ValueError('no verdict')", "ValueError: no verdict"),
        ("raise TypeError('of its own')", "TypeError: of its own"),
        ("raise KeyError('x')", "KeyError"),
        ("return None", "the metric gave no score, but None"),
        ("self.score = float('nan')\nreturn self.score", "the metric gave no score, but nan"),
        ("self.score = 'high'", "the metric gave no score, but 'high'"),
        ("self.score = 1.0\nself.error = 'half done'", "half done"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("self.model.generate('x').nothing", "AttributeError"),
    ],
)
def test_what_goes_wrong_inside_a_metric_is_the_metrics_failure(tmp_path: Path, body: str, words: str) -> None:
    made = own(tmp_path, f"own_wrong_{abs(hash(body))}", body)
    with pytest.raises(MetricError, match=words):
        measured(tmp_path, made)


def test_a_metric_that_hides_its_judges_failure_gives_no_score(tmp_path: Path) -> None:
    body = """
try:
    await self.model.a_generate("?", schema=Answer)
except Exception:
    self.score = 0.0
return self.score
"""
    made = own(tmp_path, "own_hides", body)
    for error in (JudgeError("content_filter", "refused"), UnavailableError("gone")):
        with pytest.raises(type(error), match=str(error)):
            measured(tmp_path, made, FailingJudge(lambda error=error: error))  # type: ignore[misc]  # bound now


def test_a_score_that_is_only_returned_counts_and_may_be_of_any_size(tmp_path: Path) -> None:
    made = own(tmp_path, "own_returned", "self.reason = 'much'\nreturn 41 + 1", threshold=40)
    assert measured(tmp_path, made) == Scored(42.0, "much", 40.0, True)


def test_a_metric_that_blocks_its_thread_holds_up_nobody(tmp_path: Path) -> None:
    body = """
answer, cost = self.model.generate(case.input, schema=Answer)
self.score = answer.score
return self.score
"""
    made = own(tmp_path, "own_blocking", body)

    async def story() -> tuple[Scored, int, int]:
        judge = MeteredJudge()
        scored = await DeepEvalMetrics([made], {"own": judge}, tmp_path).measure(single_case(), made)
        return scored, len(judge.prompts), current_meter.get().calls

    scored, asked, charged = alone(story())
    assert (asked, charged) == (1, 1)
    assert 0 <= scored.score <= 1


def test_a_metric_that_never_ends_is_left_behind_and_others_go_on(tmp_path: Path) -> None:
    body = """
import threading
if case.input == "wait":
    STARTED.set()
    GATE.wait()
self.score = 1.0
return self.score
"""
    own(tmp_path, "own_stuck", body)
    path = tmp_path / "own_stuck.py"
    path.write_text("import threading\nSTARTED, GATE = threading.Event(), threading.Event()\n" + path.read_text())
    import importlib
    import sys

    importlib.reload(sys.modules["own_stuck"])
    made = recipe(tmp_path, "own_stuck:Own")
    stuck = Case(id="stuck", input="wait", actual_output="x", expected_output="x")

    async def story() -> Scored:
        gate: Any = sys.modules["own_stuck"]
        metrics = DeepEvalMetrics([made], {"own": RehearsalJudge()}, tmp_path)
        task = asyncio.create_task(metrics.measure(stuck, made))
        await asyncio.to_thread(gate.STARTED.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        scored = await metrics.measure(single_case(), made)
        gate.GATE.set()
        return scored

    assert alone(story()).score == 1.0
    for thread in threading.enumerate():
        if thread.name == "metric":
            thread.join(10)


def test_cancelling_ends_what_the_metric_waits_for(tmp_path: Path) -> None:
    made = own(tmp_path, "own_waits", "await self.model.a_generate('?', schema=Answer)")

    async def story() -> None:
        judge = HangingJudge()
        task = asyncio.create_task(DeepEvalMetrics([made], {"own": judge}, tmp_path).measure(single_case(), made))
        await judge.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await judge.given_up.wait()

    alone(story())


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (None, "own_absent:Own", "'own' cannot import the module 'own_absent': ModuleNotFoundError"),
        ("import own_helper_absent", "own_broken:Own", "ModuleNotFoundError: No module named 'own_helper_absent'"),
        ("1 +", "own_syntax:Own", "SyntaxError"),
        ("raise RuntimeError('at import')", "own_raising:Own", "RuntimeError: at import"),
        ("x = 1", "own_nameless:Own", "no such name"),
        ("Own = 3", "own_number:Own", "neither a DeepEval metric nor a DeepAcyclicGraph, but int"),
        ("def Own(): return 'text'", "own_text:Own", "but str"),
        (
            "def Own(): raise ValueError('no such file')",
            "own_refusing:Own",
            "cannot be built: ValueError: no such file",
        ),
        (f"{HEAD}\n    def measure(self, case): return 1", "own_sync:Own", "has no a_measure"),
    ],
)
def test_a_metric_that_cannot_be_loaded_is_a_thing_of_the_environment(
    tmp_path: Path, text: str | None, path: str, words: str
) -> None:
    if text is not None:
        module(tmp_path, path.partition(":")[0], text)
    with pytest.raises(EnvironmentProblem, match=words):
        recipe(tmp_path, path)


def test_arguments_that_do_not_fit_are_a_thing_of_the_suite(tmp_path: Path) -> None:
    own(tmp_path, "own_args", "return 1.0")
    with pytest.raises(InputError, match="unexpected keyword argument 'colour'"):
        recipe(tmp_path, "own_args:Own", args={"colour": "red"})


DAG = """
from deepeval.metrics.dag import BinaryJudgementNode, DeepAcyclicGraph, TaskNode, VerdictNode
from deepeval.metrics import GEval
from deepeval.test_case import SingleTurnParams

def graph(then=None):
    judgement = BinaryJudgementNode(criteria="Does it name the deadline?")
    judgement.add_verdict(verdict=False, score=0)
    judgement.add_verdict(verdict=True, score=10 if then is None else None, then=then)
    task = TaskNode(
        instructions="List the facts.",
        output_label="Facts",
        evaluation_params=[SingleTurnParams.RETRIEVAL_CONTEXT, SingleTurnParams.ACTUAL_OUTPUT],
    )
    task.add_node(judgement)
    return DeepAcyclicGraph(root_nodes=[task])

refund = graph()

def made(model):
    polite = GEval("polite", evaluation_params=[SingleTurnParams.INPUT], evaluation_steps=["Compare."], model=model)
    return graph(then=polite)
"""


@pytest.mark.parametrize("name", ["refund", "graph", "made"])
def test_a_graph_is_a_metric_whether_it_is_there_or_made_by_a_function(tmp_path: Path, name: str) -> None:
    module(tmp_path, f"own_dag_{name}", DAG)
    made = recipe(tmp_path, f"own_dag_{name}:{name}", threshold=0.8)
    assert made.requires == ("input", "actual_output", "retrieval_context")
    assert made.threshold == 0.8
    assert metric_fields_missing(Case(id="bare", input="?"), made) == ("actual_output", "retrieval_context")
    scores = {measured(tmp_path, made, RehearsalJudge(seed)).score for seed in range(8)}
    assert {0.0} < scores
    assert measured(tmp_path, made, RehearsalJudge(5)) == measured(tmp_path, made, RehearsalJudge(5))


def test_a_graph_scores_as_deepevals_own_metric_does(tmp_path: Path) -> None:
    module(tmp_path, "own_dag_same", DAG)
    made = recipe(tmp_path, "own_dag_same:refund")
    import sys

    from metric_lab import PlainModel

    from evalfactory.metrics import deepeval_api as deepeval
    from evalfactory.metrics.cases import test_case_of as deepeval_case

    async def direct(judge: RehearsalJudge) -> tuple[Any, Any]:
        model = PlainModel(judge, asyncio.get_running_loop())
        metric = deepeval.DAGMetric(name="own", dag=sys.modules["own_dag_same"].refund, model=model)
        await asyncio.to_thread(
            lambda: asyncio.run(metric.a_measure(deepeval_case(single_case()), _show_indicator=False))
        )
        return metric.score, metric.reason

    for seed in range(6):
        scored = measured(tmp_path, made, RehearsalJudge(seed))
        assert (scored.score, scored.reason) == alone(direct(RehearsalJudge(seed)))


CHAT_DAG = """
from deepeval.metrics.conversational_dag import ConversationalBinaryJudgementNode
from deepeval.metrics.dag import DeepAcyclicGraph
from deepeval.test_case import MultiTurnParams

node = ConversationalBinaryJudgementNode(
    criteria="Is it polite?", evaluation_params=[MultiTurnParams.ROLE, MultiTurnParams.CONTENT]
)
node.add_verdict(verdict=False, score=0)
node.add_verdict(verdict=True, score=10)
chat = DeepAcyclicGraph(root_nodes=[node])
"""


def test_a_graph_of_conversations_measures_conversations(tmp_path: Path) -> None:
    module(tmp_path, "own_dag_chat", CHAT_DAG)
    made = recipe(tmp_path, "own_dag_chat:chat")
    assert (made.kind, made.requires) == ("conversation", ("turns",))
    assert measured(tmp_path, made, case=conversation_case()).score in (0.0, 1.0)
