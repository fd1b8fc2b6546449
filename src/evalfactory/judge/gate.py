"""The asyncio shell around the queue: calls wait here until they may send."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from ..errors import EvalFactoryError
from .admission import Admission, Landing, Pass, Wish
from .meter import Meter

_TICK_S = 0.001  # event loops round timers to it


class Gate:
    """Wakes calls in the order the queue decides; ends them all when there is nothing to wait for.

    `unavailable` makes the error that waiting calls end with when the outage's time is over.
    """

    def __init__(self, admission: Admission, unavailable: Callable[[], EvalFactoryError]) -> None:
        self.admission = admission
        self._unavailable = unavailable
        self._futures: dict[Pass, asyncio.Future[None]] = {}
        self._timer: asyncio.Handle | None = None
        self._timer_s = math.inf  # when it goes off; uvloop's handles of what is due at once cannot tell
        self._ended: Callable[[], EvalFactoryError] | None = None

    async def enter(self, meter: Meter, wish: Wish) -> Pass:
        """A place in flight; `leave` must follow. Raises what the gate was ended with."""
        if self._ended is not None:
            raise self._ended()
        loop = asyncio.get_running_loop()
        entry = self.admission.join(loop.time(), wish)
        self.pump()
        if entry.state == "flying":
            return entry
        if self._ended is not None:
            raise self._ended()
        self._futures[entry] = future = loop.create_future()
        try:
            with meter.waiting():
                await future
        except asyncio.CancelledError:
            self._abandon(entry)
            raise
        return entry

    def leave(self, entry: Pass, landing: Landing) -> bool:
        """Free the place and say what the request came to. True when others may send now."""
        self.admission.land(entry, landing, asyncio.get_running_loop().time())
        return self.pump()

    def set_share(self, share: float, until_s: float) -> None:
        """Another share of the limits, until that time."""
        self.admission.set_share(share, asyncio.get_running_loop().time(), until_s)
        self.pump()

    def end(self, reason: Callable[[], EvalFactoryError]) -> None:
        """Every call that waits, and every later one, raises what `reason` makes."""
        self._ended = self._ended or reason
        self._stop_timer()
        for entry in self.admission.drain():
            future = self._futures.pop(entry, None)
            if future is not None and not future.done():
                future.set_exception(self._ended())

    def pump(self) -> bool:
        """Let go whoever may go now, and set the timer for the next one. True when somebody goes."""
        now_s = asyncio.get_running_loop().time()
        admitted, wake_s, over = self.admission.step(now_s)
        for entry in admitted:
            future = self._futures.pop(entry, None)
            if future is not None and not future.done():
                future.set_result(None)
        if over:
            self.end(self._unavailable)
        elif wake_s != math.inf:
            self._wake_at(max(wake_s, now_s + _TICK_S))
        return bool(admitted)

    def _abandon(self, entry: Pass) -> None:
        """The caller was cancelled, perhaps in the moment between its admission and its turn."""
        self._futures.pop(entry, None)
        self.admission.withdraw(entry)
        self.leave(entry, Landing("cancelled"))

    def _wake_at(self, at_s: float) -> None:
        if self._timer is not None and self._timer_s <= at_s:
            return  # an early look does no harm
        self._stop_timer()
        self._timer_s = at_s
        self._timer = asyncio.get_running_loop().call_at(at_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.pump()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
