"""The report: one record that every renderer and every later comparison reads."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Record
from .gate import MetricTier
from .measurement import Failure, PartRef, Usage

Outcome = Literal["PASS", "FAIL", "INCONCLUSIVE", "INCOMPLETE"]
Cause = Literal["retrieval", "generation", "both", "cannot tell"]
_GRAVEST_FIRST: tuple[Outcome, ...] = ("INCOMPLETE", "FAIL", "INCONCLUSIVE", "PASS")


class Counts(Record):
    """Slots. `planned = scored + errored + skipped + missing`, always; `reused` is part of `scored`."""

    planned: int = Field(default=0, description="Of the plan.")
    scored: int = Field(default=0, description="With a score.")
    errored: int = Field(default=0, description="Without one, because something failed.")
    skipped: int = Field(default=0, description="Without one, because the case lacks a field of the metric.")
    missing: int = Field(default=0, description="Of which no committed shard speaks.")
    reused: int = Field(default=0, description="Copied from an earlier run.")


class Interval(Record):
    """Where the true value is, with a stated confidence."""

    low: float = Field(description="Lower end.")
    high: float = Field(description="Upper end.")
    confidence: float = Field(default=0.95, description="How often such an interval holds the true value.")
    method: Literal["bca", "unseen", "bounded", "wilson", "clustered wilson"] = Field(
        description="`bca`: paired bootstrap, bias-corrected and accelerated; `unseen`: the same, but an end is what so "
        "many cases could have missed altogether; `bounded`: a bound that holds for scores of a known range however few "
        "of them changed; `wilson`: of a share."
    )
    resamples: int = Field(default=0, description="Of the bootstrap.")
    seed: int | None = Field(default=None, description="Of the bootstrap.")


class Share(Record):
    """A share of slots with its interval."""

    share: float = Field(description="From 0 to 1.")
    of: int = Field(description="Slots that are counted.")
    interval: Interval = Field(description="Of the share.")


class MetricSummary(Record):
    """One metric over the averaged cases (must-run cases stand apart)."""

    name: str = Field(description="In this suite.")
    type: str = Field(description="Name in the catalogue, or `module:name` of one's own.")
    threshold: float | None = Field(description="A score at or above it is a success.")
    counts: Counts = Field(description="Of its averaged slots.")
    mean: float | None = Field(default=None, description="Of the scored slots; none without any.")
    pass_rate: float | None = Field(default=None, description="Share of scored slots that succeed.")
    pass_interval: Interval | None = Field(default=None, description="Of that share.")
    minimum: float | None = Field(default=None, description="Lowest score.")
    maximum: float | None = Field(default=None, description="Highest score.")
    baseline_mean: float | None = Field(default=None, description="Of the same slots in the baseline.")
    delta: float | None = Field(default=None, description="Mean of the paired differences, candidate minus baseline.")
    pairs: int = Field(default=0, description="Slots scored in both.")


class TargetSpeed(Record):
    """How fast the target answered, and what an answer took; over all outputs, copies with what they took back then."""

    outputs: int = Field(description="Answers that were timed.")
    reused: int = Field(default=0, description="Of them those copied from earlier runs.")
    p50_s: float = Field(description="Half of the answers took no longer; seconds, waiting for limits left out.")
    p95_s: float = Field(description="19 of 20 answers took no longer; seconds, waiting for limits left out.")
    tokens: float = Field(default=0.0, description="Mean of an answer, input and output; 0 where no one counted.")
    cost_usd: float = Field(default=0.0, description="Mean of an answer, US dollars; 0 where no price is known.")


class GateCheck(Record):
    """One rule of the gate, what it wanted and what it saw."""

    rule: Literal[
        "complete", "mean", "pass_rate", "drop", "comparable", "baseline_age", "target", "must_run", "errored", "scored"
    ] = Field(description="Which kind of rule.")
    metric: str | None = Field(default=None, description="Whose rule; none for a rule of the whole run.")
    case_id: str | None = Field(default=None, description="Of a must-run slot.")
    outcome: Outcome = Field(description="What the rule alone comes to.")
    wanted: str = Field(description="In words.")
    seen: str = Field(description="In words.")


class Verdict(Record):
    """The gate's word and the checks behind it. Precedence: INCOMPLETE, FAIL, INCONCLUSIVE, PASS."""

    outcome: Outcome = Field(
        description="The first of INCOMPLETE, FAIL, INCONCLUSIVE that any check came to, else PASS."
    )
    checks: tuple[GateCheck, ...] = Field(description="Every rule, met or not.")
    taken_as: Outcome | None = Field(
        default=None,
        description="What the tier takes an INCONCLUSIVE for, in the exit code alone; none where it stays one.",
    )

    @property
    def reasons(self) -> tuple[GateCheck, ...]:
        """The rules that are not met: first those that made the verdict what it is, then the less grave ones."""
        unmet = (check for check in self.checks if check.outcome != "PASS")
        return tuple(sorted(unmet, key=lambda check: _GRAVEST_FIRST.index(check.outcome)))


