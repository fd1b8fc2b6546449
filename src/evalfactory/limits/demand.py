"""How much of a limit a worker could use, from what its endpoint did since the last beat. Pure: times are passed in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..judge.port import EndpointStatus
from ..records.measurement import Usage
from ..records.suite import Limits
from .rhythm import SECONDS_A_MINUTE

_ROOM = 1.25  # of what was used, for a little more work than before
_PRESSED = 0.5  # of the looks found calls waiting: it could use any share
_BEGINNING = 2  # beats in which a worker that has not asked for anything yet is thought to be about to


@dataclass(slots=True)
class _Window:
    """What was seen since the last beat."""

    looks: int = 0
    pressed: int = 0  # of them found calls waiting
    peak: int = 0  # requests in flight


class Demand:
    """Looks at an endpoint several times between two beats."""

    def __init__(self, limits: Limits, units: int, now_s: float) -> None:
        self._limits = limits
        self._units = units
        self._since_s = now_s
        self._used = Usage()
        self._beats = 0
        self._status: EndpointStatus | None = None
        self._window = _Window()

    @property
    def held(self) -> int:
        """The units that the requests in flight at the last look use."""
        in_flight = self._status.in_flight if self._status is not None else 0
        return min(self._units, -(-in_flight * self._units // self._limits.max_in_flight))

    @property
    def is_waiting(self) -> bool:
        """Whether calls waited at the last look."""
        return self._status is not None and self._status.waiting > 0

    def look(self, status: EndpointStatus) -> None:
        """Take in how the endpoint is now."""
        self._status = status
        self._window.looks += 1
        self._window.pressed += status.waiting > 0
        self._window.peak = max(self._window.peak, status.in_flight)

    def units(self, usage: Usage, now_s: float) -> int:
        """The units it could use; counts anew from here on. `usage` is the endpoint's in total."""
        seen, calls = self._window, usage.calls - self._used.calls
        share = self._share(usage, max(now_s - self._since_s, 1e-3) / SECONDS_A_MINUTE)
        asked = calls > 0 or seen.peak > 0 or seen.pressed > 0
        pressed = seen.pressed > _PRESSED * seen.looks or (self.is_waiting and share == 0.0)
        self._beats = max(self._beats + 1, _BEGINNING + 1 if asked else 0)
        self._used, self._since_s, self._window = usage, now_s, _Window()
        if pressed or self._beats <= _BEGINNING:
            return self._units
        return min(self._units, max(1, math.ceil(share * self._units * _ROOM))) if asked else 0

    def _share(self, usage: Usage, minutes: float) -> float:
        """The largest share of any of the limits that was used."""
        limits = self._limits
        shares = [self._window.peak / limits.max_in_flight]
        if limits.requests_per_minute is not None:
            shares.append((usage.calls - self._used.calls) / minutes / limits.requests_per_minute)
        if limits.tokens_per_minute is not None:
            tokens = usage.input_tokens + usage.output_tokens - self._used.input_tokens - self._used.output_tokens
            shares.append(tokens / minutes / limits.tokens_per_minute)
        return max(shares)
