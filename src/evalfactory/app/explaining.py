"""One case of a run, told in full: what was measured, with the prompts and raw answers of then, or of measuring it again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal, NamedTuple

from ..engine.exchanges import Call
from ..engine.measuring import Admission, measure
from ..engine.producing import completed
from ..errors import EnvironmentProblem, RefusedError, UnavailableError, UsageError
from ..judge.client import open_judge
from ..judge.meter import Trace
from ..planning.slots import fingerprint
from ..records.case import Case
from ..records.measurement import Measurement
from ..records.plan import MetricRecipe, Plan
from ..storage.layout import RunKeys
from ..storage.port import Store
from ..target.fields import is_due
from .alike import alike
from .lookups import frozen_case, output_of
from .planning import read_plan
from .reports import reported_measurements
from .said import Said, said_then

#: When the judge is asked again: where nothing was kept of what it said in the run, in any case, or never.
Asking = Literal["where_needed", "always", "never"]


NO_OUTPUT = "the run has no output of the target for this case, so there is nothing to judge"
LONGEST_OUTAGE_S = 30.0  # somebody waits at the terminal


class Asked(NamedTuple):
    """A measurement made now, with every call to the judge: prompt, schema, raw answer, status, seconds."""

    measurement: Measurement
    calls: list[Call]


class Explained(NamedTuple):
    """A case of a run, by metric: what was recorded, what the judge said of that then, and what it says now if asked."""

    run_id: str
    case: Case
    recorded: dict[str, list[Measurement]]
    skipped: dict[str, str]
    said: dict[str, list[Said]]
    asked: dict[str, Asked]
    not_asked: dict[str, str]  # by metric, why the judge could not be asked again


async def explain(
    store: Store,
    keys: RunKeys,
    case_id: str,
    *,
    metric: str | None = None,
    asking: Asking = "where_needed",
    folder: Path = Path(),
) -> Explained:
    """The case as the run saw it, with what its judge said; a metric of which nothing was kept measures it once more.

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
    said = {name: _said(store, keys, plan, measurements) for name, measurements in recorded.items()}
    due = [
        recipe for recipe in wanted if asking == "always" or (asking == "where_needed" and not said.get(recipe.name))
    ]
    asked: dict[str, Asked] = {}
    not_asked: dict[str, str] = {}
    if output is None and plan.target is not None and is_due(case, always=plan.target.always):
        not_asked = {recipe.name: NO_OUTPUT for recipe in due}
        due = []
    for recipe in due:
        try:
            asked[recipe.name] = await _ask(plan, recipe, case, folder)
        except (UnavailableError, RefusedError, EnvironmentProblem) as error:
            if asking == "always" or recipe.name not in recorded:
                raise
            not_asked[recipe.name] = error.said
    skipped = {name: why for name, why in frozen.skipped.items() if metric in (None, name)}
    kept = {name: each for name, each in said.items() if each}
    return Explained(keys.run_id, case, recorded, skipped, kept, asked, not_asked)


def _said(store: Store, keys: RunKeys, plan: Plan, measurements: list[Measurement]) -> list[Said]:
    found = (said_then(store, keys, plan, each) for each in measurements if each.fingerprint)
    return [said for said in found if said is not None]


async def _ask(plan: Plan, recipe: MetricRecipe, case: Case, folder: Path) -> Asked:
    from ..metrics.bridge import DeepEvalMetrics  # loads DeepEval

    patience = {"outage_s": min(recipe.judge.outage_s, LONGEST_OUTAGE_S)}
    judge = open_judge(recipe.judge.model_copy(update=patience), succeeded_before=True)
    try:
        metrics = DeepEvalMetrics([recipe], {recipe.name: judge}, folder)
        trace: Trace = []
        admission = Admission(
            recipe=recipe,
            repeat=0,
            order=0,
            attempt="explain",
            fingerprint=fingerprint(case, recipe, 0),
            deadline_s=plan.execution.deadline_s,
        )
        measurement = await asyncio.create_task(measure(metrics, case, admission, trace=trace))
        return Asked(measurement, [tell() for tell in trace])
    finally:
        await judge.close()
