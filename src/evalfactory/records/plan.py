"""The plan: what will be measured, cut into shards; written once and known by its digest."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from .base import Record, digest_of
from .case import CaseKind
from .gate import GateSpec
from .measurement import Usage
from .suite import Execution, JudgeSpec, OnInconclusive, PublishSpec, TargetSpec


class MetricRecipe(Record):
    """All that is needed to build a metric in a worker, and to know whether an old score still counts."""

    name: str
    type: str
    kind: CaseKind
    threshold: float | None
    args: dict[str, Any]
    judge: JudgeSpec
    code: str = Field(description="DeepEval's version, or for one's own metric its declared version or source digest.")
    requires: tuple[str, ...] = Field(description="Case fields without which it cannot measure.")
    produced: tuple[str, ...] = Field(default=(), description="Those of them that the target produces.")
    calls: float = Field(default=3.0, description="Judge calls of a typical measurement, for weights and estimates.")
    calls_per_chunk: float = Field(
        default=0.0, description="Of them, those of each chunk of context (typically three)."
    )
    calls_per_turn: float = Field(default=0.0, description="Of them, those of each pair of turns (typically three).")
    window: int = Field(
        default=1,
        description="Pairs of turns judged together at most; a chunk is judged in every window that holds it.",
    )
    digest: str = Field(description="Of everything that decides a score, the judge's transport and limits left out.")


class ShardPlan(Record):
    """One worker's portion: which bytes of which file hold its cases."""

    index: int
    cases: int
    slots: int
    weight: float = Field(description="Estimated judge calls.")
    file: str = Field(description="Name in the run's `cases/` folder.")
    offset: int = Field(description="Bytes.")
    length: int = Field(description="Bytes.")
    sha256: str


class Parent(Record):
    """The run that this one supplements."""

    run_id: str
    results_digest: str


class StoreFacts(Record):
    """What a store really does of what results rely on, tried out."""

    creates_once: bool = Field(description="A second `create` of a key is refused, and leaves it as it was.")
    knows_its_own: bool = Field(description="A `create` that is repeated with the same bytes counts as done.")
    reads_back: bool = Field(description="What was written is read at once.")
    lists_at_once: bool = Field(description="What was written is listed at once.")
    deletes: bool = Field(description="What was deleted is gone.")
    ahead_s: float = Field(description="Its clock against the one of whoever tried, seconds.")


class Plan(Record):
    """What every process of a run agrees on. `digest` covers everything but the run id and the time."""

    format: Literal[1] = 1
    run_id: str
    created_at: str = Field(description="UTC, ISO 8601.")
    digest: str
    suite: str
    tier: str
    selection: str = Field(default="", description="A quick look at some cases, in words; empty for a whole tier.")
    chosen_by: tuple[str, ...] = Field(
        default=(), description="Options of `run` that choose the same cases again, where some do. Not in the digest."
    )
    suite_digest: str
    dataset_digest: str
    inputs_digest: str = Field(
        description="Of the cases' ids and input sides alone: the same for a new prompt's answers."
    )
    dataset_cases: int = Field(description="Cases in the dataset, of which the tier takes `cases`.")
    versions: dict[str, str]
    recipes: tuple[MetricRecipe, ...]
    target: TargetSpec | None = None
    target_digest: str = ""
    execution: Execution
    gate: GateSpec
    on_inconclusive: OnInconclusive = "inconclusive"
    cluster_by: str | None = None
    slices: tuple[str, ...] = ()
    reuse: bool = True
    seed: int = 0
    cases: int
    slots: int
    skipped: int = Field(default=0, description="Slots that are recorded as skipped for want of a field.")
    must_run: int = Field(default=0, description="Cases on top of the tier's count.")
    shards: tuple[ShardPlan, ...]
    parent: Parent | None = None
    planning: Usage = Field(
        default=Usage(), description="What the judge cost before the plan: evaluation steps. Not in the digest."
    )
    store: StoreFacts | None = Field(
        default=None,
        description="What the run's store was found to do; nothing of a folder, which does it all. Not in the digest.",
    )
    publish: PublishSpec = Field(default=PublishSpec(), description="What may be told outside. Not in the digest.")

    @property
    def commits_are_chosen(self) -> bool:
        """Whether the store lets a second commit overwrite the first, so that readers choose among all of them."""
        return self.store is not None and not self.store.creates_once


#: What differs between two planners of the same.
NOT_PLANNED = ("run_id", "created_at", "digest", "planning", "store", "publish", "chosen_by")


def content_digest(plan: dict[str, Any]) -> str:
    """SHA-256 of what a plan's JSON plans; equal for two planners with the same suite, data and versions.

    Taken from the JSON as it is written, so that a later version, whose plans say more, still proves this one.
    """
    return digest_of({key: value for key, value in plan.items() if key not in NOT_PLANNED})
