"""How fast requests may go: a window that adapts to refusals, and even spending of what a minute allows.

Pure: every time is passed in, in seconds of any monotonic clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_TINY = 1e-6  # forgiven to floating point

CUT = 0.8  # what a refusal leaves of the window
#: Whoever keeps to the limit is refused for requests that bunch on their way: a refusal costs so much of the rate …
CATCH_UP_S = 0.2
#: … and so much of the one second's burst, of which at least so much stays.
BURST_CUT, LEAST_BURST_S = 0.8, 0.5


@dataclass(slots=True)
class Bucket:
    """An even spend: refills at a rate, holds one second's worth, and can owe what was underestimated."""

    rate_per_s: float
    capacity: float
    level: float
    at_s: float

    def ready_s(self, amount: float, now_s: float) -> float:
        """The earliest time from now on when `amount` may be taken; an amount above the capacity needs a full bucket."""
        self._refill(now_s)
        lacking = min(amount, self.capacity) - self.level
        return now_s if lacking <= _TINY else now_s + lacking / self.rate_per_s

    def take(self, amount: float, now_s: float) -> None:
        self._refill(now_s)
        self.level -= amount

    def give_back(self, amount: float) -> None:
        """Correct an estimate; a negative amount is a debt."""
        self.level = min(self.capacity, self.level + amount)

    def resize(self, rate_per_s: float, capacity: float, now_s: float) -> None:
        self._refill(now_s)
        self.rate_per_s, self.capacity = rate_per_s, capacity
        self.level = min(self.level, capacity)

    def _refill(self, now_s: float) -> None:
        self.level = min(self.capacity, self.level + max(0.0, now_s - self.at_s) * self.rate_per_s)
        self.at_s = max(self.at_s, now_s)


@dataclass(frozen=True, slots=True)
class Rates:
    """What an endpoint allows all workers of the run together."""

    max_in_flight: int
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


class Pacer:
    """One worker's share of the rates, and what the endpoint's refusals taught it.

    The share is 0 while other workers use all there is, and counts until `until_s`. `start` (0..1) is how full the
    request bucket is at first. Where a share allows less than a request a second,
    workers that start at random levels do not all send their first request at the same moment.
    """

    def __init__(self, rates: Rates, *, share: float = 1.0, now_s: float = 0.0, start: float = 1.0) -> None:
        self._rates = rates
        self.share = share
        self.until_s = math.inf
        self.in_flight = 0
        self.window = self.ceiling
        self._reach = self.ceiling  # the ceiling that the window belongs to
        self._burst_s = 1.0
        self.paused_until_s = -math.inf
        self._cut_at_s = -math.inf
        self._requests = self._bucket(rates.requests_per_minute, start, now_s)
        self._tokens = self._bucket(rates.tokens_per_minute, 1.0, now_s)

    @property
    def ceiling(self) -> float:
        """The share of the requests in flight; at least one, or the worker could do nothing."""
        return max(1.0, self._rates.max_in_flight * self.share)

    @property
    def allowed(self) -> int:
        """How many requests may be in flight now."""
        return max(1, int(self.window + _TINY)) if self.share > 0 else 0

    def opening_s(self, tokens: float, now_s: float) -> float:
        """When the next request may go: now, later, or `inf` when one in flight must land or the share change first."""
        if self.in_flight >= self.allowed or now_s >= self.until_s:
            return math.inf
        opening_s = max(now_s, self.paused_until_s)
        if self._requests is not None:
            opening_s = max(opening_s, self._requests.ready_s(1.0, now_s))
        if self._tokens is not None:
            opening_s = max(opening_s, self._tokens.ready_s(tokens, now_s))
        return opening_s

    def sent(self, tokens: float, now_s: float) -> None:
        self.in_flight += 1
        if self._requests is not None:
            self._requests.take(1.0, now_s)
        if self._tokens is not None:
            self._tokens.take(tokens, now_s)

    def landed(self) -> None:
        self.in_flight -= 1

    def answered(self) -> None:
        """Call before `landed`: a full window that is answered grows, by one for every window of answers."""
        if self.window < self.ceiling and self.in_flight >= self.allowed:
            self.window = min(self.ceiling, self.window + 1.0 / self.window)

    def refused(self, sent_s: float, now_s: float, pause_s: float | None) -> None:
        """Call before `landed`, for a request sent at `sent_s` that was refused for coming too fast.

        The window shrinks. Where requests are counted by the minute the endpoint gets a moment to catch up, and bursts
        become smaller.
        What was sent before the last cut says nothing about what came of it: one episode, one cut.
        """
        if pause_s is not None:
            self.paused_until_s = max(self.paused_until_s, now_s + pause_s)
        if sent_s >= self._cut_at_s:
            self.window = max(1.0, CUT * min(self.window, float(self.in_flight)))
            self._cut_at_s = now_s
            if self._requests is not None:
                self._burst_s = max(LEAST_BURST_S, self._burst_s * BURST_CUT)
                rate_per_s = self._requests.rate_per_s
                self._requests.resize(rate_per_s, self._burst(rate_per_s), now_s)
                self._requests.take(rate_per_s * CATCH_UP_S, now_s)

    def correct(self, estimated_tokens: float, used_tokens: float) -> None:
        """Set right what `sent` estimated."""
        if self._tokens is not None:
            self._tokens.give_back(estimated_tokens - used_tokens)

    def is_shut(self, now_s: float) -> bool:
        """No request may be sent, whatever lands: other workers have the whole limit."""
        return self.share <= 0 or now_s >= self.until_s

    def set_share(self, share: float, now_s: float, until_s: float = math.inf) -> None:
        """Take another share of the run's limits, from now on and until `until_s`.

        What was saved up beyond a second of the new share is lost, and nothing is given for a larger one: the workers'
        bursts together are never more than one second of the whole.
        """
        self.until_s = until_s
        if share == self.share:
            return
        self.share = share
        if share > 0:
            self.window = max(1.0, min(self.ceiling, self.window * self.ceiling / self._reach))
            self._reach = self.ceiling
        for bucket, per_minute in (
            (self._requests, self._rates.requests_per_minute),
            (self._tokens, self._rates.tokens_per_minute),
        ):
            if bucket is not None and per_minute is not None:
                bucket.resize(*self._spend(per_minute), now_s)

    def _bucket(self, per_minute: float | None, start: float, now_s: float) -> Bucket | None:
        if per_minute is None:
            return None
        rate_per_s, capacity = self._spend(per_minute)
        return Bucket(rate_per_s, capacity, capacity * start, now_s)

    def _spend(self, per_minute: float) -> tuple[float, float]:
        """The share's rate per second, and a burst of one second (at least one), or less after refusals."""
        rate_per_s = per_minute / 60.0 * self.share
        return rate_per_s, self._burst(rate_per_s)

    def _burst(self, rate_per_s: float) -> float:
        return max(1.0, rate_per_s * self._burst_s) if self.share > 0 else 0.0
