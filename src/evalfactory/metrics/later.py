"""The metrics of a plan, with DeepEval loaded by the first measurement that needs it: what is reused needs none."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..bulk import without_cycle_search
from ..errors import EnvironmentProblem
from ..judge.port import Judge
from ..records.case import Case
from ..records.plan import MetricRecipe
from .port import Metrics, Scored


class MetricsWhenNeeded:
    """Measures as `DeepEvalMetrics` does, once `ready` has built it; that raises what building it raises."""

    def __init__(self, recipes: Sequence[MetricRecipe], judges: Mapping[str, Judge], folder: Path) -> None:
        self._recipes, self._judges, self._folder = recipes, judges, folder
        self._loading: asyncio.Future[Metrics] | None = None

    async def ready(self) -> None:
        """Load DeepEval and build the metrics, if nobody has asked for it before."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(self._load))
        await asyncio.shield(self._loading)

    async def measure(self, case: Case, recipe: MetricRecipe) -> Scored:
        """The score of one case by a fresh metric object: see `port.Metrics`."""
        await self.ready()
        assert self._loading is not None
        return await self._loading.result().measure(case, recipe)

    def _load(self) -> Metrics:
        try:
            with without_cycle_search():
                from .bridge import DeepEvalMetrics
        except ImportError as error:
            hint = "reinstall evalfactory with the versions that it pins"
            raise EnvironmentProblem(f"DeepEval cannot be imported: {error}", hint=hint) from error
        metrics = DeepEvalMetrics(self._recipes, self._judges, self._folder)
        gc.freeze()
        return metrics
