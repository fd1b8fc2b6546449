"""What can go wrong with an answer, and when: a function of seed, request and try."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from .dice import Dice


class Fault(StrEnum):
    """The ways in which a judge misbehaves, by the name that the command line and the counters use."""

    SERVER_ERROR = "server_error"  # 500
    UNAVAILABLE = "unavailable"  # 503 with Retry-After
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After
    HANG = "hang"  # answered after `hang_s`, or never
    CLOSED = "closed"  # the connection closes without an answer
    CUT = "cut"  # the body stops in the middle and the connection closes
    TRUNCATED = "truncated"  # the judge's own text stops in the middle, finish_reason "length"
    INVALID_JSON = "invalid_json"  # the judge's text is no JSON
    WRONG_SCHEMA = "wrong_schema"  # JSON, of another shape
    HTML = "html"  # a proxy's page with status 200
    EMPTY = "empty"  # status 200 without a body
    HUGE = "huge"  # a body of 10 MB
    ENDLESS = "endless"  # a body that goes on for as long as the client reads
    BROKEN_CHUNKS = "broken_chunks"  # a chunked body with a chunk of no length
    THINKING = "thinking"  # the right answer behind a <think> block
    REFUSAL = "refusal"  # finish_reason "content_filter" and no content
    FILTERED = "filtered"  # 400 with code "content_filter"


#: An answer that a careful client can use at once.
USABLE = frozenset({None, Fault.THINKING, Fault.HANG})

Shares = tuple[tuple[Fault, float], ...]


def fault_of(shares: Shares, seed: int, digest: bytes, nth_try: int, *, max_faults_a_request: int) -> Fault | None:
    """The fault of a request's nth try (0 is the first); None when it is answered, as it always is in the end."""
    if not shares or nth_try >= max_faults_a_request:
        return None
    left = Dice("fault", seed, digest, nth_try).roll()
    for fault, share in shares:
        if left < share:
            return fault
        left -= share
    return None


def total_share(shares: Iterable[tuple[Fault, float]]) -> float:
    """The share of tries that go wrong, rounded so that ten tenths are one."""
    return round(sum(share for _, share in shares), 9)
