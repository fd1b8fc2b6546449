"""One shard, in this process: a pod, or `evalfactory work` by hand."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from ..engine.events import Event, ShardEnded
from ..engine.line import Line
from ..engine.orders import Assignment, Order
from ..errors import Exit, InputError, Interrupted, Terminated
from ..records.plan import Plan
from ..storage.port import Store
from .log import keep_log
from .work import event_loop, open_workplace


class _Problems:
    """Keeps why the shard could not be committed."""

    def __init__(self) -> None:
        self.problem: str | None = None

    def tell(self, event: Event) -> None:
        if isinstance(event, ShardEnded):
            self.problem = event.problem


def work_on(store: Store, plan: Plan, shard: int, folder: Path) -> int:
    """0 once the shard is committed.

    Raises:
        InputError: The shard's data cannot be read.
        Interrupted: A signal came before it was committed; all that was measured is kept.
    """
    assignment = Assignment(
        store=store.url,
        suite=plan.suite,
        run_id=plan.run_id,
        plan_digest=plan.digest,
        attempt=f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}",
        workers=len(plan.shards),
        place=shard,
        folder=str(folder.resolve()),
    )
    return event_loop(_work(assignment, shard))


async def _work(assignment: Assignment, shard: int) -> int:
    problems = _Problems()
    signals: list[signal.Signals] = []
    async with open_workplace(assignment, problems) as place:
        line = Line(place.station)

        def stop(number: signal.Signals) -> None:
            signals.append(number)
            line.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop, number)
        async with keep_log(place.station), place.shares(line.stop):
            finished = await line.run(_only(shard))
    if problems.problem:
        raise InputError(problems.problem)
    if not finished:
        kind = Interrupted if signals[:1] == [signal.SIGINT] else Terminated
        raise kind("stopped; everything measured is kept", hint="the same command again goes on with the shard")
    return Exit.PASS


async def _only(shard: int) -> AsyncIterator[Order]:
    yield Order(shard=shard)
