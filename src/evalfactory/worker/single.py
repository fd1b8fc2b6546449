"""One shard, in this process: a pod, or `evalfactory work` by hand."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ..engine.events import Event, Noticed, ShardEnded
from ..engine.line import Line
from ..engine.lines import records_of
from ..engine.orders import Assignment, Order
from ..errors import InputError, Interrupted, RefusedError, Terminated, UnavailableError
from ..records.measurement import Measurement
from ..records.plan import Plan
from ..storage.journal import read_torn, torn_journals
from ..storage.layout import RunKeys
from ..storage.port import Store
from .log import keep_log
from .work import event_loop, open_workplace

AGAIN = "the same command again goes on with the shard"


class Worked(NamedTuple):
    """A shard is committed. `notes` say what its user should know of it."""

    notes: tuple[str, ...] = ()


class _News:
    """Keeps why the shard could not be committed, and what was noticed."""

    def __init__(self) -> None:
        self.error: InputError | None = None
        self.notes: list[str] = []

    def tell(self, event: Event) -> None:
        match event:
            case ShardEnded(_, str(problem), hint, _):
                self.error = InputError(problem, hint=hint)
            case ShardEnded(shard, None, _, str(note)) if note:
                self.notes.append(f"shard {shard}: {note}")
            case Noticed(message):
                self.notes.append(message)
            case _:
                pass


def work_on(store: Store, plan: Plan, shard: int, folder: Path, addresses: Mapping[str, str] | None = None) -> Worked:
    """Returns once the shard is committed. `addresses` say where endpoints are from here, by their address in the plan.

    Raises:
        InputError: The shard's data cannot be read.
        UnavailableError: Nothing answers, or a key that has worked in this run is refused; all that was measured is kept.
        RefusedError: The key has never worked.
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
        addresses=dict(addresses or {}),
    )
    try:
        return event_loop(_work(assignment, shard))
    except RefusedError as error:
        if not key_has_worked(store, RunKeys(plan.suite, plan.run_id)):
            raise
        again = f"wait until the key is accepted again; {AGAIN}"
        raise UnavailableError(f"{error.message}; it has worked in this run before", hint=again) from error
    except UnavailableError as error:
        raise UnavailableError(error.message, hint=error.hint or f"everything measured is kept; {AGAIN}") from error


def key_has_worked(store: Store, keys: RunKeys) -> bool:
    """Whether the judge has answered any worker of this run, as far as the store knows."""
    kept = [*torn_journals(store, keys.shards_folder), *(entry.key for entry in store.list(keys.shards_folder))]
    parts = (key for key in kept if "/parts/" in key)
    return any(_was_paid_for(record) for key in parts for record in records_of(read_torn(store, key)))


def _was_paid_for(record: object) -> bool:
    if not isinstance(record, Measurement) or record.reused_from is not None:
        return False
    return record.state == "scored" and record.usage.calls > 0


async def _work(assignment: Assignment, shard: int) -> Worked:
    news = _News()
    signals: list[signal.Signals] = []
    async with open_workplace(assignment, news) as place:
        line = Line(place.station)

        def stop(number: signal.Signals) -> None:
            signals.append(number)
            line.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop, number)
        async with keep_log(place.station, shard), place.shares(line.stop):
            finished = await line.run(_only(shard))
    if news.error is not None:
        raise news.error
    if not finished:
        kind = Interrupted if signals[:1] == [signal.SIGINT] else Terminated
        raise kind("stopped; everything measured is kept", hint=AGAIN)
    return Worked(tuple(news.notes))


async def _only(shard: int) -> AsyncIterator[Order]:
    yield Order(shard=shard)
