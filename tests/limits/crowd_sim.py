"""A group of workers around one store, in virtual time: they come, go, die, sleep, and are told late.

The workers are the real ones (`Keeper`); only the store's network and the endpoints are made up.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from evalfactory.errors import UnavailableError
from evalfactory.judge.port import EndpointStatus
from evalfactory.limits.beat import Note
from evalfactory.limits.keeper import Keeper, Seat
from evalfactory.limits.rhythm import Rhythm, units_of
from evalfactory.records.measurement import Usage
from evalfactory.records.suite import Limits

EVEN = 1e-9


def now_s() -> float:
    return asyncio.get_running_loop().time()


@dataclass(frozen=True)
class Weather:
    """How the store is. Times in seconds."""

    latency_s: float = 0.05  # of each way of a request, at most twice that
    slow_share: float = 0.0  # of requests take `slow_s` more on one of their ways
    slow_s: float = 0.0
    late_s: float = 0.0  # listings show the folder as it was up to so long ago
    skew_s: float = 0.0  # each modified time is wrong by up to so much, either way
    fails: float = 0.0  # of requests, half of them after they have done their work
    jump_at_s: float = math.inf  # the store's clock jumps then …
    jump_s: float = 0.0  # … by so much


@dataclass
class Sky:
    """The store's folder, and what everybody uses of the limit at any time."""

    dice: random.Random
    weather: Weather = field(default_factory=Weather)
    requests: int = 0
    total: float = 0.0
    peak: float = 0.0
    over_s: float = 0.0  # in all
    longest_over_s: float = 0.0
    used_s: float = 0.0  # integral of the total, cut at 1
    busy: int = 0  # workers that could use any share
    busy_s: float = 0.0  # time with at least one of them
    busy_used_s: float = 0.0
    _since_s: float = 0.0
    _over_since_s: float | None = None
    _made: dict[str, tuple[float, float]] = field(default_factory=dict)
    _gone: dict[str, float] = field(default_factory=dict)

    def change(self, *, used: float = 0.0, busy: int = 0) -> None:
        """Someone uses more or less from now on, or begins or ceases to be busy."""
        time_s = now_s()
        passed_s = time_s - self._since_s
        self._since_s = time_s
        self.used_s += min(1.0, self.total) * passed_s
        if self.busy:
            self.busy_s += passed_s
            self.busy_used_s += min(1.0, self.total) * passed_s
        if self.total > 1.0 + EVEN:
            self.over_s += passed_s
        self.total += used
        self.busy += busy
        self.peak = max(self.peak, self.total)
        if self.total > 1.0 + EVEN:
            self._over_since_s = time_s if self._over_since_s is None else self._over_since_s
            self.longest_over_s = max(self.longest_over_s, time_s - self._over_since_s)
        elif self._over_since_s is not None:
            self.longest_over_s = max(self.longest_over_s, time_s - self._over_since_s)
            self._over_since_s = None

    async def way(self) -> None:
        weather = self.weather
        slow_s = weather.slow_s if self.dice.random() < weather.slow_share else 0.0
        await asyncio.sleep(self.dice.uniform(0.5, 2.0) * weather.latency_s + slow_s)

    def stumble(self) -> None:
        if self.dice.random() < self.weather.fails / 2:
            raise UnavailableError("the store stumbles")

    def make(self, name: str) -> None:
        self._made.setdefault(name, (now_s(), self._store_s()))
        self._gone.pop(name, None)

    def remove(self, name: str) -> None:
        if name in self._made:
            self._gone.setdefault(name, now_s())

    def seen(self) -> list[Note]:
        late_s = self.dice.uniform(0.0, self.weather.late_s)
        then_s = now_s() - late_s
        notes = [
            Note(name, modified_s)
            for name, (made_s, modified_s) in self._made.items()
            if made_s <= then_s and self._gone.get(name, math.inf) > then_s
        ]
        for name in [name for name, gone_s in self._gone.items() if gone_s < now_s() - self.weather.late_s]:
            del self._made[name], self._gone[name]
        return notes

    def _store_s(self) -> float:
        weather = self.weather
        jumped_s = weather.jump_s if now_s() >= weather.jump_at_s else 0.0
        return 1.7e9 + now_s() + jumped_s + self.dice.uniform(-weather.skew_s, weather.skew_s)


class SkyBoard:
    """One worker's way to the store."""

    def __init__(self, sky: Sky) -> None:
        self._sky = sky

    async def write(self, name: str) -> None:
        await self._ask()
        self._sky.make(name)
        await self._answer()

    async def delete(self, name: str) -> None:
        await self._ask()
        self._sky.remove(name)
        await self._answer()

    async def look(self) -> list[Note]:
        await self._ask()
        notes = self._sky.seen()
        await self._answer()
        return notes

    async def _ask(self) -> None:
        self._sky.requests += 1
        await self._sky.way()
        self._sky.stumble()

    async def _answer(self) -> None:
        await self._sky.way()
        self._sky.stumble()


class Worker:
    """A worker whose endpoint could use `load` of the limit; 1 and more is all there is."""

    def __init__(self, sky: Sky, seat: Seat, rhythm: Rhythm | None = None) -> None:
        self.sky = sky
        self.share = 0.0
        self.load = 0.0
        self.alive = True
        self.calls = 0.0
        self._since_s = now_s()
        self._expiry: asyncio.TimerHandle | None = None
        self._rate = (seat.limits.requests_per_minute or 60.0 * seat.limits.max_in_flight) / 60.0
        self._places = seat.limits.max_in_flight
        self.keeper = Keeper(self, seat, SkyBoard(sky), rhythm)
        self._task: asyncio.Task[None] | None = None

    async def come(self, load: float) -> None:
        self.want(load)
        await self.keeper.join()
        if self.alive:
            self._task = asyncio.create_task(self.keeper.keep())

    def want(self, load: float) -> None:
        self._spend()
        self.sky.change(busy=(load >= 1.0) - (self.load >= 1.0))
        self.load = load

    async def go(self) -> None:
        """Leave as one should."""
        if not self.alive:
            return
        self.want(0.0)
        self.keeper.stop()
        if self._task is not None:
            await asyncio.wait([self._task])
        await self.keeper.leave()
        self.alive = False

    def die(self) -> None:
        """SIGKILL."""
        self.want(0.0)
        self._use(0.0)
        self.alive = False
        if self._task is not None:
            self._task.cancel()

    @property
    def usage(self) -> Usage:
        self._spend()
        return Usage(calls=int(self.calls))

    @property
    def has_answered(self) -> bool:
        return True

    def set_share(self, share: float, until_s: float = math.inf) -> None:
        if not self.alive:
            return
        self._use(share if now_s() < until_s else 0.0)
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        if self.share and until_s != math.inf:
            self._expiry = asyncio.get_running_loop().call_at(until_s, self._use, 0.0)

    def status(self) -> EndpointStatus:
        in_flight = math.ceil(min(self.load, self.share) * self._places * 0.3)
        return EndpointStatus("open", 0.0, "", in_flight, 1, int(self.load > self.share))

    def _use(self, share: float) -> None:
        self._spend()
        self.sky.change(used=share - self.share)
        self.share = share

    def _spend(self) -> None:
        self.calls += min(self.share, self.load) * self._rate * (now_s() - self._since_s)
        self._since_s = now_s()


def seat(name: int, limits: Limits, *, places: int, run: str = "run", replaces: Sequence[str] = ()) -> Seat:
    """The seat of a run's worker `name`."""
    return Seat(run, f"w{name}", limits, places, name % places, replaces)


__all__ = ["Sky", "Weather", "Worker", "now_s", "seat", "units_of"]
