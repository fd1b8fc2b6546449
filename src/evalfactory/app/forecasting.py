"""What a run would measure and cost, before paying for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from ..engine.frozen import frozen_cases
from ..metrics.recipes import needs_steps
from ..planning.slots import estimated_calls
from ..records.plan import Plan
from ..records.suite import JudgeSpec
from ..render.words import plural, seconds
from ..storage.layout import RunKeys
from ..storage.open import open_store
from ..storage.port import Store
from ..suites import load_suite
from .places import store_for
from .running import RunOptions, plan_run


class MetricForecast(NamedTuple):
    """One metric's share of the work. `calls` are estimated."""

    name: str
    judge: str
    threshold: float | None
    slots: int
    calls: float


class Forecast(NamedTuple):
    """A plan with what it will take."""

    plan: Plan
    metrics: tuple[MetricForecast, ...]
    store: str  # URL of the store that has the plan, when it was written
    limits: tuple[str, ...]

    @property
    def calls(self) -> float:
        """Judge calls, estimated from measured counts a metric."""
        return sum(metric.calls for metric in self.metrics)

    @property
    def least_s(self) -> float | None:
        """Seconds that the judge's request limit alone takes; None without one."""
        limits = [recipe.judge.requests_per_minute for recipe in self.plan.recipes if recipe.judge.requests_per_minute]
        return self.calls / min(limits) * 60 if limits else None

    def lines(self) -> Iterator[str]:
        """What to show below the table."""
        plan = self.plan
        calls = plural(round(self.calls), "judge call")
        yield f"{plural(plan.slots, 'slot')} in {plural(len(plan.shards), 'shard')}; about {calls}, fewer where results are reused"
        if plan.skipped:
            yield f"{plural(plan.skipped, 'slot')} will be skipped, for want of a field"
        if plan.must_run:
            yield f"{plural(plan.must_run, 'must-run case')} on top of the tier's count, gated one by one"
        yield from self.limits
        if self.least_s is not None:
            yield f"at least {seconds(self.least_s)} by the request limit alone"

    def as_json(self) -> dict[str, Any]:
        """The `--json` object."""
        plan = self.plan
        return {
            "run_id": plan.run_id, "suite": plan.suite, "tier": plan.tier, "plan_digest": plan.digest,
            "cases": plan.cases, "dataset_cases": plan.dataset_cases, "planned": plan.slots, "skipped": plan.skipped,
            "must_run": plan.must_run, "shards": len(plan.shards), "judge_calls_estimated": round(self.calls),
            "least_s": self.least_s, "metrics": [metric._asdict() for metric in self.metrics],
        }  # fmt: skip


async def forecast(path: Path, options: RunOptions, *, write: bool = False) -> Forecast:
    """The plan of a run that is not begun; in the store only when `write` says so."""
    loaded = load_suite(path)
    if write:
        store = store_for(loaded, options.store)
        return _forecast(await plan_run(loaded, store, options), store)
    with TemporaryDirectory(prefix="evalfactory-plan-") as scratch:
        aside = open_store(scratch)
        keeps_steps = any(needs_steps(spec) for spec in loaded.suite.metrics)  # those that are written now are paid for
        recipes = store_for(loaded, options.store) if keeps_steps else aside
        plan = await plan_run(loaded, aside, options, recipes_from=recipes)
        return _forecast(plan, aside)


def _forecast(plan: Plan, store: Store) -> Forecast:
    keys = RunKeys(plan.suite, plan.run_id)
    slots: Counter[str] = Counter()
    calls: dict[str, float] = defaultdict(float)
    recipes = {recipe.name: recipe for recipe in plan.recipes}
    for shard in plan.shards:
        for piece in frozen_cases(store, keys, shard):
            for frozen in piece:
                slots.update(frozen.metrics)
                for name in frozen.metrics:
                    calls[name] += estimated_calls(frozen.case, recipes[name])
    repeats = plan.execution.repeats
    rows = tuple(
        MetricForecast(
            name=recipe.name,
            judge="offline" if recipe.judge.kind == "offline" else recipe.judge.model,
            threshold=recipe.threshold,
            slots=slots[recipe.name] * repeats,
            calls=calls[recipe.name] * repeats,
        )
        for recipe in plan.recipes
    )
    return Forecast(plan, rows, store.url, tuple(_limits(plan)))


def _limits(plan: Plan) -> Iterator[str]:
    for judge in dict.fromkeys(recipe.judge.model_dump_json() for recipe in plan.recipes):
        spec = JudgeSpec.model_validate_json(judge)
        if spec.kind == "openai":
            rate = f", {spec.requests_per_minute:g} requests a minute" if spec.requests_per_minute else ""
            yield f"judge {spec.model} at {spec.base_url}: at most {spec.max_in_flight} in flight{rate}, for all workers together"
