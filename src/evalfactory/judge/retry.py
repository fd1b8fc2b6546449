"""When a failed request is sent again; pure."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DAY_S = 86_400.0
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": _DAY_S}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The numbers behind retries, pauses and probes. Times in seconds."""

    base_s: float = 0.5  # the first retry comes within this time, every later one within twice the one before …
    cap_s: float = 30.0  # … and never later than this
    reasks: int = 3  # how often an answer that is not what was asked for is asked for again
    away_after_failures: int = 8  # so many failures in a row, with no answer from anybody …
    away_after_s: float = 10.0  # … over so long a time, and the endpoint counts as away
    probe_base_s: float = 1.0  # an endpoint that is away gets one request at a time: after this pause at first …
    probe_cap_s: float = 15.0  # … and never with a longer one
    spread: float = 0.1  # of a wait that a server asked for, added at random so that not everybody returns at once


def backoff_s(failures: int, policy: RetryPolicy, rng: random.Random) -> float:
    """Full jitter: anything up to `base_s` after the first failure, up to twice that after each further one."""
    return rng.uniform(0.0, min(policy.cap_s, policy.base_s * 2.0 ** min(failures - 1, 60)))


def asked_wait_s(headers: Mapping[str, str], wall_s: float) -> float | None:
    """How long the server asks to wait, by any of the headers in use; None when it does not say.

    `wall_s` is the wall clock in seconds since 1970, for servers that name a date.
    """
    found = _number(headers.get("retry-after-ms"))
    if found is not None:
        return _bounded(found / 1000.0)
    after = headers.get("retry-after")
    if after is not None:
        wait_s = _number(after)
        return _bounded(wait_s) if wait_s is not None else _until_date_s(after, headers.get("date"), wall_s)
    return _reset_s(headers, wall_s)


def _reset_s(headers: Mapping[str, str], wall_s: float) -> float | None:
    """The wait until the exhausted limit is full again, where the server counts limits in headers."""
    waits = [
        _span_s(headers[f"x-ratelimit-reset-{what}"], wall_s)
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}", "").strip() == "0" and f"x-ratelimit-reset-{what}" in headers
    ]
    waits += [_span_s(headers[name], wall_s) for name in ("x-ratelimit-reset", "ratelimit-reset") if name in headers]
    known = [wait_s for wait_s in waits if wait_s is not None]
    return max(known) if known else None


def _span_s(text: str, wall_s: float) -> float | None:
    """Seconds of `6m0s`, `20ms`, `1.5`, or until a Unix time in seconds or milliseconds."""
    number = _number(text)
    if number is not None:
        if number > 1e12:
            number /= 1000.0
        return _bounded(number - wall_s if number > 1e9 else number)
    parts = _DURATION.findall(text)
    return _bounded(sum(float(amount) * _UNITS_S[unit] for amount, unit in parts)) if parts else None


def _until_date_s(text: str, server_date: str | None, wall_s: float) -> float | None:
    """Seconds until an HTTP date, by the server's own clock where it tells the time."""
    until = _http_date(text)
    if until is None:
        return None
    server_now = _http_date(server_date) if server_date else None
    now = server_now or datetime.fromtimestamp(wall_s, UTC)
    return _bounded((until - now).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bounded(wait_s: float) -> float:
    return min(max(wait_s, 0.0), _DAY_S)
