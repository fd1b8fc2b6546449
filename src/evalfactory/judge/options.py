"""What an endpoint is opened with."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ..errors import RefusedError, UnavailableError
from ..records.measurement import ErrorClass
from ..records.suite import Limits
from .availability import Availability
from .limits import Pacer, Rates
from .outcomes import Reply
from .port import CallError
from .retry import RetryPolicy
from .transport import Transport
from .words import HIDDEN, clipped, redacted, storable

_NO_KEY = "name the key's variable in `api_key_env`, then run the suite again"


@dataclass(frozen=True, slots=True)
class Options:
    """How an endpoint is opened; every default fits a run."""

    share: float = 1.0  # of the limits; 0 until other workers have left some
    succeeded_before: bool = False  # another process of the run was answered, so the key is good
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    rng: random.Random = field(default_factory=random.Random)
    transport: Transport | None = None  # to share one session in a process; whoever made it closes it


def pacer_of(limits: Limits, options: Options) -> Pacer:
    """The endpoint's pacer; one that may send less than a request a second starts at a random moment."""
    rates = Rates(limits.max_in_flight, limits.requests_per_minute, limits.tokens_per_minute)
    slow = limits.requests_per_minute is not None and limits.requests_per_minute / 60.0 * options.share < 1.0
    return Pacer(rates, share=options.share, start=options.rng.random() if slow and options.share < 1.0 else 1.0)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an endpoint is in messages, and what must never stand in them."""

    what: str  # "the judge", "the target"
    where: str  # its address
    error: Callable[[ErrorClass, str], CallError]
    key_env: str | None = None
    secrets: tuple[str, ...] = ()
    is_model: bool = True  # 404 concerns every request, not only the one

    def hidden_in(self, reply: Reply) -> Reply:
        """The reply without our secrets, before anybody reads it: some endpoints echo what they are sent."""
        body = reply.body
        for secret in self.secrets:
            body = body.replace(secret.encode(), HIDDEN.encode())
        return reply if body is reply.body else reply._replace(body=body)

    def says(self, message: str) -> str:
        """A stranger's words on one line, without our secrets."""
        return clipped(redacted(message, self.secrets))

    def hides(self, text: str) -> str:
        """The whole text, without our secrets."""
        return storable(redacted(text, self.secrets))

    def failed(self, error_class: ErrorClass, message: str, tries: int = 1) -> CallError:
        """One call's failure."""
        return self.error(
            error_class, f"{self.says(message)} (tried {tries} times)" if tries > 1 else self.says(message)
        )

    def barred(self, error_class: ErrorClass, message: str) -> RefusedError | UnavailableError:
        """What ends every call: no request of this run can succeed."""
        if error_class == "auth":
            key = f"the key in {self.key_env}" if self.key_env else "a request without a key"
            hint = f"check the value of {self.key_env}" if self.key_env else _NO_KEY
            words = f"{self.what} at {self.where} refuses {key}: {self.says(message)}"
            return RefusedError(words, hint=hint, resumable=self.key_env is not None)
        return UnavailableError(
            f"{self.what} at {self.where} knows no such model or path: {self.says(message)}",
            hint="check the model's name and the address in the suite, then run it again",
            resumable=False,
        )

    def unavailable(self, availability: Availability, now_s: float) -> UnavailableError:
        """What ends every waiting call after the outage's time."""
        silent_s = now_s - availability.failing_since_s if availability.failing_since_s is not None else 0.0
        since = datetime.now(UTC) - timedelta(seconds=silent_s)
        return UnavailableError(
            f"{self.what} at {self.where} has answered nothing for {silent_s:.0f} s, since {since:%Y-%m-%d %H:%M:%S} UTC;"
            f" last: {availability.last_failure}"
        )
