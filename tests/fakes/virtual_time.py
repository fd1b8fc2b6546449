"""Asyncio code on a clock that jumps to the next timer: hours pass in seconds, and the same way every time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Waitless(selectors.SelectSelector):
    """Does not wait for anything: moves the clock instead."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever happen")
        self.now_s += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop without files and sockets whose time passes only when there is nothing else to do."""

    def __init__(self) -> None:
        self._virtual = _Waitless()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now_s


def run_in_virtual_time(work: Coroutine[Any, Any, Result]) -> Result:
    """What the work returns; its sleeps take no time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
