"""How far a run is, from its workers' events; a display reads it whenever it likes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from ..engine.events import Event, Finished, Noticed, ShardEnded, Started, Stopping, Tick
from ..records.measurement import Slot
from ..records.plan import Plan

#: What a worker is once the run is asked to stop: it begins nothing new, and may finish what is in flight.
STOPPING = "stopping"


@dataclass
class WorkerProgress:
    """One worker's place. Counts are slots, but for `calls`, to the judge."""

    name: str
    state: str = "starting"
    done: int = 0
    errored: int = 0
    in_flight: int | None = 0  # None where nobody says
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
    earlier: int = 0  # kept before these workers began
    fresh: int = 0  # measured by these workers: neither reused nor kept before
    answered: bool = False  # the judge has answered this run
    _kept: dict[int, set[Slot]] = field(default_factory=dict)  # by shard, until it is committed
    _sizes: dict[int, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Slots kept so far, each counted once however often it was told."""
        return self.committed + sum(map(len, self._kept.values()))

    @property
    def is_stopping(self) -> bool:
        """Whether some worker finishes what it has in flight, and nothing more."""
        return any(worker.state == STOPPING for worker in self.workers)

    def count_committed(self, plan: Plan, open_shards: Collection[int]) -> None:
        """Take the slots of shards that were committed before into account."""
        self._sizes = {shard.index: shard.slots for shard in plan.shards if shard.index in open_shards}
        self.committed = self.earlier = plan.slots - sum(self._sizes.values())

    def is_news(self, event: Finished) -> bool:
        """Whether nobody has told before that the slot is kept."""
        return event.slot not in self._kept.get(event.shard, ())

    def note(self, worker: WorkerProgress, event: Event) -> None:
        """Take one event into account."""
        match event:
            case Finished():
                if self.is_news(event):
                    self._finished(worker, event)
            case Started() if worker.state != STOPPING:
                worker.state = "measuring"
            case ShardEnded(shard, problem, hint, note):
                self.shards_done += 1
                if note:
                    self.problems.append(f"shard {shard}: {note}")
                if problem:
                    self.problems.append(f"shard {shard}: {problem}" + (f"\n  try: {hint}" if hint else ""))
                else:
                    self.committed += self._sizes.pop(shard, 0)
                    self._kept.pop(shard, None)
            case Noticed(message):
                self.problems.append(message)
            case Tick(note):
                worker.note = note
            case Stopping():
                worker.state = STOPPING
                worker.note = ""  # why is said once, when the run has ended
            case _:
                pass

    def _finished(self, worker: WorkerProgress, event: Finished) -> None:
        self._kept.setdefault(event.shard, set()).add(event.slot)
        self.states[event.state] += 1
        self.reused += event.reused
        self.answered |= event.state == "scored" and event.calls > 0
        if event.earlier:
            self.earlier += 1
            return  # nobody worked for it, or paid for it, this time
        worker.done += 1
        worker.errored += event.state == "errored"
        self.fresh += not event.reused
        for counts in (self, worker):
            counts.calls += event.calls
            counts.cost_usd += event.cost_usd

    def left_s(self, now_s: float) -> float | None:
        """Estimated seconds to the end; None before there is anything to go by."""
        elapsed_s = now_s - self.started_s
        if self.fresh <= 0 or elapsed_s <= 0:
            return None
        return (self.planned - self.done) * elapsed_s / self.fresh
