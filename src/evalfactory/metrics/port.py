"""What the engine knows of a metric's outcome; imports nothing of DeepEval."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ..records.case import Case
from ..records.plan import MetricRecipe


class Scored(NamedTuple):
    """What a metric said of a case."""

    score: float
    reason: str | None
    threshold: float | None
    success: bool | None


class MetricError(Exception):
    """The metric itself failed on this case: it raised, or gave no finite score."""


class Metrics(Protocol):
    """The metrics of a plan."""

    async def ready(self) -> None:
        """Load what measuring needs. Raises `EvalFactoryError` when it cannot be had."""
        ...

    async def measure(self, case: Case, recipe: MetricRecipe) -> Scored:
        """The score of one case by a fresh metric object.

        Raises `CallError` for a call of judge or target that failed, `MetricError` for the metric's own failure; lets
        `EvalFactoryError` (nothing answers, key refused) and cancellation through.
        """
        ...
