"""Counts and score statistics of a set of slots, whichever they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from ..records.report import Counts, Interval
from .exact import ExactSum
from .shares import ClusterCount, clustered_wilson, wilson


class Draws(NamedTuple):
    """What the intervals of shares must know: what was drawn together, and how sure they are to be."""

    cluster_by: str | None = None
    repeats: int = 1
    confidence: float = 0.95

    @property
    def clustered(self) -> bool:
        """Whether several slots of a metric may belong together."""
        return self.cluster_by is not None or self.repeats > 1


ALONE = Draws()


@dataclass(slots=True)
class Tally:
    """Counts and score statistics of a set of slots."""

    states: Counter[str] = field(default_factory=Counter)
    reused: int = 0
    succeeded: int = 0
    total: ExactSum = field(default_factory=ExactSum)
    minimum: float | None = None
    maximum: float | None = None
    passed_in: Counter[str] = field(default_factory=Counter)  # cluster -> succeeded; only where there are clusters
    size_of: Counter[str] = field(default_factory=Counter)

    def score(self, score: float, *, success: bool | None, cluster: str | None = None) -> None:
        """Take a score; its slot's state is counted by itself."""
        self.total.add(score)
        self.succeeded += success is True
        if cluster is not None:
            self.passed_in[cluster] += success is True
            self.size_of[cluster] += 1
        if self.minimum is None or score < self.minimum:
            self.minimum = score
        if self.maximum is None or score > self.maximum:
            self.maximum = score

    @property
    def counts(self) -> Counts:
        """Of the slots by state."""
        return Counts(planned=self.states.total(), reused=self.reused, **self.states)

    @property
    def mean(self) -> float | None:
        """Of the scored slots; None without any."""
        scored = self.states["scored"]
        return self.total.over(scored) if scored else None

    def pass_rate(self, threshold: float | None) -> float | None:
        """The share of scored slots that succeed; None without any, and without a threshold."""
        scored = self.states["scored"]
        return self.succeeded / scored if scored and threshold is not None else None

    def pass_interval(self, threshold: float | None, draws: Draws) -> Interval | None:
        """Of that share; whole clusters count as one draw."""
        if self.pass_rate(threshold) is None:
            return None
        if draws.clustered:
            clusters = [ClusterCount(self.passed_in[name], size) for name, size in self.size_of.items()]
            low, high = clustered_wilson(clusters, confidence=draws.confidence)
        else:
            low, high = wilson(self.succeeded, self.states["scored"], confidence=draws.confidence)
        return Interval(
            low=round(low, 9),
            high=round(high, 9),
            confidence=draws.confidence,
            method="clustered wilson" if draws.clustered else "wilson",
        )
