"""How the simulated judge behaves: one frozen record, each field also a flag of `evalfactory judge-sim`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ...errors import UsageError
from .fault import Shares, total_share
from .latency import Latency
from .telling import Odds

NAME = "evalfactory-judge-sim"


class How(StrEnum):
    """How a judge is gone."""

    UNAVAILABLE = "503"
    THROTTLED = "429"
    CLOSED = "closed"  # connections are accepted and closed
    REFUSED = "refused"  # nobody listens


@dataclass(frozen=True, slots=True)
class Outage:
    """A window, in seconds after the start (or the last reset), in which nothing is answered."""

    from_s: float
    to_s: float
    how: How = How.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """Raises `UsageError` for values that make no sense."""

    seed: int = 0
    latency: Latency = field(default_factory=Latency)
    requests_per_second: float | None = None  # beyond it 429 with Retry-After
    burst: float | None = None  # requests; one second's worth, at least one, when not given
    tokens_per_minute: float | None = None  # of prompts
    max_concurrent: int | None = None
    faults: Shares = ()
    max_faults_a_request: int = 3  # after so many tries a request is answered
    hang_s: float | None = None  # None: a hanging request is never answered
    context_tokens: int | None = None  # longer prompts are refused with 400
    expected_key: str | None = None  # None: every key will do
    outages: tuple[Outage, ...] = ()
    odds: Odds = field(default_factory=Odds)
    doubted: tuple[str, ...] = ()  # texts that are known to be made up
    progress_s: float | None = None  # a line so often

    def __post_init__(self) -> None:
        problems = [
            *(f"--{name}: must be above 0" for name, value in self._positive() if value is not None and value <= 0),
            *(f"--{name}: must lie between 0 and 1" for name, share in self._shares() if not 0 <= share <= 1),
            *(
                f"--outage: {each.from_s:g} is not before {each.to_s:g}"
                for each in self.outages
                if each.from_s >= each.to_s
            ),
        ]
        if problems:
            raise UsageError("; ".join(problems))

    def _positive(self) -> tuple[tuple[str, float | None], ...]:
        return (
            ("latency-mean-s", self.latency.mean_s),
            ("requests-per-second", self.requests_per_second),
            ("burst", self.burst),
            ("tokens-per-minute", self.tokens_per_minute),
            ("max-concurrent", self.max_concurrent),
            ("context-tokens", self.context_tokens),
            ("progress", self.progress_s),
        )

    def _shares(self) -> tuple[tuple[str, float], ...]:
        return (
            *((f"fault {fault}", share) for fault, share in self.faults),
            ("fault (all together)", total_share(self.faults)),
            ("bad-share", self.odds.bad_share),
            ("pass-if-bad", self.odds.pass_if_bad),
            ("pass-if-good", self.odds.pass_if_good),
            ("doubt-odds", self.odds.doubt),
        )
