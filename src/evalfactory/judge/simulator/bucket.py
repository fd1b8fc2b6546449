"""The provider's side of a rate limit: a bucket that fills evenly. The clock is passed in."""

from __future__ import annotations


class Bucket:
    """Grants at most `burst + rate_per_s * t` in any `t` seconds."""

    def __init__(self, rate_per_s: float, burst: float, now_s: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._level = burst
        self._seen_s = now_s

    def wait_s(self, now_s: float, amount: float) -> float:
        """Seconds until `amount` can be granted; 0.0 means now. Takes nothing.

        More than a whole burst is granted when the bucket is full and leaves a debt, else it would wait for ever.
        """
        self._level = min(self._burst, self._level + (now_s - self._seen_s) * self._rate_per_s)
        self._seen_s = now_s
        lacking = min(amount, self._burst) - self._level
        return 0.0 if lacking <= 1e-9 else lacking / self._rate_per_s

    def take(self, amount: float) -> None:
        """Grant `amount`; ask `wait_s` first."""
        self._level -= amount
