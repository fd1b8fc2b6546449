"""Worker processes of this machine: started, fed, watched, restarted, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ..engine.events import Event, Finished, Ready, ShardEnded, Started, Stopping, Wants, decode
from ..engine.orders import Assignment, NoMore, Order, encode_message
from ..errors import Exit
from ..records.measurement import Slot
from ..records.plan import Plan
from ..settings import worker_environment
from .casualties import Casualties, after_death
from .progress import Progress, WorkerProgress

ENDS_THE_RUN = (Exit.UNAVAILABLE, Exit.REFUSED, Exit.ENVIRONMENT)
ERROR_TAIL = 4000  # characters of a dead worker's last words that are kept


class Ended(NamedTuple):
    """How the workers left off: 0 when every shard was dealt with, else the exit code that ended the run, and why."""

    code: int
    message: str = ""


@dataclass
class Lane:
    """One worker's place; its process may change."""

    progress: WorkerProgress
    process: Process
    attempt: str
    told: bool = False
    over: bool = False
    shards: set[int] = field(default_factory=set)
    in_flight: set[Slot] = field(default_factory=set)
    measured: int = 0
    casualties: Casualties = field(default_factory=Casualties)
    heard_s: float = 0.0
    last_words: str = ""
    stopping: Stopping | None = None


