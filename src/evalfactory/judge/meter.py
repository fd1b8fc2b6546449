"""One measurement's meter: what its calls cost, and how long it really worked (waiting for limits left out)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..records.measurement import Usage

#: What was asked and answered, one function a request that tells it: nothing is copied until somebody reads it.
Trace = list[Callable[[], dict[str, object]]]


LAP = 1 << 40  # more than any order


class Meter:
    """Counts requests, tokens and cost; keeps the time in which the measurement could not go on through no fault of its own.

    Time is held while at least one of its calls waits for a limit or a pause and none is in flight. Times are the
    event loop's, seconds.
    """

    def __init__(self, now_s: float, *, order: int = 0, last_lap: Callable[[], bool] = lambda: False) -> None:
        self._order = order  # of admission
        self._last_lap = last_lap
        self.started_s = now_s
        self.calls = self.retries = self.reasks = self.throttled = 0
        self.input_tokens = self.output_tokens = 0
        self.cost_usd = 0.0
        self.tasks: set[asyncio.Task[object]] = set()  # every task that called the judge, to be cancelled with it
        self.trace: Trace | None = None  # prompts and raw answers, when someone may want them
        self._waiting = self._flying = 0
        self._held_s = 0.0
        self._held_since_s: float | None = None

    @property
    def rank(self) -> int:
        """Whose next request goes first, lowest first: what is begun gets finished.

        Once nothing is left to begin, who has asked least goes first, so that all end at about the same time and places
        at the judge stay in use.
        """
        return self._order + (self.calls * LAP if self._last_lap() else 0)

    @property
    def usage(self) -> Usage:
        return Usage(
            calls=self.calls,
            retries=self.retries,
            reasks=self.reasks,
            throttled=self.throttled,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cost_usd=self.cost_usd,
        )

    def active_s(self, now_s: float) -> float:
        """Seconds since the start in which the measurement was not held up."""
        held_s = self._held_s + (now_s - self._held_since_s if self._held_since_s is not None else 0.0)
        return now_s - self.started_s - held_s

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Around a wait for a limit, a pause or a retry's delay."""
        self._shift(waiting=1)
        try:
            yield
        finally:
            self._shift(waiting=-1)

    @contextmanager
    def flying(self) -> Iterator[None]:
        """Around a request that is on its way."""
        self._shift(flying=1)
        try:
            yield
        finally:
            self._shift(flying=-1)

    def _shift(self, *, waiting: int = 0, flying: int = 0) -> None:
        self._waiting += waiting
        self._flying += flying
        held = self._waiting > 0 and self._flying == 0
        if held and self._held_since_s is None:
            self._held_since_s = asyncio.get_running_loop().time()
        elif not held and self._held_since_s is not None:
            self._held_s += asyncio.get_running_loop().time() - self._held_since_s
            self._held_since_s = None
