"""The metrics of a plan, with DeepEval loaded by the first measurement that needs it: what is reused needs none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import EnvironmentProblem
from ..judge.port import Judge, current_meter
from ..records.case import Case
from ..records.plan import MetricRecipe
from .port import Metrics, Scored


class MetricsWhenNeeded:
    """Measures as `DeepEvalMetrics` does, and raises what building that raises from the first measurement on."""

    def __init__(self, recipes: Sequence[MetricRecipe], judges: Mapping[str, Judge], folder: Path) -> None:
        self._recipes, self._judges, self._folder = recipes, judges, folder
        self._loading: asyncio.Future[Metrics] | None = None

    async def measure(self, case: Case, recipe: MetricRecipe) -> Scored:
        """The score of one case by a fresh metric object: see `port.Metrics`."""
        metrics = await self._loaded()
        return await metrics.measure(case, recipe)

    async def _loaded(self) -> Metrics:
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(self._load))
        if self._loading.done():
            return self._loading.result()
        with current_meter.get().waiting():  # no measurement's deadline pays for it
            return await asyncio.shield(self._loading)

    def _load(self) -> Metrics:
        try:
            from .bridge import DeepEvalMetrics
        except ImportError as error:
            hint = "reinstall evalfactory with the versions that it pins"
            raise EnvironmentProblem(f"DeepEval cannot be imported: {error}", hint=hint) from error
        return DeepEvalMetrics(self._recipes, self._judges, self._folder)
