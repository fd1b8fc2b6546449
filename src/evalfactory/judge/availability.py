"""Whether an endpoint is there, judged by what its requests came to; pure.

An *answer* is a well-formed reply: a success, or a refusal of that one request (a prompt that is too long, say). A
*failure* is everything else: 5xx, timeouts, broken connections, unreadable bodies, refusals of the key, and, for the
outage's clock only, refusals to be asked so fast.

The rules:

1. After `away_after_failures` failures with no answer between them, over at least `away_after_s`, the endpoint is
   *away*: one request at a time is let through to see whether it is back, with growing pauses between them. Those
   probes rotate over the waiting calls, so that one request that can never be answered does not hide an endpoint
   that answers all others. Any answer ends it.
2. When `outage_s` have passed since the first failure after the last answer, every waiting call ends as
   unavailable. Their work stays pending.
3. A call is given up as an error after `max_tries` failures that count, and only if some other call was answered
   since its first try. A failure counts unless another call, one that is not known to fail while others are
   answered, has failed too since the last answer: then the endpoint is under suspicion, not the call. Failures
   while the endpoint is away do not count, and when it comes back every call has all its tries again.
4. So one poisoned request that makes the server fail whenever it is sent becomes an error while others are answered,
   and also when it is the last one left. If it is the only request there is from its first try on, nobody can tell
   it from an outage, and it ends as one: pending after `outage_s`, never as a made-up error, and never in a run
   that hangs.
"""

from __future__ import annotations

import math
import random

from .retry import RetryPolicy


class Availability:
    """What the endpoint's answers and failures say, as of the times passed in (seconds, monotonic)."""

    def __init__(self, policy: RetryPolicy, outage_s: float) -> None:
        self._policy = policy
        self._outage_s = outage_s
        self.answers = 0
        self.spells = 0  # of being away that an answer has ended
        self.failing_since_s: float | None = None
        self.away = False
        self.last_failure = ""
        self.next_probe_s = -math.inf
        self.innocent_failures = 0  # since the last answer, of calls that may be able to be answered
        self._failures = 0  # since the last answer
        self._probe_delay_s = policy.probe_base_s

    @property
    def deadline_s(self) -> float:
        """When waiting calls end as unavailable if nothing is answered until then."""
        return math.inf if self.failing_since_s is None else self.failing_since_s + self._outage_s

    def answered(self) -> None:
        self.answers += 1
        self.spells += self.away
        self.failing_since_s = None
        self.away = False
        self._failures = self.innocent_failures = 0
        self._probe_delay_s = self._policy.probe_base_s

    def failed(self, reason: str, now_s: float, *, innocent: bool = True) -> None:
        self._failures += 1
        self.innocent_failures += innocent
        self._unanswered(reason, now_s)

    def refused(self, reason: str, now_s: float) -> None:
        """Refused for coming too fast: the endpoint is there, but nothing was answered."""
        self._unanswered(reason, now_s)

    def restart(self, now_s: float) -> None:
        """Nobody has asked for a while, so the outage's clock begins with the one who asks now."""
        if self.failing_since_s is not None:
            self.failing_since_s = now_s

    def look(self, now_s: float) -> None:
        """Decide whether the endpoint counts as away by now."""
        if self.away or self.failing_since_s is None or self._failures < self._policy.away_after_failures:
            return
        if now_s - self.failing_since_s >= self._policy.away_after_s:
            self.away = True
            self.next_probe_s = now_s

    def probe_failed(self, now_s: float, rng: random.Random) -> None:
        """Wait longer before the next probe; half of the wait is random, for the sake of the other workers."""
        self.next_probe_s = now_s + self._probe_delay_s * rng.uniform(0.5, 1.0)
        self._probe_delay_s = min(self._policy.probe_cap_s, self._probe_delay_s * 2.0)

    def _unanswered(self, reason: str, now_s: float) -> None:
        self.last_failure = reason
        if self.failing_since_s is None:
            self.failing_since_s = now_s


class Trial:
    """One call's tries since its first one, or since the endpoint came back from being away."""

    def __init__(self, availability: Availability) -> None:
        self._availability = availability
        self._answers = self._seen = availability.answers  # at its beginning, and at its last failure
        self.failures = 0
        self.refusals = 0
        self._counted = 0
        self._suspect = False
        self._innocent_failures = 0  # its own, since the last answer
        self._refused_since_s: float | None = None  # without a failure in between
        self._begin()

    def failed(self) -> bool:
        """Count a failure, before the endpoint's own count of it; whether the call may still be an innocent one.

        A call that fails, sees others answered, and fails again is a suspect.
        """
        self._refused_since_s = None
        if self._spells != self._availability.spells:
            self._begin()
        if self._seen != self._availability.answers:
            self._suspect |= self.failures > 0
            self._seen = self._availability.answers
            self._innocent_failures = 0
        self.failures += 1
        self._counted += self._availability.innocent_failures == self._innocent_failures
        self._innocent_failures += not self._suspect
        return not self._suspect

    def is_lost(self, max_tries: int) -> bool:
        """All tries failed while others were answered."""
        return self._counted >= max_tries and self._others_answered() and not self._availability.away

    def refused(self, now_s: float) -> None:
        """Count a refusal for coming too fast."""
        self.refusals += 1
        if self._refused_since_s is None:
            self._refused_since_s = now_s

    def is_never_admitted(self, now_s: float, outage_s: float) -> bool:
        """Refused as too fast, and nothing else, for as long as an outage may last, although others were answered."""
        since_s = self._refused_since_s
        return since_s is not None and now_s - since_s > outage_s and self._others_answered()

    def _begin(self) -> None:
        self._spells = self._availability.spells
        self._answers = self._seen = self._availability.answers
        self._suspect = False
        self.failures = self._counted = self._innocent_failures = 0

    def _others_answered(self) -> bool:
        return self._availability.answers > self._answers