class CaseResult(Record):
    """One slot with what a reader needs to understand it."""

    case_id: str = Field(description="The case.")
    metric: str = Field(description="The metric's name in the suite.")
    repeat: int = Field(default=0, description="Which of the suite's repeats, from 0.")
    state: Literal["scored", "errored", "skipped", "missing"] = Field(
        default="scored", description="Only `scored` has a score."
    )
    score: float | None = Field(description="Higher is better.")
    threshold: float | None = Field(default=None, description="A score at or above it is a success.")
    success: bool | None = Field(default=None, description="What the metric made of score and threshold.")
    reason: str | None = Field(default=None, description="The metric's words, or why the slot was skipped.")
    failure: Failure | None = Field(default=None, description="Of an errored slot.")
    input: str | None = Field(default=None, description="The case's.")
    actual_output: str | None = Field(default=None, description="The case's, or what the target produced.")
    expected_output: str | None = Field(default=None, description="The case's.")
    retrieval_context: tuple[str, ...] | None = Field(
        default=None, description="The case's, or what the target produced."
    )
    cause: Cause | None = Field(
        default=None, description="What made the case bad; none of a good one, and of one without a retrieval context."
    )
    baseline_score: float | None = Field(default=None, description="Of the same slot in the baseline.")
    baseline_reason: str | None = Field(default=None, description="Of the same slot in the baseline.")


class Diagnosis(Record):
    """Bad cases with a retrieval context by their causes: `bad = retrieval + generation + both + cannot_tell`."""

    bad: int = Field(description="Cases that failed a metric in their first draw.")
    retrieval: int = Field(default=0, description="A contextual metric failed, generation's metrics passed.")
    generation: int = Field(
        default=0, description="Faithfulness or answer relevancy failed, contextual metrics passed."
    )
    both: int = Field(default=0, description="Metrics of either kind failed.")
    cannot_tell: int = Field(
        default=0, description="One of the two has no score, or not all of them, or neither failed."
    )
    would_tell: dict[str, int] = Field(
        default_factory=dict, description="Metric that would tell -> bad cases of which it has no score."
    )


class ShardProof(Record):
    """Why a shard counts: its commit and the parts it names."""

    index: int = Field(description="From 0.")
    attempt: str = Field(description="Whose commit it is.")
    commit_sha256: str = Field(description="Of the bytes of `commit.json`.")
    slots: int = Field(description="Of the plan.")
    parts: tuple[PartRef, ...] = Field(description="Those that the commit names.")


