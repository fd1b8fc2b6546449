"""The one record of a run, put together from its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..records.plan import Plan
from ..records.report import (
    BaselineInfo,
    CaseResult,
    Cause,
    Comparison,
    MetricComparison,
    MetricSummary,
    Proof,
    Report,
    ShardTime,
    Verdict,
)
from .summary import Summary


@dataclass(frozen=True, slots=True)
class Findings:
    """What the analysis came to."""

    summary: Summary
    verdict: Verdict
    comparison: Comparison | None = None
    baseline: BaselineInfo | None = None  # why there is no comparison, when one was asked for


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What only the edge knows."""

    created_at: str  # UTC, ISO 8601
    wall_s: float
    judge_name: str
    cases: int  # whose slots are told: a child run tells all of its parent's
    notes: tuple[str, ...] = ()
    timeline: tuple[ShardTime, ...] = ()


def build_report(plan: Plan, findings: Findings, proof: Proof, circumstances: Circumstances) -> Report:
    """The report of a run: verdict, summary, comparison, proof."""
    summary, comparison = findings.summary, findings.comparison
    return Report(
        run_id=plan.run_id,
        suite=plan.suite,
        tier=plan.tier,
        selection=plan.selection,
        created_at=circumstances.created_at,
        verdict=findings.verdict,
        counts=summary.counts,
        cases=circumstances.cases,
        metrics=beside(summary.metrics, comparison),
        must_run=_with_causes(summary.must_run, summary.causes),
        diagnosis=summary.diagnosis,
        must_run_slots=sum(counts.planned for counts in summary.must_run_counts.values()),
        must_run_unmet=sum(summary.must_run_unmet.values()),
        errors=summary.errors,
        judge=summary.judge + plan.planning,
        target=summary.target if plan.target is not None else None,
        target_speed=summary.speed,
        judge_name=circumstances.judge_name,
        notes=circumstances.notes,
        worst=_with_causes(summary.worst, summary.causes),
        regressions=_with_causes(comparison.regressions, summary.causes) if comparison else (),
        errored=summary.errored,
        baseline=comparison.baseline if comparison else findings.baseline,
        compared=comparison.metrics if comparison else (),
        slices=summary.sliced.slices,
        slices_left_out=summary.sliced.left_out,
        compared_slices=comparison.slices if comparison else (),
        reused_from=summary.reused_from,
        parent=plan.parent.run_id if plan.parent else None,
        versions=plan.versions,
        wall_s=circumstances.wall_s,
        timeline=circumstances.timeline,
        results_digest=proof.results_digest,
        proof=proof,
    )


def _with_causes(results: Iterable[CaseResult], causes: Mapping[str, Cause]) -> tuple[CaseResult, ...]:
    return tuple(result.model_copy(update={"cause": causes.get(result.case_id)}) for result in results)


def beside(metrics: tuple[MetricSummary, ...], comparison: Comparison | None) -> tuple[MetricSummary, ...]:
    """The metrics with what the baseline says of the same slots."""
    theirs = {metric.name: metric for metric in comparison.metrics} if comparison else {}
    return tuple(_beside(metric, theirs.get(metric.name)) for metric in metrics)


def _beside(metric: MetricSummary, other: MetricComparison | None) -> MetricSummary:
    if other is None:
        return metric
    seen = {"baseline_mean": other.baseline_mean, "delta": other.mean_difference, "pairs": other.pairs}
    return metric.model_copy(update=seen)
