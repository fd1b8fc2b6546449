"""The production line of one worker process: shards come in, slots are measured side by side, shards are committed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine

from ..errors import InputError
from ..records.case import FrozenCase
from .casework import CaseWork
from .events import Noticed, ShardEnded, Tick, Wants
from .frozen import frozen_cases
from .orders import Order
from .shard import OpenSlot, Shard
from .station import Station

log = logging.getLogger(__name__)

TICK_S = 1.0

COMMITTED = "it is committed already"
LATE = "another worker committed it first; what this one measured is left aside"


class Line:
    """Works through the shards it is given, one's tail side by side with the next one's head."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._work = CaseWork(station, self._start)
        self._open: set[asyncio.Task[None]] = set()
        self._shards: dict[int, Shard] = {}  # under way
        self._closers: dict[
            Shard, asyncio.Task[None]
        ] = {}  # of shards that wait for their last slot, or to be committed
        self._fed = False  # all orders have come
        self._fatal: BaseException | None = None
        self._changed = asyncio.Event()  # a task ended, or the line is to stop
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Admit nothing more; what is under way may finish within the plan's grace."""
        self._stopping.set()
        self._changed.set()

    async def run(self, feed: AsyncIterator[Order]) -> bool:
        """Work until the feed ends and every shard is committed or given up; False when it was stopped before that.

        Raises what ends a run (`UnavailableError`: nothing answers or nothing can be written; `RefusedError`) after
        keeping all that is done.
        """
        chores = [asyncio.create_task(self._tick()), asyncio.create_task(self._flush_regularly())]
        try:
            await self._guarded(self._take_orders(feed))
            await self._until_stopped(self._until_closed())
        finally:
            await self._drain()
            for task in chores:
                task.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
        if self._fatal is not None:
            raise self._fatal
        return self._fed and not self._closers

    async def _take_orders(self, feed: AsyncIterator[Order]) -> None:
        while not self._stopping.is_set():
            order = await self._until_stopped(anext(feed, None))
            if not isinstance(order, Order):
                self._fed = not self._stopping.is_set()
                self._work.end()
                return
            shard = await self._begin(order)
            if shard is not None:
                self._closers[shard] = asyncio.create_task(self._guarded(self._close(shard)))
            self._station.events.tell(Wants())

    async def _until_closed(self) -> None:
        if self._closers:
            await asyncio.wait(list(self._closers.values()))

    async def _begin(self, order: Order) -> Shard | None:
        """Admit every open slot of the shard; None when it is committed already or its cases cannot be read."""
        station = self._station
        try:
            if await asyncio.to_thread(station.is_committed, order.shard):
                log.info("shard %d: %s", order.shard, COMMITTED)
                station.events.tell(ShardEnded(order.shard, note=COMMITTED))
                return None
            shard = self._shards[order.shard] = Shard(station, station.plan.shards[order.shard])
            for news in await asyncio.to_thread(shard.take_over):
                if isinstance(news, Noticed):
                    log.warning("shard %d: %s", order.shard, news.message)
                station.events.tell(news)
            log.info("shard %d: begun", order.shard)
            if order.alone:
                await self._admit(shard, order, alone=True)
            await self._admit(shard, order, alone=False)
        except InputError as error:
            log.error("shard %d: %s", order.shard, error)
            station.events.tell(ShardEnded(order.shard, error.said, error.hint))
            return None
        return shard

    async def _admit(self, shard: Shard, order: Order, *, alone: bool) -> None:
        pieces = frozen_cases(self._station.store, self._station.keys, shard.plan)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            for frozen, slots in await self._work.open_slots(shard, piece, order.quarantined):
                chosen = [slot for slot in slots if slot.slot in order.alone] if alone else slots
                for group in [[slot] for slot in chosen] if alone else [chosen]:
                    await self._admit_case(shard, frozen, group, _one if alone else self._station.window)
                if self._stopping.is_set():
                    return
        if alone:
            await self._wait_for_room(_one)

    async def _admit_case(
        self, shard: Shard, frozen: FrozenCase, slots: list[OpenSlot], window: Callable[[], int]
    ) -> None:
        if slots:
            await self._wait_for_room(window)
            if not self._stopping.is_set():
                self._start(self._work.measure(shard, frozen, slots))

    async def _close(self, shard: Shard) -> None:
        await shard.wait_until_done()
        index = shard.plan.index
        await asyncio.to_thread(self._station.reuse.remember, index, shard.fingerprints)
        won = await shard.commit()
        log.info("shard %d: %s", index, "committed" if won else LATE)
        del self._shards[index], self._closers[shard]
        self._station.events.tell(ShardEnded(index, note="" if won else LATE))

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._open.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        self._changed.set()

    async def _guarded(self, work: Coroutine[object, object, object]) -> None:
        """Run the work; what it raises is no single case's fault and stops the line."""
        try:
            await work
        except Exception as error:  # noqa: BLE001  kept, and raised by `run` once everything done is safe
            self._fatal = self._fatal or error
            self.stop()

    async def _wait_for_room(self, window: Callable[[], int]) -> None:
        while len(self._open) >= window() and not self._stopping.is_set():
            self._changed.clear()
            await self._changed.wait()

    async def _until_stopped(self, work: Coroutine[object, object, Order | None]) -> Order | None:
        """What the work returns, or None as soon as the line is to stop."""
        task = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.wait([task])
        return None

    async def _drain(self) -> None:
        """Let what is under way finish within the grace, cancel the rest, and make all that is done safe."""
        grace_s = 0.0 if self._fatal is not None else self._station.plan.execution.grace_s
        if self._open:
            await asyncio.wait(self._open, timeout=grace_s)
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        for shard, closer in self._closers.items():
            if not shard.is_done:
                closer.cancel()
        await asyncio.gather(*list(self._closers.values()), return_exceptions=True)
        for shard in list(self._shards.values()):
            await self._guarded(shard.seal())

    async def _tick(self) -> None:
        every_s = min(TICK_S, self._station.plan.execution.hang_s / 4)
        while True:
            self._station.events.tell(Tick(self._station.waiting_for()))
            await asyncio.sleep(every_s)

    async def _flush_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._station.plan.execution.flush_s)
            for shard in list(self._shards.values()):
                await self._guarded(shard.flush())


def _one() -> int:
    """The window of what must run alone."""
    return 1
