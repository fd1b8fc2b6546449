"""The report for a program: the one JSON object of `run --json`."""

from __future__ import annotations

from typing import TypedDict

from ..records.report import Outcome, Report


class JudgeTotals(TypedDict):
    """What the judge cost, over the whole run."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float


class SummaryJson(TypedDict):
    """Slots are counted; `planned = scored + errored + skipped + missing`, and `reused` is part of `scored`."""

    run_id: str
    suite: str
    tier: str
    verdict: Outcome
    report: str
    planned: int
    scored: int
    errored: int
    skipped: int
    missing: int
    reused: int
    results_digest: str
    judge: JudgeTotals
    wall_s: float


def summary_json(report: Report, *, place: str) -> SummaryJson:
    """The object, its keys in the documented order; `place` is the report's folder."""
    counts, judge = report.counts, report.judge
    return {
        "run_id": report.run_id,
        "suite": report.suite,
        "tier": report.tier,
        "verdict": report.verdict.outcome,
        "report": place,
        "planned": counts.planned,
        "scored": counts.scored,
        "errored": counts.errored,
        "skipped": counts.skipped,
        "missing": counts.missing,
        "reused": counts.reused,
        "results_digest": report.results_digest,
        "judge": {
            "calls": judge.calls,
            "input_tokens": judge.input_tokens,
            "output_tokens": judge.output_tokens,
            "cost_usd": judge.cost_usd,
        },
        "wall_s": report.wall_s,
    }
