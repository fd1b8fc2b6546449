"""The simulated judge behind its HTTP server: each request in, what to send and when out. The clock is passed in."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from .answer import answer
from .bucket import Bucket
from .chat import Asked, BadRequest, read_chat
from .counters import Counters, is_answer
from .fault import fault_of
from .latency import latency_s
from .options import How, Outage, SimulatorOptions
from .replies import Ending, Reply, completion, faulty, gone, problem, too_many
from .telling import Doubted

BUSY_RETRY_S = 0.5  # for a request beyond the concurrency: something will have ended by then
MINUTE_S = 60.0


class Desk:
    """Answers requests, and remembers how often each original request was let in."""

    def __init__(self, options: SimulatorOptions, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        self._doubted = Doubted(options.doubted)
        self.counters = Counters()
        self.reset()

    def reset(self) -> None:
        """Forget everything: tries, counters, limits, and when it started."""
        options = self._options
        self._started_s = self._clock()
        self.counters = Counters(in_flight=self.counters.in_flight)
        self._tries: dict[bytes, int] = {}
        self._answered: set[bytes] = set()
        rate = options.requests_per_second
        burst = options.burst if options.burst is not None else max(1.0, rate or 0.0)
        self._requests = Bucket(rate, burst, 0.0) if rate is not None else None
        per_minute = options.tokens_per_minute
        self._tokens = Bucket(per_minute / MINUTE_S, per_minute / MINUTE_S, 0.0) if per_minute is not None else None

    @property
    def now_s(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started_s

    def arrived(self) -> None:
        """Count a request in."""
        self.counters.arrived(self.now_s)

    def left(self, reply: Reply | None) -> None:
        """Count a request out; `reply` is what was sent, None when the client left first."""
        self.counters.left(reply, self.now_s)
        if reply is not None and reply.answers is not None and is_answer(reply):
            self._answered.add(reply.answers)

    def decide(self, body: bytes, key: str | None) -> Reply:
        """What to send for a request that has arrived."""
        outage = self.outage()
        if outage is not None:
            return self._gone(outage)
        expected = self._options.expected_key
        if expected is not None and not hmac.compare_digest((key or "").encode(), expected.encode()):
            self.counters.refused_key += 1
            return problem(401, "incorrect API key", code="invalid_api_key")
        try:
            return self._admitted(read_chat(body))
        except BadRequest as wrong:
            self.counters.bad_requests += 1
            return problem(400, str(wrong), code="invalid_request")

    def outage(self) -> Outage | None:
        """The outage that is on."""
        now_s = self.now_s
        return next((each for each in self._options.outages if each.from_s <= now_s < each.to_s), None)

    def _gone(self, outage: Outage) -> Reply:
        self.counters.gone += 1
        left_s = outage.to_s - self.now_s
        match outage.how:
            case How.THROTTLED:
                self.counters.refused_429 += 1
                return too_many(left_s, "as simulated")
            case How.UNAVAILABLE:
                return gone(left_s)
            case How.CLOSED | How.REFUSED:
                return Reply(503, b"", ending=Ending.CLOSED)

    def _admitted(self, asked: Asked) -> Reply:
        """Past the limits: only what is let in counts as a try, so that faults do not depend on anyone's pace."""
        refusal = self._refusal(asked)
        if refusal is not None:
            self.counters.refused_429 += 1
            return refusal
        options = self._options
        if options.context_tokens is not None and asked.prompt_tokens > options.context_tokens:
            self.counters.bad_requests += 1
            limit = f"this model's maximum context length is {options.context_tokens} tokens"
            return problem(400, f"{limit}, the prompt has {asked.prompt_tokens}", code="context_length_exceeded")
        return self._tried(asked, self._nth_try(asked))

    def _refusal(self, asked: Asked) -> Reply | None:
        """429 where a limit is reached; what is granted is taken."""
        options, now_s = self._options, self.now_s
        if options.max_concurrent is not None and self.counters.in_flight > options.max_concurrent:
            return too_many(BUSY_RETRY_S, f"{options.max_concurrent} requests at once")
        wait_s = self._requests.wait_s(now_s, 1) if self._requests else 0.0
        if wait_s > 0:
            return too_many(wait_s, f"{options.requests_per_second:g} requests a second")
        wait_s = self._tokens.wait_s(now_s, asked.prompt_tokens) if self._tokens else 0.0
        if wait_s > 0:
            return too_many(wait_s, f"{options.tokens_per_minute:g} tokens a minute")
        if self._requests:
            self._requests.take(1)
        if self._tokens:
            self._tokens.take(asked.prompt_tokens)
        return None

    def _nth_try(self, asked: Asked) -> int:
        """How often this original request was let in before."""
        tries = self._tries.get(asked.digest, 0)
        self._tries[asked.digest] = tries + 1
        self.counters.distinct = len(self._tries)
        self.counters.reasks += asked.reask
        self.counters.duplicates += asked.digest in self._answered
        return tries

    def _tried(self, asked: Asked, nth_try: int) -> Reply:
        options = self._options
        after_s = latency_s(options.latency, options.seed, asked.digest, nth_try)
        fault = fault_of(
            options.faults, options.seed, asked.digest, nth_try, max_faults_a_request=options.max_faults_a_request
        )
        if fault is None:
            return completion(asked, self._answer(asked), after_s=after_s)
        self.counters.faults[fault] += 1
        return faulty(fault, asked, lambda: self._answer(asked), after_s=after_s, hang_s=options.hang_s)

    def _answer(self, asked: Asked) -> str:
        return answer(asked, self._options.seed, self._options.odds, self._doubted)