class Proof(Record):
    """Everything `verify` needs to check the report against the store's bytes."""

    plan_digest: str = Field(description="Of what the plan plans, run id and time left out.")
    dataset_digest: str = Field(description="Of all cases of the dataset, whatever their order.")
    measurements_sha256: str = Field(description="Of `measurements.jsonl`.")
    outputs_sha256: str | None = Field(default=None, description="Of `outputs.jsonl`; none without a target.")
    results_digest: str = Field(description="Of every slot's state, score and reason; no times, attempts or costs.")
    shards: tuple[ShardProof, ...] = Field(description="Those that are committed.")
    missing_shards: tuple[int, ...] = Field(default=(), description="Those that are not.")
    missing: tuple[str, ...] = Field(default=(), description="The first missing slots, as `case / metric / repeat`.")
    duplicates_dropped: int = Field(default=0, description="Twins of a slot inside the parts that count.")
    late_attempts: int = Field(default=0, description="Parts of attempts that no commit names.")


class ShardTime(Record):
    """When a shard was worked on, and what held it up."""

    index: int = Field(description="From 0.")
    attempt: str = Field(description="The worker process that committed it.")
    started_at: str = Field(description="When that process took it up; UTC, ISO 8601.")
    finished_at: str = Field(description="When it was committed; UTC, ISO 8601.")
    slots: int = Field(description="Of the plan.")
    errored: int = Field(default=0, description="Of its slots.")
    reused: int = Field(default=0, description="Of its slots those copied from earlier runs.")
    attempts: int = Field(
        default=1, description="Worker processes whose measurements of it count, lost ones among them."
    )
    calls: int = Field(default=0, description="Requests to judge and target.")
    retries: int = Field(
        default=0, description="Requests sent again after a 429, a 5xx, a timeout or a broken connection."
    )
    throttled: int = Field(default=0, description="Requests refused for coming too fast (429).")


class BaselineInfo(Record):
    """What the run was compared with."""

    asked: str = Field(description="As the user named it.")
    run_id: str | None = Field(default=None, description="The run that it is; none without a comparison.")
    created_at: str | None = Field(default=None, description="Of that run.")
    results_digest: str | None = Field(default=None, description="Of that run.")
    pairs: int = Field(default=0, description="Slots scored in both runs, must-run slots included.")
    only_here: int = Field(default=0, description="Slots scored in this run and not in the baseline.")
    only_there: int = Field(default=0, description="Slots scored in the baseline and not in this run.")
    cases_added: int = Field(default=0, description="Cases that only this run has.")
    cases_removed: int = Field(default=0, description="Cases that only the baseline has.")
    cases_changed: int = Field(
        default=0, description="Cases with another input side than in the baseline; they are not compared."
    )
    added: tuple[str, ...] = Field(default=(), description="The first of the cases that only this run has.")
    removed: tuple[str, ...] = Field(default=(), description="The first of the cases that only the baseline has.")
    changed: tuple[str, ...] = Field(default=(), description="The first of the changed cases.")
    must_run_gone: int = Field(
        default=0, description="Must-run cases of the baseline that are none in this run, or are not in it."
    )
    gone: tuple[str, ...] = Field(default=(), description="The first of those.")
    age_days: float | None = Field(default=None, description="How much older than this run it is; days.")
    note: str | None = Field(default=None, description="Why there is no comparison, or what makes it weaker.")


class Difference(Record):
    """The mean of the paired differences, as evidence."""

    interval: Interval = Field(description="Of the mean difference.")
    standard_error: float = Field(description="Of the mean difference; whole clusters count as one draw.")
    cases: int = Field(description="Different cases among the pairs.")
    clusters: int = Field(description="What was drawn as one: cases, or groups of them by `cluster_by`.")
    nonzero: int = Field(description="Clusters in which something changed.")
    effective: float = Field(description="How many clusters of equal weight would tell as much of the tails.")
    largest_cluster: float = Field(default=1.0, description="Its pairs, the average cluster having 1.")
    span: float = Field(default=1.0, description="How large a difference can be: 1 for scores from 0 to 1.")
    detectable_drop: float | None = Field(
        description="Smallest true drop of this metric alone that such a comparison shows to be beyond the allowed one, "
        "about 4 times in 5; none where it shows none."
    )
    excludable_drop: float | None = Field(
        default=None, description="Smallest drop that it excludes about 4 times in 5 where nothing has changed."
    )
    p_scores: float = Field(description="Of no change in scores: sign-flip permutation test, two-sided.")
    p_passed: float | None = Field(
        default=None,
        description="Of no change in what passes: exact McNemar test, two-sided; with clusters their sign flips.",
    )
    caveat: str | None = Field(default=None, description="Why it tells less than its size, in words.")


