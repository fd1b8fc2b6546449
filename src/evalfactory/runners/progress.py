"""How far a run is, from its workers' events; a display reads it whenever it likes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from ..engine.events import Event, Finished, ShardEnded, Started, Stopping, Tick
from ..records.measurement import Slot
from ..records.plan import Plan


@dataclass
class WorkerProgress:
    """One worker's place. Counts are slots, but for `calls`, to the judge."""

    name: str
    state: str = "starting"
    done: int = 0
    errored: int = 0
    in_flight: int = 0
    calls: int = 0
    cost_usd: float = 0.0
    deaths: int = 0
    note: str = ""


@dataclass
class Progress:
    """The run as a whole. Counts are slots; times are seconds of the clock that the runner passes in."""

    planned: int
    started_s: float
    workers: list[WorkerProgress] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    committed: int = 0
    reused: int = 0
    calls: int = 0
    cost_usd: float = 0.0
    shards_done: int = 0
    problems: list[str] = field(default_factory=list)
    _seen: set[Slot] = field(default_factory=set)

    @property
    def done(self) -> int:
        """Slots kept so far, each counted once however often it was told."""
        return self.committed + len(self._seen)

    def count_committed(self, plan: Plan, open_shards: Collection[int]) -> None:
        """Take the slots of shards that were committed before into account."""
        self.committed = sum(shard.slots for shard in plan.shards if shard.index not in open_shards)

    def __contains__(self, slot: object) -> bool:
        """Whether the slot is kept."""
        return slot in self._seen

    def note(self, worker: WorkerProgress, event: Event) -> None:
        """Take one event into account."""
        match event:
            case Finished(slot, state, calls, cost_usd, reused):
                if slot in self._seen:
                    return
                self._seen.add(slot)
                self.states[state] += 1
                self.reused += reused
                self.calls += calls
                self.cost_usd += cost_usd
                worker.done += 1
                worker.errored += state == "errored"
                worker.calls += calls
                worker.cost_usd += cost_usd
            case Started():
                worker.state = "measuring"
            case ShardEnded(shard, problem):
                self.shards_done += 1
                if problem:
                    self.problems.append(f"shard {shard}: {problem}")
            case Tick(note):
                worker.note = note
            case Stopping(_, message):
                worker.state = "stopping"
                worker.note = message
            case _:
                pass

    def left_s(self, now_s: float) -> float | None:
        """Estimated seconds to the end; None before there is anything to go by."""
        fresh = len(self._seen) - self.reused
        elapsed_s = now_s - self.started_s
        if fresh <= 0 or elapsed_s <= 0:
            return None
        return (self.planned - self.done) * elapsed_s / fresh
