"""Worker processes of this machine: started, fed, restarted, stopped."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..engine.events import Event, Finished, Ready, ShardEnded, Started, Stopping, Wants
from ..engine.orders import Assignment, NoMore, Order
from ..errors import Exit
from ..records.measurement import Slot
from ..records.plan import Plan
from .ahead import NurseryProcess, start_nursery
from .casualties import Casualties, after_death
from .children import Nursery
from .port import Ended, nowhere
from .processes import WorkerProcess
from .progress import STOPPING, Progress, WorkerProgress

START_S = 120.0  # that a process may take, at most, to say that it is ready


@dataclass
class Lane:
    """One worker's place; its process may change."""

    progress: WorkerProgress
    birth: asyncio.Task[WorkerProcess]
    told: bool = False
    over: bool = False
    shards: set[int] = field(default_factory=set)
    in_flight: set[Slot] = field(default_factory=set)
    measured: int = 0
    casualties: Casualties = field(default_factory=Casualties)
    dead: tuple[str, ...] = ()  # its earlier attempts
    stopping: Stopping | None = None

    @property
    def is_born(self) -> bool:
        """Whether it has a process."""
        return self.birth.done() and not self.birth.cancelled() and self.birth.exception() is None

    @property
    def process(self) -> WorkerProcess:
        """The latest process; only once that is born."""
        return self.birth.result()


