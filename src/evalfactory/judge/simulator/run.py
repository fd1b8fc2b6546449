"""The simulated judge as a process: an event loop, signals, and a line when it is ready."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from .options import SimulatorOptions

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop


def run_simulator(
    options: SimulatorOptions,
    host: str,
    port: int,
    ready: Callable[[str], None],
    say: Callable[[str], None] | None = None,
) -> dict[str, object]:
    """Serve until SIGINT or SIGTERM; the counters as they stand then.

    `ready` is told the base URL (`http://host:port/v1`) once connections are accepted; `say` gets the progress lines
    (stderr when not given).

    Raises `UnavailableError` when it cannot listen.
    """
    import asyncio  # like aiohttp, nothing that `--help` should wait for
    import signal

    from .server import serve

    async def until_stopped() -> dict[str, object]:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, stop.set)
        return await serve(options, host=host, port=port, ready=ready, say=say or _to_stderr, stop=stop)

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(until_stopped())


def _loop_factory() -> Callable[[], AbstractEventLoop] | None:
    """The loop of uvloop, which makes a request cheaper, where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop  # type: ignore[no-any-return]  # uvloop is untyped here


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
