"""What the judge's noise is, and how many cases a suite needs: answers that are printed, and not kept."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Record
from .gate import MetricTier
from .measurement import Usage
from .report import Interval


class MetricNoise(Record):
    """How much one metric's scores of the same answers differ from draw to draw."""

    name: str = Field(description="In this suite.")
    cases: int = Field(description="That were scored at least twice.")
    draws: int = Field(description="Scores of them, all together.")
    mean: float | None = Field(default=None, description="Of all draws; none without any.")
    variance: float | None = Field(default=None, description="Of the draws of one case, pooled over the cases.")
    deviation: float | None = Field(default=None, description="Its square root: the usual distance from a case's mean.")
    same_again: float | None = Field(
        default=None,
        description="How far apart two runs of these cases on the same answers have their means, 19 times in 20 at most.",
    )
    flip_rate: float | None = Field(
        default=None,
        description="How often two draws of a case disagree on whether it passes; none without a threshold.",
    )
    flip_interval: Interval | None = Field(default=None, description="Of the flip rate; cases are the draws.")
    shaky: int = Field(default=0, description="Cases that passed and failed, or whose draws lie 0.1 apart or more.")


class ShakyCase(Record):
    """A case whose answer was not always judged alike."""

    case_id: str = Field(description="The case.")
    metric: str = Field(description="In this suite.")
    scores: tuple[float, ...] = Field(description="Of each draw, in their order.")
    passed: int | None = Field(default=None, description="Draws that succeeded; none without a threshold.")


class Noise(Record):
    """The same answers judged again and again (A/A): what the judge alone moves."""

    run_id: str = Field(description="The run that judged them; nothing of it was reused.")
    suite: str = Field(description="Its suite's name.")
    repeats: int = Field(description="How often each case was judged.")
    cases: int = Field(description="That were judged.")
    errored: int = Field(description="Draws without a score, because something failed; they count for nothing here.")
    missing: int = Field(default=0, description="Draws that were not made: the run is not complete.")
    metrics: tuple[MetricNoise, ...] = Field(description="In the order of the suite.")
    shaky: tuple[ShakyCase, ...] = Field(description="The shakiest cases: flipped ones first, then the widest apart.")
    judge: Usage = Field(description="What it cost.")


class Needed(Record):
    """One way to be as sure as wanted."""

    repeats: int = Field(description="How often each case is judged, in both runs.")
    cases: int = Field(description="How many there must be.")
    judge_calls: int | None = Field(default=None, description="Of one run, all metrics together.")
    cost_usd: float | None = Field(default=None, description="Of one run, judge and target; none without a price.")


class Reach(Record):
    """What a comparison of so many cases can tell of a metric."""

    cases: int = Field(description="In each of the two runs.")
    detectable_drop: float | None = Field(
        description="Smallest true drop that is shown to be beyond the allowed one; none where no drop is."
    )
    excludable_drop: float | None = Field(description="Smallest drop that is excluded where nothing has changed.")


class MetricPower(Record):
    """What one metric needs, and what the suite's tiers can tell of it."""

    name: str = Field(description="In this suite.")
    metric_tier: MetricTier = Field(description="How much the metric matters; an advisory one decides nothing.")
    allowed_drop: float = Field(description="Of its mean; what one would accept.")
    spread: float | None = Field(
        default=None,
        description="Standard deviation of a case's difference between two runs; whole clusters are one draw.",
    )
    basis: Literal["differences", "scores", "none"] = Field(
        description="`differences`: of two earlier runs; `scores`: of one run, as if a second one had nothing to do with "
        "it, which is more than it will be; `none`: no run has scored it twice."
    )
    cases_seen: int = Field(default=0, description="From which the spread is known.")
    noise: float | None = Field(
        default=None, description="Deviation of the judge's scores of the same answer; none until it was measured."
    )
    few_changed: bool = Field(
        default=False,
        description="So few cases change that the cautious bound will be in force at that size; it is counted with.",
    )
    to_exclude: tuple[Needed, ...] = Field(
        default=(), description="Cases to exclude a drop beyond the allowed one where nothing has changed."
    )
    to_show: tuple[Needed, ...] = Field(
        default=(), description="Cases to show that the drop is beyond the allowed one; nothing where it is not."
    )
    tiers: dict[str, Reach] = Field(default_factory=dict, description="Tier -> what its cases can tell.")


class Power(Record):
    """How many cases exclude a drop where nothing changed (PASS), and how many show one that is there (FAIL)."""

    suite: str = Field(description="Its name.")
    drop: float = Field(description="The true drop of one metric's mean that is to be shown.")
    chance: float = Field(description="Of either, for each metric by itself.")
    confidence: float = Field(description="Of the gate's intervals.")
    run_id: str = Field(description="The run whose costs, and scores, are counted on.")
    compared: tuple[str, str] | None = Field(default=None, description="The two runs whose differences are counted on.")
    noise_run_id: str | None = Field(default=None, description="The run that measured the judge's noise.")
    dataset_cases: int = Field(description="Cases that the dataset had in that run.")
    metrics: tuple[MetricPower, ...] = Field(description="In the order of the suite.")
    to_exclude: tuple[Needed, ...] = Field(
        description="Every critical metric's drop beyond the allowed one, the cheapest way first; a PASS takes that."
    )
    to_show: tuple[Needed, ...] = Field(
        description="The drop in any gated metric that allows less, the cheapest way first; a FAIL takes that."
    )
