"""What a line works with: the plan, the ports, and who it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..metrics.port import Metrics
from ..records.plan import MetricRecipe, Plan
from ..storage.layout import RunKeys
from ..storage.port import Store
from .commits import commit_body, read_commit
from .events import Events
from .producing import Producer
from .reusing import Reuse


@dataclass(frozen=True, slots=True)
class Station:
    """A worker process's place at the run."""

    plan: Plan
    store: Store
    keys: RunKeys
    metrics: Metrics
    producer: Producer | None
    reuse: Reuse
    events: Events
    attempt: str
    window: Callable[[], int]  # cases and measurements under way at once: enough to keep every place in flight taken
    waiting_for: Callable[[], str] = str  # what the judge waits for, in words; empty while all goes well

    @property
    def recipes(self) -> dict[str, MetricRecipe]:
        """The plan's recipes by name."""
        return {recipe.name: recipe for recipe in self.plan.recipes}

    def is_committed(self, shard: int) -> bool:
        """Whether some attempt has committed the shard. Raises `InputError` when its commit was changed."""
        try:
            body = commit_body(self.store, self.keys, self.plan, shard)
        except FileNotFoundError:
            return False
        read_commit(self.keys, self.plan, shard, body)
        return True
