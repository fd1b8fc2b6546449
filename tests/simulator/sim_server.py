"""A simulated judge in a thread, for clients that block or live in another process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evalfactory.judge.simulator import SimulatorOptions
from evalfactory.judge.simulator.server import serving


@contextmanager
def simulated(options: SimulatorOptions | None = None) -> Iterator[str]:
    """The base URL of a judge that runs while the context is open."""
    started = threading.Event()
    told: list[tuple[str, Callable[[], object]]] = []

    async def run() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        async with serving(options or SimulatorOptions()) as simulator:
            told.append((simulator.base_url, lambda: loop.call_soon_threadsafe(stop.set)))
            started.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        assert started.wait(10)
        base_url, stop = told[0]
        try:
            yield base_url
        finally:
            stop()
    finally:
        thread.join(10)
