"""What the simulated judge has seen so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .fault import USABLE
from .replies import Ending, Reply


@dataclass(slots=True)
class Counters:
    """Live numbers; times are seconds after the start (or the last reset)."""

    requests: int = 0
    answered: int = 0  # whole answers that a careful client can use
    refused_429: int = 0  # by a limit or an outage; faults are counted below
    refused_key: int = 0
    bad_requests: int = 0
    gone: int = 0  # requests that met an outage
    reasks: int = 0
    distinct: int = 0  # original requests
    duplicates: int = 0  # requests whose original had been answered before
    abandoned: int = 0  # the client left before the answer
    in_flight: int = 0
    peak_in_flight: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    first_request_s: float | None = None
    last_request_s: float | None = None
    last_answer_s: float | None = None
    faults: Counter[str] = field(default_factory=Counter)

    def arrived(self, now_s: float) -> None:
        self.requests += 1
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)
        self.first_request_s = now_s if self.first_request_s is None else self.first_request_s
        self.last_request_s = now_s

    def left(self, reply: Reply | None, now_s: float) -> None:
        """A request is done with; without a reply the client left first."""
        self.in_flight -= 1
        if reply is None:
            self.abandoned += 1
            return
        self.prompt_tokens += reply.prompt_tokens
        self.completion_tokens += reply.completion_tokens
        if is_answer(reply):
            self.answered += 1
            self.last_answer_s = now_s

    @property
    def calls_per_s(self) -> float:
        """Answers a second between the first request and the last answer."""
        if self.first_request_s is None or self.last_answer_s is None or self.last_answer_s <= self.first_request_s:
            return 0.0
        return self.answered / (self.last_answer_s - self.first_request_s)

    def as_json(self) -> dict[str, object]:
        names = (name for name in self.__slots__ if name != "faults")
        return {
            **{name: getattr(self, name) for name in names},
            "faults": dict(sorted(self.faults.items())),
            "calls_per_s": round(self.calls_per_s, 3),
        }

    def line(self, now_s: float) -> str:
        """One plain line for people."""
        return (
            f"judge-sim {now_s:.0f} s: {self.requests} requests, {self.answered} answered ({self.calls_per_s:.1f}/s), "
            f"{self.refused_429} refused, {sum(self.faults.values())} faults, {self.in_flight} in flight "
            f"(peak {self.peak_in_flight})"
        )


def is_answer(reply: Reply) -> bool:
    """Whether a reply is a whole answer that a careful client can use."""
    return reply.status == 200 and reply.ending is Ending.WHOLE and reply.fault in USABLE