class LocalRunner:
    """Runs a plan's shards on worker processes that may be started before the plan is known."""

    def __init__(self, workers: int, *, on_log: Callable[[str, str], None] = lambda attempt, text: None) -> None:
        self._wanted = workers
        self._lanes: list[Lane] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._on_log = on_log
        self.stop_code: int | None = None  # the exit code of whoever asked to stop
        self.on_stop: Callable[[], object] | None = None  # for work of the caller's that is not worth finishing then

    @property
    def workers(self) -> int:
        """How many worker processes share the work."""
        return self._wanted

    async def start(self) -> None:
        """Start the processes; they import what they need and wait."""
        for number in range(self._wanted):
            process, attempt = await _spawn()
            self._lanes.append(Lane(WorkerProgress(f"worker {number + 1}"), process, attempt))

    def stop(self, code: int) -> None:
        """Ask every worker to finish what it has in flight, keep it, and end; asked again, end them at once."""
        if self.stop_code is not None:
            self._signal_all(signal.SIGKILL)
        self._wind_up(code)
        if self.on_stop is not None:
            self.on_stop()

    def _wind_up(self, code: int) -> None:
        if self.stop_code is None:
            self.stop_code = code
            self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: signal.Signals) -> None:
        for lane in self._lanes:
            _signal(lane.process, number)

    async def close(self) -> None:
        """End whatever still runs."""
        self._signal_all(signal.SIGKILL)
        for lane in self._lanes:
            await lane.process.wait()

    async def run(self, plan: Plan, assignment: Assignment, shards: Iterable[int], progress: Progress) -> Ended:
        """Work through the shards; returns when all are dealt with or the run must end."""
        self._queue = deque(shards)
        self._patient: list[Lane] = []
        self._plan = plan
        self._assignment = assignment
        self._progress = progress
        progress.workers = [lane.progress for lane in self._lanes]
        endings = await asyncio.gather(*(self._tend(lane) for lane in self._lanes))
        code = next((ending.code for ending in endings if ending.code in ENDS_THE_RUN), None)
        if code is not None:
            return next(ending for ending in endings if ending.code == code)
        if self.stop_code is not None:
            return Ended(self.stop_code, "stopped")
        return next((ending for ending in endings if ending.code), Ended(0))

    async def _tend(self, lane: Lane) -> Ended:
        """Keep one lane's work going, process after process, until there is none left."""
        try:
            return await self._worked(lane)
        finally:
            lane.over = True
            self._feed_patient()

    async def _worked(self, lane: Lane) -> Ended:
        while True:
            code = await self._attend(lane)
            if code == 0 and not lane.shards:
                lane.progress.state = "done"
                return Ended(0)
            if code in ENDS_THE_RUN:
                message = lane.stopping.message if lane.stopping else lane.last_words
                self._wind_up(code)
                return Ended(code, message)
            if self.stop_code is not None:
                lane.progress.state = "stopped"
                return Ended(0)
            if not self._restart(lane, code):
                return Ended(Exit.BUG, f"{lane.progress.name} died {lane.casualties.streak} times: {lane.last_words}")
            lane.process, lane.attempt = await _spawn()

    def _restart(self, lane: Lane, code: int) -> bool:
        lane.progress.deaths += 1
        lane.casualties = after_death(lane.casualties, frozenset(lane.in_flight), measured=lane.measured)
        lane.progress.state = f"restarting (died with {_code_in_words(code)})"
        lane.progress.in_flight = 0
        if lane.casualties.gives_up(self._plan.execution.max_restarts):
            lane.progress.state = "gave up"
            self._queue.extend(sorted(lane.shards))
            return False
        return True

    async def _attend(self, lane: Lane) -> int:
        """Follow one process from its assignment to its exit code."""
        lane.told, lane.measured, lane.stopping, lane.last_words = False, 0, None, ""
        lane.in_flight.clear()
        if self.stop_code is not None:  # asked for while this process was being started
            _signal(lane.process, signal.SIGTERM)
        errors = asyncio.create_task(self._keep_last_words(lane))
        watch = asyncio.create_task(self._watch(lane))
        assert lane.process.stdout is not None
        try:
            async for line in lane.process.stdout:
                lane.heard_s = asyncio.get_running_loop().time()
                with contextlib.suppress(ValueError):
                    self._hear(lane, decode(line))
            return await lane.process.wait()
        finally:
            watch.cancel()
            await errors

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
                lane.measured += slot not in self._progress
            case ShardEnded(shard):
                lane.shards.discard(shard)
            case Stopping():
                lane.stopping = event
            case _:
                pass
        self._progress.note(lane.progress, event)

    def _assign(self, lane: Lane) -> None:
        _tell(lane.process, self._assignment.model_copy(update={"attempt": lane.attempt}))
        lane.told = True
        lane.progress.state = "waiting"
        for shard in sorted(lane.shards):
            self._order(lane, shard)
        if not lane.shards:
            self._feed(lane)
        self._feed_patient()

    def _feed_patient(self) -> None:
        patient, self._patient = self._patient, []
        for lane in patient:
            self._feed(lane)

    def _feed(self, lane: Lane) -> None:
        """The lane's next shard. The last shards are for lanes without any: each has only its share of the limits."""
        to_come = sum(not (other.told or other.over or other.shards) for other in self._lanes)
        if lane.shards and 0 < len(self._queue) <= to_come:
            self._patient.append(lane)
        elif self._queue:
            shard = self._queue.popleft()
            lane.shards.add(shard)
            self._order(lane, shard)
        else:
            _tell(lane.process, NoMore())

    def _order(self, lane: Lane, shard: int) -> None:
        known = lane.casualties
        _tell(lane.process, Order(shard=shard, alone=known.alone, quarantined=known.quarantined))

    async def _watch(self, lane: Lane) -> None:
        """Kill a process whose event loop has been silent for too long: something blocks it."""
        hang_s = self._plan.execution.hang_s
        while True:
            await asyncio.sleep(hang_s / 10)
            if lane.told and asyncio.get_running_loop().time() - lane.heard_s > hang_s:
                lane.last_words = f"nothing heard for {hang_s:g} s"
                _signal(lane.process, signal.SIGKILL)

    async def _keep_last_words(self, lane: Lane) -> None:
        assert lane.process.stderr is not None
        attempt, kept = lane.attempt, ""
        async for line in lane.process.stderr:
            kept = (kept + line.decode("utf-8", "replace"))[-ERROR_TAIL:]
        if kept:
            lane.last_words = kept
            await asyncio.to_thread(self._on_log, attempt, kept)


async def _spawn() -> tuple[Process, str]:
    """A worker process in a session of its own, so that Ctrl-C reaches the runner alone; and its attempt's name."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "evalfactory.worker",
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=worker_environment(),
        start_new_session=True,
    )
    return process, secrets.token_hex(4)


def _tell(process: Process, message: Assignment | Order | NoMore) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(encode_message(message))


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


def _code_in_words(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
