"""One JSON request to somebody else's API, sent again while that can help, and given up in words."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, assert_never

from ..judge.outcomes import Denied, Fault, Reply, Throttled
from ..judge.retry import RetryPolicy, asked_wait_s, backoff_s
from ..judge.transport import Transport, address, timeout_of
from ..judge.words import clipped, redacted

_POLICY = RetryPolicy(base_s=1.0)
#: Headers by which a server that failed, rather than refused, asks for patience; its limits are not the reason then.
_AFTER = ("retry-after", "retry-after-ms", "date")


class Untold(Exception):
    """Why something could not be told, in words; `status` is the server's, where that is its last word."""

    def __init__(self, why: str, *, status: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


class Answer(NamedTuple):
    """What a server answered, with a status below 400."""

    status: int
    headers: Mapping[str, str]
    json: Any


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request may take with all its tries; times in seconds."""

    total_s: float = 120.0
    request_s: float = 30.0
    tries: int = 6
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep
    policy: RetryPolicy = _POLICY
    rng: random.Random = field(default_factory=random.Random)


@dataclass(slots=True)
class Courier:
    """Sends to one server, whose name stands in messages and whose secrets never do."""

    whose: str
    base_url: str
    headers: Mapping[str, str]
    secrets: tuple[str, ...] = ()
    patience: Patience = field(default_factory=Patience)
    transport: Transport = field(default_factory=Transport)

    async def send(self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None) -> Answer:
        """The answer. Raises `Untold` when there is none, or another request would not help."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        to = address(method, self.base_url + path, self.headers, query or {})
        left_s, failures = self.patience.total_s, 0
        while True:
            reply = await self.transport.send(to, content, timeout_of(self.patience.request_s))
            if isinstance(reply, Reply) and reply.status < 300:
                return Answer(reply.status, reply.headers, _json(reply.body))
            failures += 1
            why = self._why(reply)
            wait_s = again_after_s(reply, time.time())
            if wait_s is None:
                raise Untold(why, status=reply.status if isinstance(reply, Reply) else None)
            wait_s = max(wait_s, backoff_s(failures, self.patience.policy, self.patience.rng))
            if failures >= self.patience.tries:
                raise Untold(f"{why} (tried {failures} times)")
            if wait_s > left_s:
                raise Untold(f"{why} (it asks to wait {wait_s:.0f} s, longer than anybody waits here)")
            left_s -= wait_s
            await self.patience.wait(wait_s)

    async def close(self) -> None:
        await self.transport.close()

    def _why(self, reply: Reply | Fault | Denied | Throttled) -> str:
        match reply:
            case Reply():
                said = clipped(redacted(_message(_json(reply.body)), self.secrets))
                return f"{self.whose} answered {reply.status}" + (f": {said}" if said else "")
            case Fault() | Denied() | Throttled():
                return f"{self.whose}: {clipped(redacted(reply.message, self.secrets))}"
            case _:
                assert_never(reply)


def again_after_s(reply: Reply | Fault | Denied | Throttled, wall_s: float) -> float | None:
    """How long to wait at least before another try; None when no other try can help.

    GitHub refuses what comes too fast with 403 or 429, and `retry-after` or an exhausted limit among the headers.
    """
    match reply:
        case Fault() | Throttled():
            return reply.after_s or 0.0
        case Denied():
            return None
        case Reply(status=429):
            return asked_wait_s(reply.headers, wall_s) or 0.0
        case Reply(status=403) if _too_fast(reply.headers):
            return asked_wait_s(reply.headers, wall_s) or 0.0
        case Reply(status=status) if status >= 500 or status == 408:
            asked = {name: reply.headers[name] for name in _AFTER if name in reply.headers}
            return asked_wait_s(asked, wall_s) or 0.0
        case Reply():
            return None
        case _:
            assert_never(reply)


def _too_fast(headers: Mapping[str, str]) -> bool:
    return "retry-after" in headers or headers.get("x-ratelimit-remaining", "").strip() == "0"


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def _message(told: Any) -> str:
    """What an API says went wrong."""
    if not isinstance(told, dict):
        return told if isinstance(told, str) else ""
    errors = told.get("errors")
    details = [str(each.get("message", each)) if isinstance(each, dict) else str(each) for each in errors] if isinstance(errors, list) else []  # fmt: skip
    return "; ".join([str(told.get("message") or told.get("error") or ""), *details])
