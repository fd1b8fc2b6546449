"""Measures cases by DeepEval's metrics. Importing this loads DeepEval: see `loading.py` for when."""

from __future__ import annotations

import asyncio
import inspect
import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from ..catalogue import catalogue
from ..errors import EnvironmentProblem, InputError
from ..judge.port import Judge, current_meter
from ..records.case import Case
from ..records.plan import MetricRecipe
from . import deepeval_api as deepeval
from .arguments import constructor_arguments
from .aside import FromAside, aside
from .cases import test_case_of
from .foreign import Translated
from .in_order import InOrder
from .loading import deepeval_version
from .model import AskNow, JudgeModel
from .own import build_own
from .port import MetricError, Scored
from .sources import SOURCE, code_of, load

#: Metrics measured in threads of their own at once, a process; each takes three file descriptors.
THREADS = 64

#: Four metrics tell, once a process, that an earlier DeepEval scored them the other way round.
_DIRECTION = ".* now scores in the same direction as every other"


@dataclass(frozen=True, slots=True)
class Bench:
    """A metric made ready: how to build a fresh object, and how it wants to be measured."""

    recipe: MetricRecipe
    build: Callable[[JudgeModel], Any]
    quietly: dict[str, bool]  # arguments of `a_measure`
    in_order: bool
    aside: bool


class DeepEvalMetrics:
    """The metrics of a plan; one object a process, safe for many tasks of one event loop.

    `judges` are by the metric's name. Raises `InputError` for a recipe that its metric does not accept, and
    `EnvironmentProblem` for a metric of one's own that cannot be imported.
    """

    def __init__(
        self, recipes: Iterable[MetricRecipe], judges: Mapping[str, Judge], folder: Path | None = None
    ) -> None:
        self._benches = {recipe.name: bench_of(recipe, folder) for recipe in recipes}
        self._judges = judges
        self._threads = asyncio.Semaphore(THREADS)

    async def ready(self) -> None:
        """They are."""

    async def measure(self, case: Case, recipe: MetricRecipe) -> Scored:
        """The score of one case by a fresh metric object: see `port.Metrics`."""
        bench, judge = self._benches[recipe.name], self._judges[recipe.name]
        if not bench.aside:
            return await _measured(bench, case, judge, None)
        there = FromAside(judge, asyncio.get_running_loop())
        with current_meter.get().waiting():
            await self._threads.acquire()
        try:
            return await aside(partial(_measured, bench, case, there, there.ask_now))
        finally:
            self._threads.release()


def bench_of(recipe: MetricRecipe, folder: Path | None) -> Bench:
    """The metric made ready, tried once: what the suite says wrongly is told now, not once a case."""
    _check_code(recipe, folder)
    build = _own_builder(recipe, folder) if ":" in recipe.type else _builder(recipe, folder)
    known = catalogue().get(recipe.type)
    with Translated(_wrong(recipe)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=_DIRECTION)
        sample = build(JudgeModel(_Nobody(), recipe.judge.model))
    is_graph = isinstance(sample, deepeval.DAGMetric | deepeval.ConversationalDAGMetric)
    return Bench(
        recipe=recipe,
        build=build,
        quietly={"_show_indicator": False} if _takes_indicator(sample) else {},
        in_order=known is None or known.order_matters,
        aside=known.blocks if known is not None else not is_graph,
    )


async def _measured(bench: Bench, case: Case, judge: Judge, ask_now: AskNow | None) -> Scored:
    model = JudgeModel(InOrder(judge) if bench.in_order else judge, bench.recipe.judge.model, ask_now)
    with Translated(MetricError), _HiddenFailure(model):
        metric = bench.build(model)
        returned = await metric.a_measure(test_case_of(case), **bench.quietly)
        return _scored(metric, returned)


def _scored(metric: Any, returned: Any) -> Scored:
    if metric.error is not None:
        raise MetricError(str(metric.error))
    score = returned if metric.score is None else metric.score
    if not isinstance(score, int | float) or not math.isfinite(score):
        raise MetricError(f"the metric gave no score, but {score!r}")
    metric.score = score
    success = metric.is_successful()
    return Scored(
        score=float(score),
        reason=None if metric.reason is None else _text(metric.reason),
        threshold=None if metric.threshold is None else float(metric.threshold),
        success=None if success is None else bool(success),
    )


def _text(reason: Any) -> str:
    """A text that can be written: half a character from a judge's JSON becomes a question mark."""
    return str(reason).encode("utf-8", "replace").decode("utf-8")


def _builder(recipe: MetricRecipe, folder: Path | None) -> Callable[[JudgeModel], Any]:
    known = catalogue().get(recipe.type)
    if known is None:
        raise InputError(f"there is no metric {recipe.type!r}")
    cls = getattr(deepeval.metrics, known.class_name)
    parameters = inspect.signature(cls.__init__).parameters
    with Translated(_wrong(recipe)):
        given = constructor_arguments(recipe.type, recipe.args, partial(load, metric=recipe.name, folder=folder))
    given["threshold"] = recipe.threshold
    if "name" in parameters:
        given["name"] = recipe.name
    if "eval_mode" in parameters:
        given["eval_mode"] = deepeval.EvalMode.LLM  # said aloud, DeepEval does not look through the environment for it

    def build(model: JudgeModel) -> Any:
        fresh = {name: list(value) if isinstance(value, list) else value for name, value in given.items()}
        return cls(model=model, **fresh) if known.uses_judge else cls(**fresh)

    return build


def _own_builder(recipe: MetricRecipe, folder: Path | None) -> Callable[[JudgeModel], Any]:
    target = load(recipe.type, recipe.name, folder)
    return lambda model: build_own(target, recipe.name, recipe.args, model, recipe.threshold)


def _check_code(recipe: MetricRecipe, folder: Path | None) -> None:
    """Raises `EnvironmentProblem` when the recipe was made with another DeepEval, or another source of one's own."""
    here = code_of(recipe.type, recipe.args, deepeval_version(), name=recipe.name, folder=folder)
    declared = ":" in recipe.type and not recipe.code.startswith(SOURCE)
    if here != recipe.code and not declared:
        raise EnvironmentProblem(
            f"the metric {recipe.name!r} was planned with {recipe.code}, and here is {here}",
            hint="plan anew, or use the same versions everywhere: scores of different ones must not be mixed",
        )


def _wrong(recipe: MetricRecipe) -> Callable[[str], Exception]:
    return lambda reason: InputError(
        f"the metric {recipe.name!r} does not accept its arguments: {reason}",
        hint=f"see {recipe.type} in docs/reference/metrics.md",
    )


def _takes_indicator(metric: Any) -> bool:
    parameters = inspect.signature(metric.a_measure).parameters.values()
    return any(
        parameter.name == "_show_indicator" or parameter.kind is parameter.VAR_KEYWORD for parameter in parameters
    )


class _Nobody:
    """Stands in for the judge while a metric is only built."""

    async def ask(self, prompt: str, schema: Any) -> Any:
        raise MetricError("the metric asked the judge before it measured anything")

    async def close(self) -> None:
        """Nothing to close."""


class _HiddenFailure:
    """Brings a judge's failure to light that the metric has wrapped into another exception, or hidden behind a score."""

    def __init__(self, model: JudgeModel) -> None:
        self._model = model

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        failure = self._model.failure
        if failure is not None and error is not failure and (error is None or isinstance(error, Exception)):
            raise failure from None
