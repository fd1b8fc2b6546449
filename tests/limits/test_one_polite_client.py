"""A judge that takes fifteen requests a second and refuses the rest, and the workers that share it, in virtual time.

Queues, pacers and shares are the real ones; the judge's bucket is the simulator's. Times are exact, so they can be asserted.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest
from crowd_sim import Sky, SkyBoard, Weather, now_s, seat

from evalfactory.errors import UnavailableError
from evalfactory.judge.admission import Admission, Landing, Wish
from evalfactory.judge.availability import Availability
from evalfactory.judge.gate import Gate
from evalfactory.judge.limits import Pacer, Rates
from evalfactory.judge.meter import Meter
from evalfactory.judge.port import EndpointStatus
from evalfactory.judge.retry import RetryPolicy
from evalfactory.judge.simulator.bucket import Bucket
from evalfactory.limits.keeper import Keeper
from evalfactory.records.measurement import Usage
from evalfactory.records.suite import Limits
from fakes.virtual_time import run_in_virtual_time

RATE = 15.0
LIMITS = Limits(max_in_flight=32, requests_per_minute=60 * RATE)
CALLS = 3_000


class LimitedJudge:
    """Takes its time, which varies, on the way to it and back."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.requests = self.refused = self.answered = self.in_flight = self.peak = 0
        self.first_s: float | None = None
        self.last_s = 0.0
        self._bucket = Bucket(RATE, RATE, 0.0)

    async def ask(self) -> float | None:
        """None for an answer, or the seconds to wait."""
        self.in_flight += 1
        try:
            await asyncio.sleep(self.dice.uniform(0.0, 0.05))
            self.requests += 1
            self.peak = max(self.peak, self.in_flight)
            self.first_s = now_s() if self.first_s is None else self.first_s
            wait_s = self._bucket.wait_s(now_s(), 1.0)
            if wait_s > 0:
                self.refused += 1
                return wait_s
            self._bucket.take(1.0)
            await asyncio.sleep(self.dice.lognormvariate(-1.3, 0.5))
            self.answered += 1
            self.last_s = now_s()
            return None
        finally:
            self.in_flight -= 1


class Crew:
    """A worker: some calls at a time, of the work that is left."""

    def __init__(self, judge: LimitedJudge, work: list[int], *, share: float = 0.0) -> None:
        dice = judge.dice
        self._judge, self._work = judge, work
        pacer = Pacer(Rates(LIMITS.max_in_flight, LIMITS.requests_per_minute), share=share)
        self._gate = Gate(Admission(pacer, Availability(RetryPolicy(), 600.0), dice), lambda: UnavailableError("gone"))
        self._sent = 0
        self.keeper: Keeper | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def usage(self) -> Usage:
        return Usage(calls=self._sent)

    @property
    def has_answered(self) -> bool:
        return True

    def set_share(self, share: float, until_s: float = float("inf")) -> None:
        self._gate.set_share(share, until_s)

    def status(self) -> EndpointStatus:
        return self._gate.admission.status(now_s())

    async def work(self) -> None:
        """Work until nothing is left, or until this is killed."""
        if self.keeper is not None:
            await self.keeper.join()
            self._tasks.append(asyncio.create_task(self.keeper.keep()))
        callers = [asyncio.create_task(self._call()) for _ in range(20)]
        self._tasks += callers
        await asyncio.wait(callers)
        if self.keeper is not None and self._tasks:
            self.keeper.stop()
            await asyncio.wait(self._tasks)
            await self.keeper.leave()

    def die(self) -> None:
        """What was in flight is to be done again by somebody else."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    async def _call(self) -> None:
        while self._work:
            call = self._work.pop()
            try:
                await self._ask()
            except asyncio.CancelledError:
                self._work.append(call)
                raise

    async def _ask(self) -> None:
        meter = Meter(now_s())
        wish = Wish()
        while True:
            entry = await self._gate.enter(meter, wish)
            landing = Landing("cancelled")
            self._sent += 1
            try:
                wait_s = await self._judge.ask()
                landing = Landing("answered") if wait_s is None else Landing("refused", "too fast", wait_s)
            finally:
                self._gate.leave(entry, landing)
            if wait_s is None:
                return


class Scene(NamedTuple):
    """A judge, the store, and the work that is left."""

    judge: LimitedJudge
    sky: Sky
    work: list[int]

    def crew(self, name: int, places: int, *, run: str = "run") -> Crew:
        """One that shares the limit."""
        crew = Crew(self.judge, self.work)
        crew.keeper = Keeper(crew, seat(name, LIMITS, places=places, run=run), SkyBoard(self.sky))
        return crew


def played(play: Callable[[Scene], Awaitable[None]], seed: int) -> LimitedJudge:
    """The judge after the work."""

    async def run() -> LimitedJudge:
        dice = random.Random(seed)
        scene = Scene(LimitedJudge(dice), Sky(dice, Weather(latency_s=0.1)), list(range(CALLS)))
        await play(scene)
        return scene.judge

    return run_in_virtual_time(run())


async def one(scene: Scene) -> None:
    await Crew(scene.judge, scene.work, share=1.0).work()


async def four(scene: Scene) -> None:
    await asyncio.gather(*(scene.crew(name, 4).work() for name in range(4)))


async def a_death_and_a_newcomer(scene: Scene) -> None:
    crews = [scene.crew(name, 4) for name in range(4)]
    working = [asyncio.create_task(crew.work()) for crew in crews]
    await asyncio.sleep(80)
    crews[0].die()
    await asyncio.sleep(10)
    await asyncio.gather(*working[1:], scene.crew(9, 4).work())


async def two_runs(scene: Scene) -> None:
    first = asyncio.gather(*(scene.crew(name, 2, run="night").work() for name in range(2)))
    await asyncio.sleep(30)
    await asyncio.gather(first, *(scene.crew(name, 3, run="day").work() for name in range(3)))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("play", [one, four, a_death_and_a_newcomer, two_runs], ids=lambda play: play.__name__)
def test_a_limited_judge_is_used_to_its_limit_and_refuses_next_to_nothing(
    play: Callable[[Scene], Awaitable[None]], seed: int
) -> None:
    judge = played(play, seed)
    assert judge.first_s is not None
    assert judge.answered >= CALLS
    assert judge.refused < 0.01 * judge.requests
    assert judge.last_s - judge.first_s <= 1.05 * CALLS / RATE
    assert judge.peak <= LIMITS.max_in_flight


async def _restless(scene: Scene) -> None:
    """Crews that come and go all the time: each begins with an empty bucket, so nothing is minted by coming."""
    for name in range(60):
        crew = scene.crew(name, 4)
        working = asyncio.create_task(crew.work())
        await asyncio.sleep(5)
        crew.die()
        await asyncio.wait([working])
    await four(scene)


def test_coming_and_going_mints_no_requests() -> None:
    judge = played(_restless, 3)
    assert judge.answered >= CALLS
    assert judge.refused < 0.01 * judge.requests
