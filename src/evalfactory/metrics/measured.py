"""What a metric does, measured on a judge without a model: its calls, and what its prompts depend on."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from pydantic import BaseModel

from ..catalogue import windows_of
from ..judge.port import Answer
from ..records.case import Case
from . import deepeval_api as deepeval
from .arguments import constructor_arguments
from .cases import test_case_of
from .examples import conversation_case, single_case
from .introspect import MetricClass
from .model import JudgeModel
from .rehearsal import RehearsalJudge
from .sources import load

_SEEDS = range(4)
_FEW, _MANY, _MORE = 1, 3, 5
#: Turns of the event loop after which everything that could be asked has been asked.
_QUIET_TICKS = 50


class Calls(NamedTuple):
    """Judge calls: `base + per_chunk * chunks + per_turn * pairs of turns`.

    Where it is `windowed`, a chunk counts as often as there are windows of turns that hold it.
    """

    base: float
    per_chunk: float
    per_turn: float
    windowed: bool = False


class Trial(NamedTuple):
    """One measurement: what came out, what was asked, and whether it was asked without waiting."""

    score: Any
    reason: Any
    prompts: tuple[str, ...]
    blocked: bool


class PatientModel(JudgeModel):
    """Also answers those who ask without waiting, and remembers that somebody did."""

    def __init__(self, judge: RehearsalJudge) -> None:
        super().__init__(judge, "rehearsal")
        self.rehearsal = judge
        self.blocked = False

    def generate(self, prompt: str, schema: type[BaseModel] | None = None, audio: Any = None) -> tuple[Any, Any]:
        self.blocked = True
        return self.rehearsal.answer(prompt, schema), 0.0


async def calls_of(metric: MetricClass, args: Mapping[str, Any]) -> Calls:
    """The metric's judge calls, from measurements with few and many chunks and turns."""
    if metric.kind == "single":
        few, many = [await _count(metric, args, single_case(chunks)) for chunks in (_FEW, _MANY)]
        per_chunk = (many - few) / (_MANY - _FEW)
        return Calls(few - per_chunk * _FEW, per_chunk, 0.0)
    few, many, more = [await _count(metric, args, conversation_case(pairs)) for pairs in (_FEW, _MANY, _MORE)]
    wide = await _count(metric, args, conversation_case(_FEW, _MANY))
    per_chunk = (wide - few) / (_MANY - _FEW)
    for windowed in (False, True):
        once, thrice, often = [_readings(pairs, windowed=windowed) for pairs in (_FEW, _MANY, _MORE)]
        per_turn = (many - few - per_chunk * (thrice - once)) / (_MANY - _FEW)
        base = few - per_chunk * once - per_turn * _FEW
        if base + per_chunk * often + per_turn * _MORE == more:
            return Calls(base, per_chunk, per_turn, windowed)
    raise AssertionError(f"the calls of {metric.name} grow neither by turns nor by windows: {few}, {many}, {more}")


def _readings(pairs: int, *, windowed: bool) -> int:
    """How often chunks are judged in a conversation with one for each pair of turns, all of which fit into a window."""
    return sum(windows_of(pair, pairs, pairs) for pair in range(pairs)) if windowed else pairs


async def threshold_matters(metric: MetricClass, args: Mapping[str, Any]) -> bool:
    """Whether another threshold changes a prompt, a score or a reason (outside strict mode)."""
    plain = {**args, "strict_mode": False} if _has_strict_mode(metric) else dict(args)
    for seed in _SEEDS:
        low, high = [await trial(metric, plain, RehearsalJudge(seed), threshold=limit) for limit in (0.01, 0.99)]
        if low != high:
            return True
    return False


async def order_matters(metric: MetricClass, args: Mapping[str, Any]) -> bool:
    """Whether the order in which questions asked at once are answered changes the score, the reason or a prompt."""
    for seed in _SEEDS:
        first, last = [await trial(metric, args, judge(seed)) for judge in (RehearsalJudge, ContraryJudge)]
        if (first.score, first.reason, sorted(first.prompts)) != (last.score, last.reason, sorted(last.prompts)):
            return True
    return False


def strict_threshold(metric: MetricClass, args: Mapping[str, Any]) -> float | None:
    """The threshold in strict mode; None where there is no such mode."""
    if not _has_strict_mode(metric):
        return None
    return float(built(metric, {**args, "strict_mode": True}, RehearsalJudge(), 0.5).threshold)


async def trial(
    metric: MetricClass,
    args: Mapping[str, Any],
    judge: RehearsalJudge,
    *,
    threshold: float = 0.5,
    case: Case | None = None,
) -> Trial:
    """One measurement of a case with every field."""
    if case is None:
        case = single_case(3) if metric.kind == "single" else conversation_case(3, 2)
    subject = built(metric, args, judge, threshold)
    await subject.a_measure(test_case_of(case), _show_indicator=False)
    blocked = metric.uses_judge and subject.model.blocked
    return Trial(subject.score, subject.reason, tuple(judge.prompts), blocked)


def built(metric: MetricClass, args: Mapping[str, Any], judge: RehearsalJudge, threshold: float) -> Any:
    """A metric object with that judge."""
    given = constructor_arguments(metric.name, args, partial(load, metric=metric.name, folder=None))
    if metric.uses_judge:
        given["model"] = PatientModel(judge)
    if metric.name.endswith("geval"):
        given["name"] = metric.name
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* now scores in the same direction as every other")
        return getattr(deepeval.metrics, metric.class_name)(threshold=threshold, **given)


class ContraryJudge(RehearsalJudge):
    """Gives the same answers; of the questions that wait at once it answers the last one first."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._waiting: list[asyncio.Future[None]] = []

    async def ask(self, prompt: str, schema: type[Answer] | None) -> Answer | str:
        """The answer, once nobody asks any more and no later question waits."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        while not turn.done():
            for _ in range(_QUIET_TICKS):
                await asyncio.sleep(0)
            if not turn.done():
                self._waiting.pop().set_result(None)
        return self.answer(prompt, schema)


async def blocks(metric: MetricClass, args: Mapping[str, Any]) -> bool:
    """Whether it asks the judge without waiting, which would stop every other measurement of the process."""
    return (await trial(metric, args, RehearsalJudge())).blocked


async def _count(metric: MetricClass, args: Mapping[str, Any], case: Case) -> int:
    return len((await trial(metric, args, RehearsalJudge(), case=case)).prompts)


def _has_strict_mode(metric: MetricClass) -> bool:
    return any(argument.name == "strict_mode" for argument in metric.arguments)
