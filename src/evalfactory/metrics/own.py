"""One's own metrics: a class, a function that makes one, or a DAG, in a module beside the suite.

- `module:Class`, a subclass of DeepEval's `BaseMetric` or `BaseConversationalMetric`;
- `module:function`, called for every measurement, returning such a metric or a `DeepAcyclicGraph`;
- `module:name` of a `DeepAcyclicGraph`.

Classes and functions get the suite's arguments by name and, where they take them, `model`, `threshold` and `name`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import EnvironmentProblem, InputError
from ..records.base import digest_of
from ..records.case import CaseKind
from ..records.plan import MetricRecipe
from ..records.suite import JudgeSpec, MetricSpec
from . import deepeval_api as deepeval
from .foreign import Translated
from .introspect import declared_fields
from .judges import judge_recipe
from .loading import deepeval_version
from .model import JudgeModel
from .sources import load, source_digest


def own_recipe(spec: MetricSpec, judge: JudgeSpec, folder: Path | None) -> MetricRecipe:
    """The recipe of one's own metric, found by importing its module and building it once with no judge behind it."""
    made = build_own(
        load(spec.type, spec.name, folder), spec.name, spec.args, JudgeModel(_NoJudge(), judge.model), spec.threshold
    )
    code = spec.version or source_digest(spec.type, spec.name, folder)
    kind: CaseKind = "conversation" if isinstance(made, deepeval.BaseConversationalMetric) else "single"
    threshold = None if made.threshold is None else float(made.threshold)
    return MetricRecipe(
        name=spec.name,
        type=spec.type,
        kind=kind,
        threshold=threshold,
        args=spec.args,
        judge=judge,
        code=code,
        requires=_requires(made, kind),
        digest=digest_of([spec.type, spec.args, code, deepeval_version(), judge_recipe(judge), threshold]),
    )


def build_own(target: Any, name: str, args: Mapping[str, Any], model: JudgeModel, threshold: float | None) -> Any:
    """A fresh metric object. Raises `InputError` when the suite's arguments do not fit, `EnvironmentProblem` when it is none."""
    if isinstance(target, deepeval.DeepAcyclicGraph):
        return _dag(target, name, args, model, threshold)
    if not callable(target):
        raise _no_metric(name, target)
    given = _accepted(target, name, dict(args), {"model": model, "threshold": threshold, "name": name})
    with Translated(lambda reason: EnvironmentProblem(f"the metric {name!r} cannot be built: {reason}")):
        made = target(**given)
    if isinstance(made, deepeval.DeepAcyclicGraph):
        return _dag(made, name, {}, model, threshold)
    if not isinstance(made, deepeval.BaseMetric | deepeval.BaseConversationalMetric):
        raise _no_metric(name, made)
    if type(made).a_measure in (deepeval.BaseMetric.a_measure, deepeval.BaseConversationalMetric.a_measure):
        raise EnvironmentProblem(
            f"the metric {name!r} has no a_measure",
            hint="async def a_measure(self, case, **_): return self.measure(case)",
        )
    if threshold is not None and "threshold" not in given:
        made.threshold = threshold
    return made


def _accepted(target: Any, name: str, args: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    signature = inspect.signature(target)
    takes_all = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in signature.parameters.values())
    offered = {
        key: value
        for key, value in ours.items()
        if value is not None and key not in args and (takes_all or key in signature.parameters)
    }
    try:
        signature.bind(**args, **offered)
    except TypeError as wrong:
        raise InputError(
            f"the arguments of the metric {name!r} do not fit {target.__qualname__}{signature}: {wrong}"
        ) from wrong
    return {**args, **offered}


def _dag(graph: Any, name: str, args: Mapping[str, Any], model: JudgeModel, threshold: float | None) -> Any:
    cls = deepeval.ConversationalDAGMetric if graph.multiturn else deepeval.DAGMetric
    given = {} if threshold is None else {"threshold": threshold}
    accepted = _accepted(cls, name, dict(args), {"name": name, "dag": graph, "model": model, **given})
    with Translated(lambda reason: EnvironmentProblem(f"the graph of the metric {name!r} cannot be used: {reason}")):
        return cls(**accepted)


def _requires(made: Any, kind: CaseKind) -> tuple[str, ...]:
    if not isinstance(made, deepeval.DAGMetric | deepeval.ConversationalDAGMetric):
        return declared_fields(made, kind)
    read = sorted(param.value for param in deepeval.extract_required_params(made.dag.root_nodes, made.dag.multiturn))
    if kind == "single":
        return tuple(dict.fromkeys(("input", *read)))
    return tuple(
        dict.fromkeys(
            ("turns", *(name for name in read if name in ("scenario", "expected_outcome", "metadata", "tags")))
        )
    )


def _no_metric(name: str, thing: Any) -> EnvironmentProblem:
    return EnvironmentProblem(
        f"the metric {name!r} is neither a DeepEval metric nor a DeepAcyclicGraph, but {type(thing).__name__}",
        hint="name a subclass of BaseMetric or BaseConversationalMetric, a function that returns one, or a graph",
    )


class _NoJudge:
    """Stands in for the judge while a metric is only looked at."""

    async def ask(self, prompt: str, schema: Any) -> Any:
        raise RuntimeError("a metric asked the judge before it measured anything")

    async def close(self) -> None:
        """Nothing to close."""
