"""The report: one record that every renderer and every later comparison reads."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Record
from .measurement import Failure, PartRef, Usage

Outcome = Literal["PASS", "FAIL", "INCONCLUSIVE", "INCOMPLETE"]


class Counts(Record):
    """Slots. `planned = scored + errored + skipped + missing`, always; `reused` is part of `scored`."""

    planned: int = 0
    scored: int = 0
    errored: int = 0
    skipped: int = 0
    missing: int = 0
    reused: int = 0


class MetricSummary(Record):
    """One metric over the averaged cases (must-run cases stand apart)."""

    name: str
    type: str
    threshold: float | None
    counts: Counts
    mean: float | None = Field(default=None, description="Of the scored slots; none without any.")
    pass_rate: float | None = Field(default=None, description="Share of scored slots that succeed.")
    minimum: float | None = None
    maximum: float | None = None
    baseline_mean: float | None = Field(default=None, description="Of the same slots in the baseline.")
    delta: float | None = Field(default=None, description="Mean of the paired differences, candidate minus baseline.")
    pairs: int = Field(default=0, description="Slots scored in both.")


class GateCheck(Record):
    """One rule of the gate, what it wanted and what it saw."""

    rule: Literal["complete", "mean", "pass_rate", "drop", "must_run", "errored", "scored"]
    metric: str | None = None
    case_id: str | None = Field(default=None, description="Of a must-run slot.")
    outcome: Outcome
    wanted: str
    seen: str


class Verdict(Record):
    """The gate's word and the checks behind it. Precedence: INCOMPLETE, FAIL, INCONCLUSIVE, PASS."""

    outcome: Outcome
    checks: tuple[GateCheck, ...]

    @property
    def reasons(self) -> tuple[GateCheck, ...]:
        """The checks that made the verdict what it is."""
        return tuple(check for check in self.checks if check.outcome == self.outcome and self.outcome != "PASS")


class CaseResult(Record):
    """One slot with what a reader needs to understand it."""

    case_id: str
    metric: str
    repeat: int = 0
    state: Literal["scored", "errored", "skipped", "missing"] = "scored"
    score: float | None
    threshold: float | None = None
    success: bool | None = None
    reason: str | None = None
    failure: Failure | None = None
    input: str | None = None
    actual_output: str | None = None
    expected_output: str | None = None
    retrieval_context: tuple[str, ...] | None = None
    baseline_score: float | None = None
    baseline_reason: str | None = None


class ShardProof(Record):
    """Why a shard counts: its commit and the parts it names."""

    index: int
    attempt: str
    commit_sha256: str
    slots: int
    parts: tuple[PartRef, ...]


class Proof(Record):
    """Everything `verify` needs to check the report against the store's bytes."""

    plan_digest: str
    dataset_digest: str
    measurements_sha256: str = Field(description="Of `measurements.jsonl`.")
    results_digest: str
    shards: tuple[ShardProof, ...]
    missing_shards: tuple[int, ...] = ()
    missing: tuple[str, ...] = Field(default=(), description="The first missing slots, as `case / metric / repeat`.")
    duplicates_dropped: int = Field(default=0, description="Twins of a slot inside the parts that count.")
    late_attempts: int = Field(default=0, description="Parts of attempts that no commit names.")


class BaselineInfo(Record):
    """What the run was compared with."""

    asked: str = Field(description="As the user named it.")
    run_id: str | None = None
    created_at: str | None = None
    results_digest: str | None = None
    pairs: int = Field(default=0, description="Slots scored in both runs, must-run slots included.")
    only_here: int = Field(default=0, description="Slots scored in this run and not in the baseline.")
    only_there: int = Field(default=0, description="Slots scored in the baseline and not in this run.")
    note: str | None = Field(default=None, description="Why there is no comparison, or what makes it weaker.")


class MetricComparison(Record):
    """One metric over the pairs: slots of averaged cases that are scored in both runs."""

    name: str
    pairs: int = 0
    mean: float | None = Field(default=None, description="Of the pairs, in this run.")
    baseline_mean: float | None = Field(default=None, description="Of the pairs, in the baseline.")
    mean_difference: float | None = Field(default=None, description="This run minus the baseline, over the pairs.")
    improved: int = Field(default=0, description="Pairs with a higher score than in the baseline.")
    worsened: int = Field(default=0, description="Pairs with a lower score than in the baseline.")
    fixed: int = Field(default=0, description="Pairs that failed in the baseline and succeed now.")
    broken: int = Field(default=0, description="Pairs that succeeded in the baseline and fail now.")
    only_here: int = Field(default=0, description="Slots scored in this run and not in the baseline.")
    only_there: int = Field(default=0, description="Slots scored in the baseline and not in this run.")


class Comparison(Record):
    """A run beside its baseline, paired slot by slot."""

    run_id: str
    baseline: BaselineInfo
    metrics: tuple[MetricComparison, ...]
    regressions: tuple[CaseResult, ...] = Field(default=(), description="The largest drops, must-run slots included.")
    improvements: tuple[CaseResult, ...] = Field(default=(), description="The largest rises.")


class Report(Record):
    """A run, told."""

    format: Literal[1] = 1
    run_id: str
    suite: str
    tier: str
    created_at: str
    verdict: Verdict
    counts: Counts
    cases: int
    metrics: tuple[MetricSummary, ...]
    must_run: tuple[CaseResult, ...] = Field(default=(), description="The first must-run slots that did not succeed.")
    must_run_slots: int = 0
    must_run_unmet: int = Field(default=0, description="Must-run slots that did not succeed, all of them.")
    errors: dict[str, int] = Field(default_factory=dict, description="Error class -> slots.")
    judge: Usage = Field(default=Usage(), description="Of this run alone; a reused measurement cost nothing here.")
    target: Usage | None = None
    judge_name: str = ""
    notes: tuple[str, ...] = Field(
        default=(), description="What a reader must know, e.g. that the offline judge's scores mean nothing."
    )
    worst: tuple[CaseResult, ...] = Field(
        default=(), description="Averaged slots that did not succeed: failed ones first, lowest score first."
    )
    regressions: tuple[CaseResult, ...] = Field(default=(), description="The largest drops against the baseline.")
    errored: tuple[CaseResult, ...] = Field(default=(), description="The first errored slots.")
    baseline: BaselineInfo | None = None
    reused_from: dict[str, int] = Field(default_factory=dict, description="Run -> slots copied from it.")
    parent: str | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    wall_s: float = 0.0
    results_digest: str
    proof: Proof