class DropTest(Record):
    """Whether the metric fell by more than is allowed."""

    allowed: float = Field(description="Of the mean; what one would accept.")
    metric_tier: MetricTier = Field(description="How much the metric matters.")
    decision: Literal["excluded", "shown", "open"] = Field(
        description="A drop beyond `allowed` is excluded, shown, or neither."
    )
    p_larger: float | None = Field(
        default=None, description="Of a drop of at most `allowed`; adjusted by Holm over the gated metrics."
    )
    p_smaller: float | None = Field(default=None, description="Of a drop of `allowed` or more.")
    settling_cases: int | None = Field(
        default=None,
        description="About how many cases would settle it if the difference stays as it is; none where no number would.",
    )


class MetricComparison(Record):
    """One metric over the pairs: slots of averaged cases that are scored in both runs."""

    name: str = Field(description="In this suite.")
    pairs: int = Field(default=0, description="Slots scored in both.")
    mean: float | None = Field(default=None, description="Of the pairs, in this run.")
    baseline_mean: float | None = Field(default=None, description="Of the pairs, in the baseline.")
    mean_difference: float | None = Field(default=None, description="This run minus the baseline, over the pairs.")
    difference: Difference | None = Field(default=None, description="How well that is known; none without pairs.")
    drop: DropTest | None = Field(default=None, description="What the gate makes of it; none without pairs.")
    passed: Share | None = Field(default=None, description="Share of the pairs that succeed, in this run.")
    baseline_passed: Share | None = Field(default=None, description="The same in the baseline.")
    improved: int = Field(default=0, description="Pairs with a higher score than in the baseline.")
    worsened: int = Field(default=0, description="Pairs with a lower score than in the baseline.")
    fixed: int = Field(default=0, description="Pairs that failed in the baseline and succeed now.")
    broken: int = Field(default=0, description="Pairs that succeeded in the baseline and fail now.")
    only_here: int = Field(default=0, description="Slots scored in this run and not in the baseline.")
    only_there: int = Field(default=0, description="Slots scored in the baseline and not in this run.")
    refused: str | None = Field(default=None, description="Why its scores are not compared: measured in another way.")
    new: bool = Field(default=False, description="The baseline does not have this metric.")


class SliceSummary(Record):
    """One metric over some of the averaged cases; shown, and never gated."""

    field: str = Field(description="By which the cases are told apart, e.g. `tags` or `metadata.language`.")
    value: str = Field(description="What these cases have there.")
    metric: str = Field(description="In this suite.")
    scored: int = Field(description="Slots with a score.")
    mean: float | None = Field(default=None, description="Of the scored slots; none without any.")
    pass_rate: float | None = Field(default=None, description="Share of scored slots that succeed.")
    pass_interval: Interval | None = Field(default=None, description="Of that share.")


class SliceComparison(Record):
    """One metric over the pairs of some cases; shown, and never gated."""

    field: str = Field(description="By which the cases are told apart, e.g. `tags` or `metadata.language`.")
    value: str = Field(description="What these cases have there.")
    metric: str = Field(description="In this suite.")
    pairs: int = Field(description="Slots scored in both.")
    mean: float = Field(description="Of the pairs, in this run.")
    mean_difference: float = Field(description="This run minus the baseline, over the pairs.")
    interval: Interval = Field(description="Of the mean difference.")


