"""The bytes that the simulated judge sends: answers, refusals and every broken form of an answer."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache

from .chat import Asked, tokens
from .fault import Fault
from .options import NAME

JSON_TYPE = "application/json"
HUGE_BYTES = 10_000_000
RETRY_AFTER_S = 1.0  # of faults; a limit says its own
PAGE = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"


class Ending(Enum):
    """How a reply leaves."""

    WHOLE = auto()
    CUT = auto()  # half of the body, then the connection closes
    CLOSED = auto()  # nothing, and the connection closes
    ENDLESS = auto()  # a body that goes on
    BROKEN = auto()  # a chunked body that makes no sense
    NEVER = auto()


_ENDINGS = {Fault.CLOSED: Ending.CLOSED, Fault.ENDLESS: Ending.ENDLESS, Fault.BROKEN_CHUNKS: Ending.BROKEN}


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent, and when."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = JSON_TYPE
    ending: Ending = Ending.WHOLE
    after_s: float = 0.0
    fault: Fault | None = None
    answers: bytes | None = None  # the digest of the original request that this answers
    prompt_tokens: int = 0
    completion_tokens: int = 0


def completion(
    asked: Asked, text: str | None, *, fault: Fault | None = None, finish: str = "stop", after_s: float = 0.0
) -> Reply:
    """A chat completion; without a text a refusal."""
    written = tokens(len(text or ""))
    message = {
        "role": "assistant",
        "content": text,
        "refusal": None if text is not None else "I cannot help with that.",
    }
    body = {
        "id": f"sim-{asked.digest.hex()}",
        "object": "chat.completion",
        "created": 0,  # the same request is answered with the same bytes
        "model": NAME,
        "system_fingerprint": NAME,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": asked.prompt_tokens,
            "completion_tokens": written,
            "total_tokens": asked.prompt_tokens + written,
        },
    }
    return Reply(
        200,
        json.dumps(body).encode(),
        after_s=after_s,
        fault=fault,
        answers=asked.digest,
        prompt_tokens=asked.prompt_tokens,
        completion_tokens=written,
    )


def problem(
    status: int,
    message: str,
    *,
    code: str,
    headers: tuple[tuple[str, str], ...] = (),
    fault: Fault | None = None,
    after_s: float = 0.0,
) -> Reply:
    """An error as OpenAI words it."""
    body = {"error": {"message": message, "type": "simulated_error", "param": None, "code": code}}
    return Reply(status, json.dumps(body).encode(), headers, fault=fault, after_s=after_s)


def too_many(wait_s: float, what: str, *, fault: Fault | None = None) -> Reply:
    """429 that says when to come back."""
    return problem(
        429, f"rate limit reached: {what}", code="rate_limit_exceeded", headers=retry_after(wait_s), fault=fault
    )


def gone(wait_s: float, *, fault: Fault | None = None, after_s: float = 0.0) -> Reply:
    """503 that says when to come back."""
    return problem(
        503, "the judge is overloaded", code="unavailable", headers=retry_after(wait_s), fault=fault, after_s=after_s
    )


def retry_after(wait_s: float) -> tuple[tuple[str, str], ...]:
    """The standard header in whole seconds, rounded up, and OpenAI's in milliseconds."""
    return ("Retry-After", str(max(1, math.ceil(wait_s)))), ("retry-after-ms", str(math.ceil(wait_s * 1000)))


def faulty(fault: Fault, asked: Asked, answer: Callable[[], str], *, after_s: float, hang_s: float | None) -> Reply:
    """The reply to a try that goes wrong in this way."""
    match fault:
        case Fault.SERVER_ERROR:
            return problem(500, "the judge failed", code="server_error", fault=fault, after_s=after_s)
        case Fault.UNAVAILABLE:
            return gone(RETRY_AFTER_S, fault=fault, after_s=after_s)
        case Fault.RATE_LIMITED:
            return too_many(RETRY_AFTER_S, "as simulated", fault=fault)
        case Fault.FILTERED:
            return problem(400, "the prompt was filtered", code="content_filter", fault=fault, after_s=after_s)
        case Fault.CLOSED | Fault.ENDLESS | Fault.BROKEN_CHUNKS:
            return Reply(200, b"", ending=_ENDINGS[fault], after_s=after_s, fault=fault)
        case Fault.HTML:
            return Reply(200, PAGE, content_type="text/html", after_s=after_s, fault=fault)
        case Fault.EMPTY:
            return Reply(200, b"", after_s=after_s, fault=fault)
        case Fault.HUGE:
            return Reply(200, huge_body(), after_s=after_s, fault=fault)
        case Fault.REFUSAL:
            return completion(asked, None, fault=fault, finish="content_filter", after_s=after_s)
        case _:
            return _spoilt(fault, asked, answer(), after_s=after_s, hang_s=hang_s)


def _spoilt(fault: Fault, asked: Asked, text: str, *, after_s: float, hang_s: float | None) -> Reply:
    """A completion whose text, body or timing is wrong."""
    match fault:
        case Fault.TRUNCATED:
            return completion(asked, text[: len(text) // 2], fault=fault, finish="length", after_s=after_s)
        case Fault.INVALID_JSON:
            return completion(asked, f"Sure! Here it is: {text[:-1]},,", fault=fault, after_s=after_s)
        case Fault.WRONG_SCHEMA:
            return completion(asked, '{"opinion": ["not what was asked for"]}', fault=fault, after_s=after_s)
        case Fault.THINKING:
            return completion(
                asked, f"<think>\nLet me see {{first}}.\n</think>\n\n{text}", fault=fault, after_s=after_s
            )
        case _:
            whole = completion(asked, text, fault=fault, after_s=after_s)
            ending = Ending.CUT if fault is Fault.CUT else Ending.NEVER if hang_s is None else Ending.WHOLE
            return _ended(whole, ending, hang_s if fault is Fault.HANG and hang_s is not None else after_s)


def _ended(reply: Reply, ending: Ending, after_s: float) -> Reply:
    return replace(reply, ending=ending, after_s=after_s)


@lru_cache(maxsize=1)
def huge_body() -> bytes:
    """A completion of 10 MB without an answer in it."""
    head, tail = b'{"choices": [{"index": 0, "message": {"role": "assistant", "content": "', b'"}}]}'
    return head + b"x" * (HUGE_BYTES - len(head) - len(tail)) + tail
