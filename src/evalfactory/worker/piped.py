"""A worker on a local runner's leash: orders come by standard input, events go by standard output."""

from __future__ import annotations

import asyncio
import os
import signal
import traceback
from collections.abc import AsyncIterator, Callable

from ..engine.events import Events, PipeEvents, Ready, Stopping
from ..engine.line import Line
from ..engine.orders import Assignment, NoMore, Order, decode_message
from ..errors import EvalFactoryError, Exit
from ..streams import speak_on
from .log import keep_log
from .work import event_loop, open_workplace

LONGEST_MESSAGE = 8000  # characters: an event must fit into one line of the pipe


def main() -> int:
    """Work until told that there is no more. Returns the exit code."""
    events = PipeEvents(_private_stdout())
    speak_on()  # what a metric prints must not fail because the runner is gone
    try:
        return event_loop(_work(events))
    except EvalFactoryError as error:
        events.tell(Stopping(error.exit_code, error.said[:LONGEST_MESSAGE], error.hint, error.resumable))
        return error.exit_code
    except Exception:  # noqa: BLE001  the top of a process
        traceback.print_exc()
        return Exit.BUG


async def _work(events: Events) -> int:
    messages = _Messages(await _stdin())
    events.tell(Ready(os.getpid()))
    assignment = await messages.assignment()
    if assignment is None:
        return Exit.PASS
    async with open_workplace(assignment, events) as place:
        line = Line(place.station)
        messages.when_it_ends(line.stop)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, line.stop)
        async with keep_log(place.station), place.shares(line.stop):
            finished = await line.run(messages.orders())
    return Exit.PASS if finished else Exit.TERMINATED


class _Messages:
    """The runner's messages, until the pipe closes: then the runner is gone."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._queue: asyncio.Queue[Assignment | Order | NoMore] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read(reader))

    def when_it_ends(self, stop: Callable[[], None]) -> None:
        """Call `stop` once the runner is gone, which it may be already."""
        self._reading.add_done_callback(lambda _: stop())

    async def assignment(self) -> Assignment | None:
        """The first message; None when the runner ended before it had work."""
        message = await self._queue.get()
        return message if isinstance(message, Assignment) else None

    async def orders(self) -> AsyncIterator[Order]:
        """The orders, until there are no more."""
        while isinstance(message := await self._queue.get(), Order):
            yield message

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            self._queue.put_nowait(decode_message(line))
        self._queue.put_nowait(NoMore())


async def _stdin() -> asyncio.StreamReader:
    """The runner's messages on a descriptor of their own: a metric of the user's that reads or inherits standard input finds it empty."""
    private = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    reader = asyncio.StreamReader(limit=1 << 26)  # an order names its suspects, and there may be many
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), private)
    return reader


def _private_stdout() -> int:
    """A descriptor for events alone: what a metric of the user's prints goes to standard error instead."""
    private = os.dup(1)
    os.dup2(2, 1)
    return private