class Comparison(Record):
    """A run beside its baseline, paired slot by slot."""

    run_id: str = Field(description="The run that is looked at.")
    baseline: BaselineInfo = Field(description="What it is compared with.")
    metrics: tuple[MetricComparison, ...] = Field(description="In the order of the suite.")
    slices: tuple[SliceComparison, ...] = Field(default=(), description="Parts of the cases, the largest first.")
    slices_left_out: int = Field(default=0, description="Values with fewer cases, which are not shown.")
    regressions: tuple[CaseResult, ...] = Field(default=(), description="The largest drops, must-run slots included.")
    improvements: tuple[CaseResult, ...] = Field(default=(), description="The largest rises.")


class Report(Record):
    """A run, told."""

    format: Literal[1] = Field(default=1, description="Of this file.")
    run_id: str = Field(description="The run.")
    suite: str = Field(description="Its suite's name.")
    tier: str = Field(description="Its tier.")
    selection: str = Field(
        default="", description="A quick look at some cases instead of a whole tier, in words; empty for a tier."
    )
    created_at: str = Field(description="When its plan was made; UTC, ISO 8601.")
    verdict: Verdict = Field(description="What the gate says.")
    counts: Counts = Field(description="Of all slots, must-run ones included.")
    cases: int = Field(description="Whose slots are told, must-run ones included.")
    metrics: tuple[MetricSummary, ...] = Field(description="In the order of the suite.")
    must_run: tuple[CaseResult, ...] = Field(default=(), description="The first must-run slots that did not succeed.")
    must_run_slots: int = Field(default=0, description="Slots of must-run cases.")
    must_run_unmet: int = Field(default=0, description="Must-run slots that did not succeed, all of them.")
    diagnosis: Diagnosis | None = Field(
        default=None, description="Whether retrieval or generation made cases bad; none where there is nothing to tell."
    )
    errors: dict[str, int] = Field(default_factory=dict, description="Error class -> slots.")
    judge: Usage = Field(default=Usage(), description="Of this run alone; a reused measurement cost nothing here.")
    target: Usage | None = Field(default=None, description="What producing outputs cost; none without a target.")
    target_speed: TargetSpeed | None = Field(
        default=None, description="How fast the target answered, and what an answer took; none without answers of it."
    )
    judge_name: str = Field(default="", description="Models of the judges, or `offline`.")
    notes: tuple[str, ...] = Field(
        default=(), description="What a reader must know, e.g. that the offline judge's scores mean nothing."
    )
    worst: tuple[CaseResult, ...] = Field(
        default=(), description="Averaged slots that did not succeed: failed ones first, lowest score first."
    )
    regressions: tuple[CaseResult, ...] = Field(default=(), description="The largest drops against the baseline.")
    errored: tuple[CaseResult, ...] = Field(default=(), description="The first errored slots.")
    baseline: BaselineInfo | None = Field(
        default=None, description="What the run was compared with, or why it was not."
    )
    compared: tuple[MetricComparison, ...] = Field(
        default=(), description="Every metric beside the baseline, with intervals and tests; empty without one."
    )
    slices: tuple[SliceSummary, ...] = Field(default=(), description="Parts of the cases, the largest first.")
    slices_left_out: int = Field(default=0, description="Values with fewer cases, which are not shown.")
    compared_slices: tuple[SliceComparison, ...] = Field(
        default=(), description="Parts of the cases beside the baseline, the largest first; empty without one."
    )
    reused_from: dict[str, int] = Field(default_factory=dict, description="Run -> slots copied from it.")
    parent: str | None = Field(default=None, description="The run that this one supplements.")
    versions: dict[str, str] = Field(default_factory=dict, description="Those that decide scores.")
    wall_s: float = Field(
        default=0.0,
        description="From the start of the command (after `collect`: of the plan) to the last measurement; seconds.",
    )
    timeline: tuple[ShardTime, ...] = Field(
        default=(), description="The run's own committed shards in the order of their indexes."
    )
    results_digest: str = Field(description="Of every slot's state, score and reason.")
    proof: Proof = Field(description="What `evalfactory verify` checks.")
