"""One endpoint with its limits, retries and outages: what the judge and the system under test have in common."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NamedTuple, TypeVar, assert_never

import aiohttp

from ..errors import UnavailableError
from ..records.measurement import Usage
from ..records.suite import Limits
from .admission import Admission, Landing, Pass, Wish
from .availability import Availability, Trial
from .faults import classify
from .gate import Gate
from .meter import Meter
from .options import Identity, Options, pacer_of
from .outcomes import NOTHING, Answered, Barred, Denied, Fault, Outcome, Reply, Throttled
from .port import EndpointStatus, current_meter
from .retry import backoff_s
from .transport import Address, Transport, timeout_of

T = TypeVar("T")

_FIRST_GUESS_TOKENS = 200.0  # of an answer, until some have been seen
_LEAST_PATIENCE_S = 0.05


class Message(NamedTuple):
    """One request's content."""

    body: bytes | None
    told: Mapping[str, Any]  # for those who want to read what was sent
    params: Mapping[str, str] | None = None


class Endpoint:
    """Calls an HTTP endpoint within its limits until it answers, or says why not.

    Raises the identity's `CallError` for one call's failure, `UnavailableError` when nothing was answered for the
    outage's time, `RefusedError` when the key is refused before the first success. `availability.py` has the rules
    for which of them.
    """

    def __init__(self, to: Address, identity: Identity, limits: Limits, options: Options) -> None:
        self._to = to
        self._identity = identity
        self._limits = limits
        self._policy, self._rng = options.policy, options.rng
        self._transport = options.transport or Transport()
        self._owns_transport = options.transport is None
        self._timeout = timeout_of(limits.timeout_s)
        self._output_tokens = _FIRST_GUESS_TOKENS
        self._total = Meter(0.0)
        self._availability = Availability(options.policy, limits.outage_s)
        self._pacer = pacer_of(limits, options)
        self._gate = Gate(Admission(self._pacer, self._availability, options.rng), self._unavailable)
        self.has_answered = options.succeeded_before

    @property
    def usage(self) -> Usage:
        """What this process has sent so far."""
        return self._total.usage

    def status(self) -> EndpointStatus:
        """How the endpoint is, for a progress line."""
        return self._gate.admission.status(asyncio.get_running_loop().time())

    def set_share(self, share: float, until_s: float = math.inf) -> None:
        """Take another share of the limits from now on and until `until_s`; call it in the event loop."""
        self._gate.set_share(share, until_s)

    async def call(self, message: Message, read: Callable[[Reply], Outcome[T]], *, reask: bool = False) -> T:
        """What `read` makes of the first reply that it takes for an answer. Charges `current_meter`."""
        loop = asyncio.get_running_loop()
        meter = current_meter.get(None) or Meter(loop.time())
        trial = Trial(self._availability)
        wish = Wish(meter.rank, len(message.body or b"") / 4.0 + self._output_tokens)
        tries = 0
        while True:
            entry = await self._gate.enter(meter, wish)
            tries += 1
            self._count(meter, retry=tries > 1, reask=reask and tries == 1)
            outcome = await self._try(entry, message, read, trial, meter)
            if isinstance(outcome, Answered):
                return outcome.value
            delay_s = self._after(outcome, trial, tries)
            wish = wish._replace(ready_s=loop.time() + delay_s, failures=trial.failures, fresh=False)

    async def close(self) -> None:
        if self._owns_transport:
            await self._transport.close()

    async def _try(
        self, entry: Pass, message: Message, read: Callable[[Reply], Outcome[T]], trial: Trial, meter: Meter
    ) -> Outcome[T]:
        """What one request came to. Its place is free afterwards, whatever happens."""
        landing = Landing("cancelled")
        outcome: Outcome[T] | None = None
        reply: object = None
        others_go = False
        try:
            with self._clock(entry, meter):
                reply = await self._transport.send(self._to, message.body, self._patience(), message.params)
            if isinstance(reply, Reply):
                reply = self._identity.hidden_in(reply)
            outcome = self._understood(reply, read) if isinstance(reply, Reply) else reply
            self._learn(entry, outcome, meter)
            landing = self._landing(outcome, trial)
        finally:
            others_go = self._gate.leave(entry, landing)
            if meter.trace is not None:
                status = reply.status if isinstance(reply, Reply) else None
                seconds = asyncio.get_running_loop().time() - entry.sent_s
                meter.trace.append(partial(self._told, message.told, outcome, status, seconds))
        if others_go and isinstance(outcome, Answered):
            await asyncio.sleep(0)  # they send before this answer is worked on: the place must not lie idle meanwhile
        return outcome

    def _understood(self, reply: Reply, read: Callable[[Reply], Outcome[T]]) -> Outcome[T]:
        if 200 <= reply.status < 300:
            return read(reply)
        return classify(reply, time.time(), is_model=self._identity.is_model)

    def _landing(self, outcome: Outcome[Any], trial: Trial) -> Landing:
        """What the queue must know of an outcome."""
        match outcome:
            case Answered() | Denied():
                self.has_answered |= isinstance(outcome, Answered)
                return Landing("answered")
            case Throttled(message, after_s):
                return Landing("refused", self._identity.says(message), self._spread(after_s))
            case Fault(_, message) | Barred(_, message):
                innocent = trial.failed()
                return Landing("failed", self._identity.says(message), innocent=innocent)
            case _:
                assert_never(outcome)

    def _after(self, outcome: Denied | Fault | Throttled | Barred, trial: Trial, tries: int) -> float:
        """Seconds until the next try; raises when there is none."""
        match outcome:
            case Denied(error_class, message):
                raise self._identity.failed(error_class, message)
            case Throttled(message, after_s):
                return self._after_refusal(message, after_s, trial, tries)
            case Barred(error_class, message) if not self.has_answered:
                self._gate.end(partial(self._identity.barred, error_class, message))
                raise self._identity.barred(error_class, message)
            case Barred(error_class, message):
                return self._after_failure(Fault(error_class, message), trial, tries)
            case Fault():
                return self._after_failure(outcome, trial, tries)
            case _:
                assert_never(outcome)

    def _after_failure(self, fault: Fault, trial: Trial, tries: int) -> float:
        if trial.is_lost(self._limits.max_tries):
            raise self._identity.failed(fault.error_class, fault.message, tries)
        asked_s = self._spread(fault.after_s) or 0.0
        return max(asked_s, backoff_s(trial.failures, self._policy, self._rng))

    def _after_refusal(self, message: str, after_s: float | None, trial: Trial, tries: int) -> float:
        """A pause that the server asked for holds the whole queue; without one each call waits for itself."""
        now_s = asyncio.get_running_loop().time()
        trial.refused(now_s)
        if trial.is_never_admitted(now_s, self._limits.outage_s):
            raise self._identity.failed("rate_limit", message, tries)
        return backoff_s(trial.refusals, self._policy, self._rng) if after_s is None else 0.0

    def _spread(self, asked_s: float | None) -> float | None:
        """A wait that the server asked for, and a little more, so that not everybody comes back at once."""
        return None if asked_s is None else asked_s * (1.0 + self._rng.uniform(0.0, self._policy.spread))

    def _clock(self, entry: Pass, meter: Meter) -> AbstractContextManager[None]:
        """A probe's time is the outage's, not the measurement's."""
        return meter.waiting() if entry.probe else meter.flying()

    def _patience(self) -> aiohttp.ClientTimeout:
        """The request's deadline, which in an outage does not outlast it."""
        left_s = self._availability.deadline_s - asyncio.get_running_loop().time()
        return self._timeout if left_s >= self._limits.timeout_s else timeout_of(max(left_s, _LEAST_PATIENCE_S))

    def _count(self, meter: Meter, *, retry: bool, reask: bool) -> None:
        for each in (meter, self._total):
            each.calls += 1
            each.retries += retry
            each.reasks += reask

    def _learn(self, entry: Pass, outcome: Outcome[Any], meter: Meter) -> None:
        """Charge what was spent, and set the token estimate right."""
        spent = outcome.spent if isinstance(outcome, Answered | Denied) else NOTHING
        for each in (meter, self._total):
            each.input_tokens += spent.input_tokens
            each.output_tokens += spent.output_tokens
            each.cost_usd += spent.cost_usd
            each.throttled += isinstance(outcome, Throttled)
        if spent.known:
            self._output_tokens += 0.1 * (spent.output_tokens - self._output_tokens)
            self._pacer.correct(entry.wish.tokens, spent.input_tokens + spent.output_tokens)
        elif isinstance(outcome, Throttled | Barred) or (
            isinstance(outcome, Fault) and outcome.error_class != "timeout"
        ):
            self._pacer.correct(entry.wish.tokens, 0.0)

    def _told(
        self, sent: Mapping[str, Any], outcome: Outcome[Any] | None, status: int | None, seconds: float
    ) -> dict[str, object]:
        """One request for a reader: what was sent, what came back, how it was taken, how long it took."""
        raw = outcome.raw if isinstance(outcome, Answered) else outcome.message if outcome is not None else None
        return {
            **self._hidden(dict(sent)),
            "answer": self._hidden(raw),
            "outcome": type(outcome).__name__.lower() if outcome is not None else "cancelled",
            "status": status,
            "seconds": round(seconds, 4),
        }

    def _hidden(self, value: Any) -> Any:
        """A JSON value without our secrets."""
        match value:
            case str():
                return self._identity.hides(value)
            case list():
                return [self._hidden(item) for item in value]
            case dict():
                return {name: self._hidden(item) for name, item in value.items()}
            case _:
                return value

    def _unavailable(self) -> UnavailableError:
        return self._identity.unavailable(self._availability, asyncio.get_running_loop().time())


class Remote:
    """Something behind an endpoint: what it can tell of itself, and be told, while it works."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def usage(self) -> Usage:
        """What this process has sent so far."""
        return self._endpoint.usage

    @property
    def has_answered(self) -> bool:
        """Somebody was answered with this key."""
        return self._endpoint.has_answered

    def set_share(self, share: float, until_s: float = math.inf) -> None:
        """Take another share of the limits from now on and until `until_s`; call it in the event loop."""
        self._endpoint.set_share(share, until_s)

    def status(self) -> EndpointStatus:
        """How the endpoint is, for a progress line."""
        return self._endpoint.status()

    async def close(self) -> None:
        await self._endpoint.close()
