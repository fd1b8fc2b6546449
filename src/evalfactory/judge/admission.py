"""Who may send the next request, and when: the queue in front of an endpoint.

Pure: it never looks at a clock, waits or sends. The shell in `gate.py` tells it what happens and asks `step` who goes.
"""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .availability import Availability
from .limits import Pacer
from .port import EndpointStatus


class Landing(NamedTuple):
    """What a request came to, as far as the queue minds."""

    how: Literal["answered", "failed", "refused", "cancelled"]
    reason: str = ""
    pause_s: float | None = None  # that the endpoint asked for when it refused
    innocent: bool = True  # a failure that may be the endpoint's rather than the request's


class Wish(NamedTuple):
    """What a call says when it wants to send a request."""

    rank: int = 0  # lowest first
    tokens: float = 0.0  # what the request is thought to use
    ready_s: float = -math.inf  # not before this time
    failures: int = 0  # of the same call so far; probes go to whoever has failed least
    fresh: bool = True  # the call's first request


@dataclass(slots=True, eq=False)
class Pass:
    """One request's place: waiting, then in flight, then done."""

    number: int
    wish: Wish
    state: Literal["waiting", "flying", "done"] = "waiting"
    probe: bool = False
    sent_s: float = 0.0


class Step(NamedTuple):
    """What the queue decided."""

    admitted: list[Pass]
    wake_s: float  # ask again at this time, if nothing happens before; `inf` for never
    over: bool = False  # nothing has answered for the outage's time: everybody who waits ends


class Admission:
    """Waiting calls in order: lowest rank first, so that begun measurements finish first, then first come."""

    def __init__(self, pacer: Pacer, availability: Availability, rng: random.Random) -> None:
        self.pacer = pacer
        self.availability = availability
        self._rng = rng
        self._ready: list[tuple[int, int, Pass]] = []
        self._later: list[tuple[float, int, Pass]] = []
        self._numbers = 0
        self._probing = False
        self.waiting = 0

    def join(self, now_s: float, wish: Wish) -> Pass:
        """A new place in the queue."""
        if wish.fresh and not self.waiting and not self.pacer.in_flight:
            self.availability.restart(now_s)
        self._numbers += 1
        entry = Pass(self._numbers, wish)
        self.waiting += 1
        if wish.ready_s <= now_s:
            heapq.heappush(self._ready, (wish.rank, entry.number, entry))
        else:
            heapq.heappush(self._later, (wish.ready_s, entry.number, entry))
        return entry

    def withdraw(self, entry: Pass) -> None:
        """The caller has gone away before it was admitted."""
        if entry.state == "waiting":
            entry.state = "done"  # the heaps drop it when they meet it
            self.waiting -= 1

    def land(self, entry: Pass, landing: Landing, now_s: float) -> None:
        """The admitted request came to something; frees its place."""
        if entry.state != "flying":
            return
        match landing.how:
            case "answered":
                self.pacer.answered()
                if self.availability.away:
                    self._ripen(math.inf)  # their delays were the outage's
                self.availability.answered()
            case "failed":
                self.availability.failed(landing.reason, now_s, innocent=landing.innocent)
            case "refused":
                self.pacer.refused(entry.sent_s, now_s, landing.pause_s)
                self.availability.refused(landing.reason, now_s)
            case "cancelled":
                pass
        entry.state = "done"
        self.pacer.landed()
        if entry.probe:
            self._probing = False
            if landing.how != "answered":
                self.availability.probe_failed(now_s, self._rng)

    def set_share(self, share: float, now_s: float, until_s: float) -> None:
        """Another share of the limits. Time without one is not the endpoint's: it had nothing to answer."""
        if self.pacer.is_shut(now_s):
            self.availability.restart(now_s)
        self.pacer.set_share(share, now_s, until_s)

    def step(self, now_s: float) -> Step:
        """Whoever may go now, and when to ask again."""
        if not self.waiting:
            self._ready.clear()
            self._later.clear()
            return Step([], math.inf)
        if self.pacer.is_shut(now_s):
            return Step([], math.inf)
        if now_s >= self.availability.deadline_s:
            return Step([], math.inf, over=True)
        self.availability.look(now_s)
        return self._probe(now_s) if self.availability.away else self._admit(now_s)

    def status(self, now_s: float) -> EndpointStatus:
        """How the endpoint is."""
        failing_since_s = self.availability.failing_since_s
        paused = self.pacer.paused_until_s > now_s
        return EndpointStatus(
            state="away" if self.availability.away else "paused" if paused else "open",
            silent_s=now_s - failing_since_s if failing_since_s is not None else 0.0,
            last_failure=self.availability.last_failure if failing_since_s is not None else "",
            in_flight=self.pacer.in_flight,
            allowed=self.pacer.allowed,
            waiting=self.waiting,
        )

    def drain(self) -> list[Pass]:
        """Everybody who waits, taken out of the queue."""
        entries = [entry for *_, entry in self._ready + self._later if entry.state == "waiting"]
        for entry in entries:
            self.withdraw(entry)
        return entries

    def _admit(self, now_s: float) -> Step:
        admitted: list[Pass] = []
        self._ripen(now_s)
        opening_s = math.inf
        while (head := self._head()) is not None:
            opening_s = self.pacer.opening_s(head.wish.tokens, now_s)
            if opening_s > now_s:
                break
            heapq.heappop(self._ready)
            admitted.append(self._send(head, now_s))
            opening_s = math.inf
        ripe_s = self._later[0][0] if self._later else math.inf
        return Step(admitted, min(opening_s, ripe_s, self.availability.deadline_s))

    def _probe(self, now_s: float) -> Step:
        """One request at a time, of the call that has failed least: so they take turns."""
        deadline_s = self.availability.deadline_s
        if self._probing:
            return Step([], deadline_s)
        due_s = max(self.availability.next_probe_s, self.pacer.opening_s(0.0, now_s))
        if due_s > now_s:
            return Step([], min(due_s, deadline_s))
        waiting = [entry for *_, entry in self._ready + self._later if entry.state == "waiting"]
        chosen = min(waiting, key=lambda entry: (entry.wish.failures, entry.wish.rank, entry.number))
        self._ready = [item for item in self._ready if item[-1] is not chosen]
        self._later = [item for item in self._later if item[-1] is not chosen]
        heapq.heapify(self._ready)
        heapq.heapify(self._later)
        chosen.probe = self._probing = True
        return Step([self._send(chosen, now_s)], deadline_s)

    def _send(self, entry: Pass, now_s: float) -> Pass:
        entry.state, entry.sent_s = "flying", now_s
        self.waiting -= 1
        self.pacer.sent(entry.wish.tokens, now_s)
        return entry

    def _ripen(self, now_s: float) -> None:
        """Move those whose delay is over to the ones who are ready."""
        while self._later and (self._later[0][0] <= now_s or self._later[0][-1].state != "waiting"):
            *_, entry = heapq.heappop(self._later)
            if entry.state == "waiting":
                heapq.heappush(self._ready, (entry.wish.rank, entry.number, entry))

    def _head(self) -> Pass | None:
        while self._ready and self._ready[0][-1].state != "waiting":
            heapq.heappop(self._ready)
        return self._ready[0][-1] if self._ready else None
