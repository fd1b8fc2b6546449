"""Recipes, cases, plans and measurements for tests of what comes after a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evalfactory.records.case import Case, FrozenCase
from evalfactory.records.gate import GateSpec
from evalfactory.records.measurement import ErrorClass, Failure, Measurement, Slot, Usage
from evalfactory.records.plan import MetricRecipe, Plan, ShardPlan
from evalfactory.records.suite import Execution, JudgeSpec

METRICS = ("answer_relevancy", "faithfulness")


def recipe(name: str, *, threshold: float | None = 0.5, model: str = "qwen3-32b", digest: str = "") -> MetricRecipe:
    return MetricRecipe(
        name=name,
        type=name,
        kind="single",
        threshold=threshold,
        args={},
        judge=JudgeSpec(model=model),
        code="4.3.1",
        requires=("input",),
        digest=digest or f"digest of {name}",
    )


RECIPES = tuple(recipe(name) for name in METRICS)


def frozen(case_id: str, metrics: Sequence[str] = METRICS, *, must_run: bool = False, **fields: object) -> FrozenCase:
    skipped = fields.pop("skipped", {})
    case = Case.model_validate({"id": case_id, "input": f"question {case_id}", **fields})
    group = "must_run" if must_run else ""
    return FrozenCase.model_validate({"case": case, "metrics": tuple(metrics), "skipped": skipped, "group": group})


def scored(slot: Slot, score: float, reason: str | None = None, *, attempt: str = "a", calls: int = 3) -> Measurement:
    return Measurement(
        **slot._asdict(),
        state="scored",
        score=score,
        reason=reason,
        threshold=0.5,
        success=score >= 0.5,
        usage=Usage(calls=calls, input_tokens=100 * calls, output_tokens=10 * calls, cost_usd=0.001 * calls),
        attempt=attempt,
    )


def errored(
    slot: Slot, error_class: ErrorClass = "timeout", message: str = "no answer", *, attempt: str = "a"
) -> Measurement:
    failure = Failure(error_class=error_class, where="judge", message=message)
    return Measurement(**slot._asdict(), state="errored", failure=failure, attempt=attempt, usage=Usage(calls=1))


def skipped(slot: Slot, reason: str = "the case has no retrieval_context", *, attempt: str = "a") -> Measurement:
    return Measurement(**slot._asdict(), state="skipped", reason=reason, attempt=attempt)


def plan(
    recipes: Iterable[MetricRecipe] = RECIPES, *, run_id: str = "run-1", cases: int = 2, gate: GateSpec | None = None
) -> Plan:
    recipes = tuple(recipes)
    return Plan(
        run_id=run_id,
        created_at="2026-11-23T06:30:00Z",
        digest="plan digest",
        suite="support-bot",
        tier="smoke",
        suite_digest="suite digest",
        dataset_digest="dataset digest",
        inputs_digest="inputs digest",
        dataset_cases=cases,
        versions={"deepeval": "4.3.1", "evalfactory": "0.1.0"},
        recipes=recipes,
        execution=Execution(),
        gate=gate or GateSpec(),
        cases=cases,
        slots=cases * len(recipes),
        shards=(
            ShardPlan(index=0, cases=cases, slots=cases, weight=1.0, file="0.jsonl", offset=0, length=0, sha256="0"),
        ),
    )
