"""One case of a run, told in full: what was measured, and the prompts and raw answers of measuring it again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from ..engine.measuring import Admission, Trace, measure
from ..engine.producing import completed
from ..errors import UsageError
from ..judge.client import open_judge
from ..planning.slots import fingerprint
from ..records.case import Case
from ..records.measurement import Measurement
from ..records.plan import MetricRecipe, Plan
from ..storage.layout import RunKeys
from ..storage.port import Store
from .alike import alike
from .lookups import frozen_case, output_of
from .planning import read_plan
from .reports import reported_measurements


class Asked(NamedTuple):
    """A measurement made now, with every call to the judge: prompt, schema, raw answer, status, seconds."""

    measurement: Measurement
    calls: Trace


class Explained(NamedTuple):
    """A case of a run. `recorded` and `asked` are by metric; `asked` is empty when nothing was asked again."""

    run_id: str
    case: Case
    recorded: dict[str, list[Measurement]]
    skipped: dict[str, str]
    asked: dict[str, Asked]


async def explain(
    store: Store, keys: RunKeys, case_id: str, *, metric: str | None = None, ask: bool = True, folder: Path = Path()
) -> Explained:
    """The case as the run saw it; with `ask`, each metric measures it once more and shows its calls.

    Raises:
        UsageError: The run has no such case or metric.
    """
    plan = read_plan(store, keys)
    frozen = frozen_case(store, keys, plan, case_id)
    wanted = [recipe for recipe in plan.recipes if recipe.name in frozen.metrics and metric in (None, recipe.name)]
    known = (*frozen.metrics, *frozen.skipped)
    if metric is not None and metric not in known:
        near = alike(metric, known) or known
        raise UsageError(f"{metric!r} does not measure case {case_id!r}", hint=", ".join(near))
    output = output_of(store, keys, plan, case_id)
    case = frozen.case if output is None else completed(frozen.case, output)
    recorded: dict[str, list[Measurement]] = {}
    for measurement in reported_measurements(store, keys):
        if measurement.case_id == case_id and metric in (None, measurement.metric):
            recorded.setdefault(measurement.metric, []).append(measurement)
    asked = {recipe.name: await _ask(plan, recipe, case, folder) for recipe in wanted} if ask else {}
    skipped = {name: why for name, why in frozen.skipped.items() if metric in (None, name)}
    return Explained(keys.run_id, case, recorded, skipped, asked)


async def _ask(plan: Plan, recipe: MetricRecipe, case: Case, folder: Path) -> Asked:
    from ..metrics.bridge import DeepEvalMetrics  # loads DeepEval

    judge = open_judge(recipe.judge, succeeded_before=True)
    try:
        metrics = DeepEvalMetrics([recipe], {recipe.name: judge}, folder)
        calls: Trace = []
        admission = Admission(
            recipe=recipe,
            repeat=0,
            rank=0,
            attempt="explain",
            fingerprint=fingerprint(case, recipe, 0),
            deadline_s=plan.execution.deadline_s,
        )
        return Asked(await asyncio.create_task(measure(metrics, case, admission, trace=calls)), calls)
    finally:
        await judge.close()
