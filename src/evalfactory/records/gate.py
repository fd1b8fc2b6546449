"""When a run passes, as a suite says it. Every field's description is the reference documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, PositiveFloat, model_validator

from .base import Record

MetricTier = Literal["critical", "supporting", "advisory"]
Changed = Literal["judge", "recipe", "deepeval"]


class MetricGate(Record):
    """What one metric must reach."""

    tier: MetricTier = Field(
        default="critical",
        description="`critical`: a drop must be excluded to pass; `supporting`: only a shown drop counts, or that "
        "nothing can be compared; `advisory`: told, never gated, its must-run slots neither.",
    )
    mean: float | Literal["threshold"] | None = Field(
        default="threshold",
        description="Least mean score. `threshold`: the metric's own, and none beside a `pass_rate` unless it is "
        "written; `null`: none.",
    )
    pass_rate: float | None = Field(default=None, ge=0, le=1, description="Least share of scored cases that succeed.")
    allowed_drop: float | None = Field(
        default=None, ge=0, description="Of the mean against the baseline; the gate's without it."
    )

    @model_validator(mode="before")
    @classmethod
    def _one_floor(cls, given: Any) -> Any:
        """A share of passed cases that is written stands in for the mean that is not."""
        if isinstance(given, Mapping) and given.get("pass_rate") is not None:
            return {"mean": None, **given}
        return given


class TargetGate(Record):
    """How fast and cheap the target must be, when it was asked."""

    p50_s: PositiveFloat | None = Field(
        default=None, description="Most seconds of the median answer, waiting for limits left out."
    )
    p95_s: PositiveFloat | None = Field(
        default=None, description="Most seconds of the 95th percentile of the answers, waiting for limits left out."
    )
    tokens: PositiveFloat | None = Field(default=None, description="Most tokens of an answer on average, in and out.")
    cost_usd: PositiveFloat | None = Field(default=None, description="Most US dollars of an answer on average.")


class GateSpec(Record):
    """When the run passes. A metric's mean must reach its threshold, unless `metrics` says otherwise."""

    metrics: dict[str, MetricGate] = Field(
        default_factory=dict, description="By the metric's name in this suite; one that is not named has the defaults."
    )
    target: TargetGate = Field(
        default=TargetGate(), description="How fast and cheap the target must be, beside the quality of its answers."
    )
    max_errored: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Share of slots that may be errored; above it the verdict is INCONCLUSIVE.",
    )
    allowed_drop: float = Field(
        default=0.03, ge=0, description="Of a metric's mean against the baseline: what one would accept."
    )
    confidence: float = Field(
        default=0.95, ge=0.5, le=0.999, description="Of the intervals that decide whether there was such a drop."
    )
    baseline: str | None = Field(default=None, description="A name given by `bless`, `previous`, or a run id.")
    require_baseline: bool = Field(
        default=False,
        description="Without a comparison the verdict is INCONCLUSIVE; else that is told, and no failure.",
    )
    max_baseline_age_days: PositiveFloat | None = Field(
        default=None,
        description="How much older than the run the baseline may be; above it the verdict is INCONCLUSIVE.",
    )
    compare_anyway: tuple[Changed, ...] = Field(
        default=(),
        description="Compare although the baseline was measured by another `judge`, another `recipe` (prompt, arguments, "
        "own code) or another `deepeval`.",
    )