class LocalRunner:
    """Runs a plan's shards on worker processes that may be started before the plan is known.

    `ahead` is a nursery that somebody has started already.
    """

    def __init__(self, workers: int, ahead: NurseryProcess | None = None) -> None:
        self._wanted = workers
        self._ahead = ahead
        self._lanes: list[Lane] = []
        self._nursery: Nursery | None = None
        self.on_log: Callable[[str, str], None] = nowhere  # takes an attempt's name and its last words
        self.stop_code: int | None = None  # the exit code of whoever asked to stop
        self.on_stop: Callable[[], object] | None = None  # for work of the caller's that is not worth finishing then
        self.again: tuple[str, ...] = ()

    @property
    def workers(self) -> int:
        """How many worker processes share the work."""
        return self._wanted

    async def start(self) -> None:
        """Start the processes; they import what they need and wait."""
        process = self._ahead or start_nursery()
        self._nursery = Nursery(process) if process is not None else None
        for number in range(self._wanted):
            self._lanes.append(Lane(WorkerProgress(f"worker {number + 1}"), self._birth()))

    def _birth(self) -> asyncio.Task[WorkerProcess]:
        return asyncio.create_task(WorkerProcess.start(self._nursery))

    def _processes(self) -> list[WorkerProcess]:
        return [lane.process for lane in self._lanes if lane.is_born]

    def stop(self, code: int) -> None:
        """Ask every worker to finish what it has in flight, keep it, and end; asked again, end them at once."""
        if self.stop_code is not None:
            for process in self._processes():
                process.kill()
        self._wind_up(code)
        if self.on_stop is not None:
            self.on_stop()

    def _wind_up(self, code: int) -> None:
        if self.stop_code is None:
            self.stop_code = code
            for lane in self._lanes:
                if not lane.over:
                    lane.progress.state = STOPPING
            for process in self._processes():
                process.drain()

    async def start_lightly(self) -> None:
        """Start the processes once more, without a nursery: for work that needs nothing of what that imports."""
        await self.close()
        self._nursery = None
        for lane in self._lanes:
            lane.birth = self._birth()

    async def close(self) -> None:
        """End whatever still runs."""
        births = [lane.birth for lane in self._lanes]
        for birth in births:
            birth.cancel()
        await asyncio.gather(*births, return_exceptions=True)
        for process in self._processes():
            process.kill()
        for process in self._processes():
            await process.gone()
        if self._nursery is not None:
            await self._nursery.close()

    async def run(self, plan: Plan, assignment: Assignment, shards: Iterable[int], progress: Progress) -> Ended:
        """Work through the shards; returns when all are dealt with or the run must end."""
        self._queue = deque(shards)
        self._patient: list[Lane] = []
        self._plan = plan
        self._assignment = assignment
        self._progress = progress
        progress.workers = [lane.progress for lane in self._lanes]
        endings = [ending for ending in await asyncio.gather(*map(self._tend, self._lanes)) if ending.code]
        if self.stop_code is None:
            return next(iter(endings), Ended(0))
        stopped = Ended(self.stop_code, "stopped")
        return next((ending for ending in endings if ending.code == self.stop_code), stopped)

    async def _tend(self, lane: Lane) -> Ended:
        """Keep one lane's work going, process after process, until there is none left."""
        try:
            return await self._worked(lane)
        finally:
            lane.over = True
            self._feed_patient()

    async def _worked(self, lane: Lane) -> Ended:
        while True:
            await lane.birth
            code = await self._attend(lane)
            if code == 0 and not lane.shards:
                lane.progress.state = "done"
                return Ended(0)
            if lane.stopping is not None and lane.stopping.code == code:  # it says why, and the next one would too
                self._wind_up(code)
                return Ended(code, lane.stopping.message, lane.stopping.hint, lane.stopping.resumable)
            if self.stop_code is not None:
                lane.progress.state = "stopped"
                return Ended(0)
            if not self._may_restart(lane):
                times = f"{lane.progress.name} died {lane.casualties.streak} times in a row"
                return Ended(Exit.BUG, f"{times}, the last time with {lane.process.obituary()}")
            lane.dead += (lane.process.attempt,)
            lane.birth = self._birth()

    def _may_restart(self, lane: Lane) -> bool:
        lane.progress.deaths += 1
        lane.casualties = after_death(lane.casualties, frozenset(lane.in_flight), measured=lane.measured)
        lane.progress.state = f"restarting ({lane.process.cause})"
        lane.progress.in_flight = 0
        if lane.casualties.gives_up(self._plan.execution.max_restarts):
            lane.progress.state = "gave up"
            self._queue.extend(sorted(lane.shards))
            return False
        return True

    async def _attend(self, lane: Lane) -> int:
        """Follow one process from its assignment to its exit code."""
        lane.told, lane.measured, lane.stopping = False, 0, None
        lane.in_flight.clear()
        if self.stop_code is not None:  # asked for while this process was being started
            lane.process.drain()
        hang_s = self._plan.execution.hang_s
        code = await lane.process.follow(
            lambda event: self._hear(lane, event), lambda: hang_s if lane.told else max(hang_s, START_S)
        )
        words = [f"ended with {lane.process.cause}"] if code else []
        if text := "\n".join([*words, *lane.process.last_words.splitlines()]):
            await asyncio.to_thread(self.on_log, lane.process.attempt, text)
        return code

    def _hear(self, lane: Lane, event: Event) -> None:
        match event:
            case Ready():
                self._assign(lane)
            case Wants():
                self._feed(lane)
            case Started(slot):
                lane.in_flight.add(slot)
            case Finished(slot):
                lane.in_flight.discard(slot)
                lane.measured += self._progress.is_news(event)
            case ShardEnded(shard):
                lane.shards.discard(shard)
            case Stopping():
                lane.stopping = event
            case _:
                pass
        lane.progress.in_flight = len(lane.in_flight)
        self._progress.note(lane.progress, event)

    def _assign(self, lane: Lane) -> None:
        place = {
            "attempt": lane.process.attempt,
            "key_worked": self._assignment.key_worked or self._key_has_worked(),
            "place": self._lanes.index(lane),
            "replaces": lane.dead,
        }
        lane.process.tell(self._assignment.model_copy(update=place))
        lane.told = True
        lane.progress.state = "getting ready"
        for shard in sorted(lane.shards):
            self._order(lane, shard)
        if not lane.shards:
            self._feed(lane)
        self._feed_patient()

    def _key_has_worked(self) -> bool:
        """Whether the judge has answered any worker of this run."""
        return self._progress.answered

    def _feed_patient(self) -> None:
        patient, self._patient = self._patient, []
        for lane in patient:
            self._feed(lane)

    def _feed(self, lane: Lane) -> None:
        """The lane's next shard. The last ones are for lanes without any, or a small run would be one worker's alone."""
        to_come = sum(not (other.told or other.over or other.shards) for other in self._lanes)
        if lane.shards and 0 < len(self._queue) <= to_come:
            self._patient.append(lane)
        elif self._queue:
            shard = self._queue.popleft()
            lane.shards.add(shard)
            self._order(lane, shard)
        else:
            lane.process.tell(NoMore())

    def _order(self, lane: Lane, shard: int) -> None:
        known = lane.casualties
        lane.process.tell(Order(shard=shard, alone=known.alone, quarantined=known.quarantined))
