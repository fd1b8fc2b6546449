"""From a metric of the suite to its recipe: what it needs, what it costs, and the digest that decides reuse.

Imports no DeepEval. One's own metric (`module:Class`) must be imported to be known; only then DeepEval is too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..catalogue import Argument, Catalogue, CatalogueMetric, typical_calls, widest_window
from ..errors import InputError
from ..records.base import digest_of
from ..records.plan import MetricRecipe
from ..records.suite import JudgeSpec, MetricSpec
from .checks import argument_problems
from .judges import judge_recipe
from .sources import code_of


def resolve_recipe(
    spec: MetricSpec,
    judge: JudgeSpec,
    known: Catalogue,
    *,
    steps: Sequence[str] | None = None,
    produced: Sequence[str] = (),
    folder: Path | None = None,
) -> MetricRecipe:
    """The recipe of one metric of the suite, `judge` being the suite's.

    `steps` are those that `write_steps` gave, for metrics that `needs_steps`. `produced` are the case fields that the
    target will fill. `folder` is the suite's: one's own modules are looked for there first. Raises `InputError` for
    what the suite says wrongly, `EnvironmentProblem` for a module that cannot be imported.
    """
    judge = spec.judge or judge
    if ":" not in spec.type and (problems := argument_problems(spec)):
        raise InputError(f"the metric {spec.name!r} does not accept its arguments", problems)
    if ":" in spec.type:
        from .own import own_recipe

        recipe = own_recipe(spec, judge, folder)
    else:
        recipe = _from_catalogue(spec, judge, _metric(spec, known), known.deepeval_version, steps, folder)
    return recipe.model_copy(update={"produced": tuple(field for field in produced if field in recipe.requires)})


def needs_steps(spec: MetricSpec) -> bool:
    """Whether the judge must write the metric's evaluation steps before the plan is made."""
    return spec.type in ("geval", "conversational_geval") and not spec.args.get("evaluation_steps")


def steps_key(spec: MetricSpec, judge: JudgeSpec, known: Catalogue) -> str:
    """SHA-256 of all that decides the steps: criteria, parameters, the judge's recipe, DeepEval's prompt for them."""
    parameters = spec.args.get("evaluation_params")
    return digest_of(
        [spec.type, spec.args.get("criteria"), parameters, judge_recipe(spec.judge or judge), known.deepeval_version]
    )


def _metric(spec: MetricSpec, known: Catalogue) -> CatalogueMetric:
    metric = known.get(spec.type)
    if metric is None:
        raise InputError(
            f"there is no metric {spec.type!r}", hint="see docs/reference/metrics.md, or module:Class for your own"
        )
    return metric


def _from_catalogue(
    spec: MetricSpec,
    judge: JudgeSpec,
    metric: CatalogueMetric,
    version: str,
    steps: Sequence[str] | None,
    folder: Path | None,
) -> MetricRecipe:
    args = dict(spec.args)
    if needs_steps(spec):
        if not steps:
            raise InputError(f"the evaluation steps of the metric {spec.name!r} have not been written yet")
        args["evaluation_steps"] = list(steps)
    threshold = _threshold(spec, metric)
    code = code_of(spec.type, args, version, name=spec.name, folder=folder)
    return MetricRecipe(
        name=spec.name,
        type=spec.type,
        kind=metric.kind,
        threshold=threshold,
        args=args,
        judge=judge,
        code=code,
        requires=_requires(metric, args),
        calls=typical_calls(metric, args),
        calls_per_chunk=metric.calls_per_chunk,
        calls_per_turn=metric.calls_per_turn,
        window=widest_window(metric, args),
        digest=digest_of(
            {
                "type": spec.type,
                "args": _said(args, metric.arguments),
                "code": code,
                "judge": judge_recipe(judge) if metric.uses_judge else None,
                "threshold": threshold if metric.threshold_matters else None,
            }
        ),
    )


def _threshold(spec: MetricSpec, metric: CatalogueMetric) -> float | None:
    default = next((argument.default for argument in metric.arguments if argument.name == "strict_mode"), False)
    if spec.args.get("strict_mode", default):
        return metric.strict_threshold
    return metric.threshold if spec.threshold is None else spec.threshold


def _said(args: dict[str, Any], arguments: tuple[Argument, ...]) -> dict[str, Any]:
    """The arguments that differ from their defaults: saying a default aloud changes nothing."""
    defaults = {argument.name: argument.default for argument in arguments}
    return {name: value for name, value in args.items() if name not in defaults or value != defaults[name]}


def _requires(metric: CatalogueMetric, args: dict[str, Any]) -> tuple[str, ...]:
    match metric.name:
        case "geval":
            asked = tuple(args.get("evaluation_params") or ())
        case "conversational_geval":
            # As DeepEval has it, a conversation without a tool call can be judged on its tools.
            inside = {
                "content": "turns",
                "role": "turns",
                "retrieval_context": "turns.retrieval_context",
                "tools_called": "turns",
            }
            asked = tuple(inside.get(name, name) for name in args.get("evaluation_params") or ())
        case _:
            asked = ()
    return tuple(dict.fromkeys((*metric.requires, *asked)))
