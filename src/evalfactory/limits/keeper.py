"""The asyncio shell that keeps one endpoint's share while a worker works: write, list, set the share, wait."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ..errors import UnavailableError
from ..judge.port import Paced
from ..records.suite import Limits
from .beat import Who, member_name, read_beat
from .board import Board
from .demand import Demand
from .fair import part
from .member import Member
from .rhythm import Rhythm, units_of

log = logging.getLogger(__name__)

FAREWELL_S = 5.0  # for the store to take in that a worker leaves; after that its word runs out by itself


@dataclass(frozen=True, slots=True)
class Seat:
    """Which share is planned for a worker: place `place` of `places`, in a group that limits `limits`.

    `replaces` are workers that are known to have died: their shares are free at once.
    """

    run: str
    member: str
    limits: Limits
    places: int
    place: int = 0
    replaces: Collection[str] = ()


@asynccontextmanager
async def kept(keepers: Sequence[Keeper], on_loss: Callable[[], None]) -> AsyncIterator[None]:
    """Shares of limits while the block runs. `on_loss` should end the block: without the store nobody may go on.

    Raises `UnavailableError` when the store cannot be reached at first, or after the block when it was lost.
    """
    tasks: list[asyncio.Task[None]] = []
    try:
        await asyncio.gather(*(keeper.join() for keeper in keepers))
        for keeper in keepers:
            tasks.append(asyncio.create_task(keeper.keep()))
            tasks[-1].add_done_callback(lambda _: on_loss())
        yield
    finally:
        for keeper in keepers:
            keeper.stop()
        ended = await _ended(tasks)
        await asyncio.gather(*(keeper.leave() for keeper in keepers))
    for problem in ended:
        raise problem


async def _ended(tasks: Collection[asyncio.Task[None]]) -> list[BaseException]:
    """What went wrong in tasks that have been told to end."""
    if not tasks:
        return []
    done, late = await asyncio.wait(tasks, timeout=FAREWELL_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [problem for task in done if (problem := task.exception()) is not None]


class Keeper:
    """One endpoint's share of its group's limit, from `join` to `leave`; `keep` runs between them."""

    def __init__(self, endpoint: Paced, seat: Seat, board: Board, rhythm: Rhythm | None = None) -> None:
        units = units_of(seat.limits)
        self._endpoint = endpoint
        self._board = board
        self._rhythm = rhythm or Rhythm()
        self._replaces = {Who(seat.run, member_name(name)) for name in seat.replaces}
        who = Who(seat.run, member_name(seat.member))
        self._member = Member(who, units, part(units, seat.places, seat.place % seat.places), self._rhythm)
        self._demand = Demand(seat.limits, units, _now_s())
        self._wants = units
        self._took_s = 0.0  # to write and to list, the last time
        self._written: list[str] = []  # this worker's names in the store, the newest last
        self._leaving = asyncio.Event()
        endpoint.set_share(0.0)

    @property
    def share(self) -> float:
        """What the worker may use at present, of the whole limit."""
        return self._member.share if _now_s() < self._member.until_s else 0.0

    async def join(self) -> None:
        """Take the planned share, as far as it is free; `leave` must follow. Raises `UnavailableError`."""
        for note in await self._board.look() if self._replaces else ():
            beat = read_beat(note.name)
            if beat is not None and beat.who in self._replaces:
                await self._board.delete(note.name)
        await self._beat(grow=False)

    async def keep(self) -> None:
        """Go on until `stop`. Raises `UnavailableError` when the store has failed for too long."""
        well_s = _now_s()
        while not await self._is_over():
            try:
                await self._beat()
                well_s = _now_s()
            except UnavailableError as error:
                if _now_s() - well_s > self._rhythm.lost_s:
                    raise
                log.warning("the shares of the limit cannot be agreed on: %s", error.message)

    def stop(self) -> None:
        """Use nothing any more, and end `keep`."""
        self._leaving.set()
        self._endpoint.set_share(0.0)

    async def leave(self) -> None:
        """Give everything back: the names of a worker that is gone take nothing."""
        with contextlib.suppress(UnavailableError, TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                for name in self._written:
                    await self._board.delete(name)

    async def _is_over(self) -> bool:
        """Wait for the next beat's time, which comes early when calls wait at an endpoint that was thought idle."""
        due_s = _now_s() + self._member.gap_s()
        while (left_s := due_s - _now_s()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), min(self._rhythm.look_s, left_s))
                return True
            self._demand.look(self._endpoint.status())
            if self._demand.is_waiting and self._wants == 0:
                break
        return self._leaving.is_set()

    async def _beat(self, *, grow: bool = True) -> None:
        """Say how it is, see how the others are, and act on it."""
        self._demand.look(self._endpoint.status())
        self._wants = self._demand.units(self._endpoint.usage, _now_s())
        superseded = self._written[:-1]  # never the newest: a slow listing that misses a new name finds an old one
        await self._say()
        await self._look(grow=grow)
        for _ in range(2):
            match self._member.due:
                case "nothing":
                    break
                case "less":
                    await self._say()
                case "more":
                    await self._say()
                    await self._look(grow=grow)
        for name in [*superseded, *self._member.litter]:
            await self._board.delete(name)
            self._written = [each for each in self._written if each != name]

    async def _say(self) -> None:
        begun_s = _now_s()
        beat = self._member.beat(self._wants, self._took_s, begun_s)
        self._written.append(beat.name)
        await self._board.write(beat.name)
        self._member.written(_now_s())
        self._took_s = _now_s() - begun_s
        self._set_share()

    async def _look(self, *, grow: bool) -> None:
        asked_s = _now_s()
        notes = await self._board.look()
        self._demand.look(self._endpoint.status())
        self._member.look(notes, _now_s(), held=self._demand.held, grow=grow)
        self._took_s += _now_s() - asked_s
        self._set_share()

    def _set_share(self) -> None:
        if not self._leaving.is_set():
            self._endpoint.set_share(self._member.share, self._member.until_s)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
