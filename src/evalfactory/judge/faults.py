"""What an HTTP answer other than a success means; pure."""

from __future__ import annotations

import json
import re
from typing import Any

from .outcomes import Barred, Denied, Fault, Outcome, Reply, Throttled
from .retry import asked_wait_s

_CONTEXT_LENGTH = re.compile(
    r"context[_ ](length|window|size)|maximum context|max_model_len|prompt is too long|input is too long|too many tokens"
    r"|reduce the length|exceed\w* (the )?(model'?s? )?(maximum|max|available|token|context)|string_above_max_length",
    re.IGNORECASE,
)
_CONTENT_FILTER = re.compile(
    r"content[_ ](filter|policy|management)|responsibleai|moderation|flagged|safety (system|policy|filter)",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model.{0,160}?(not found|not exist)|unknown model|invalid model|model_not_found", re.IGNORECASE
)
_NO_QUOTA = re.compile(r"insufficient_quota|billing|exceeded your current quota|credit balance", re.IGNORECASE)
_TOO_LARGE = re.compile(r"request too large|must be reduced", re.IGNORECASE)

#: What endpoints refuse by name, and the suite's way around it.
_REMEDIES = {
    "response_format": "`response_format: json_object` or `none`",
    "json_schema": "`response_format: json_object` or `none`",
    "max_completion_tokens": "`max_completion_tokens` instead of `max_tokens`",
    "temperature": "`temperature: null`",
    "seed": "leaving `seed` out",
}


def json_of(body: bytes) -> Any:
    """The JSON value of a body; raises ValueError for anything that is none."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def said_in(body: bytes) -> str:
    """The words of an error body: its message and code where it is JSON of a known shape, or the text itself."""
    try:
        told = json_of(body)
    except ValueError:
        return body[:4000].decode("utf-8", "replace")
    if isinstance(told, dict):
        for key in ("error", "message", "detail"):
            if told.get(key):
                return _words(told[key])
    return json.dumps(told, ensure_ascii=False)[:4000]


def unreadable(reply: Reply) -> Fault:
    """A success that is none: a gateway's page, nothing at all, or JSON that breaks off."""
    start = reply.body[:300].decode("utf-8", "replace").strip()
    if not start:
        return Fault("server", f"HTTP {reply.status} with an empty body")
    if start.startswith("<"):
        return Fault("server", f"HTTP {reply.status} with a page instead of JSON: {start}")
    return Fault("bad_json", f"HTTP {reply.status} with a body that is not JSON: {start}")


def classify(reply: Reply, wall_s: float, *, is_model: bool) -> Outcome[Any]:
    """What a status other than 2xx means. `wall_s` is the wall clock, for servers that name a date.

    `is_model`: a model's endpoint, for which 404 concerns every request; a system under test may lack one thing only.
    """
    words = said_in(reply.body)
    message = f"HTTP {reply.status}: {words}" if words.strip() else f"HTTP {reply.status} without a word"
    match reply.status:
        case 401 | 403:
            filtered = reply.status == 403 and _CONTENT_FILTER.search(words)
            return Denied("content_filter", message) if filtered else Barred("auth", message)
        case 402:
            return Fault("rate_limit", message)
        case 429:
            return _too_fast(words, message, asked_wait_s(reply.headers, wall_s))
        case 407:
            return Fault("network", f"the proxy refuses: {message}")
        case 408 | 409 | 425:
            return Fault("timeout" if reply.status == 408 else "server", message, asked_wait_s(reply.headers, wall_s))
        case status if status >= 500 or status < 200:
            return Fault("server", message, asked_wait_s(reply.headers, wall_s))
        case status if status < 400:
            return Barred("server", f"HTTP {status}: it sends requests elsewhere: {reply.headers.get('location', '')}")
        case _:
            return _refusal(reply, words, message, is_model=is_model)


def _too_fast(words: str, message: str, after_s: float | None) -> Outcome[Any]:
    """A 429. Money that is spent does not come back by waiting a little: that is a fault, and in the end an outage."""
    if _NO_QUOTA.search(words):
        return Fault("rate_limit", message)
    if _TOO_LARGE.search(words):
        return Denied("rate_limit", message)
    return Throttled(message, after_s)


def _refusal(reply: Reply, words: str, message: str, *, is_model: bool) -> Outcome[Any]:
    if reply.status == 413 or _CONTEXT_LENGTH.search(words):
        return Denied("context_length", message)
    if _CONTENT_FILTER.search(words):
        return Denied("content_filter", message)
    if is_model and (reply.status in (404, 405) or _NO_MODEL.search(words)):
        # A gateway whose server is not up yet answers 404 too, in HTML: that is a fault that passes.
        return Barred("server", message) if _is_json(reply.body) else Fault("server", message)
    remedy = next((remedy for word, remedy in _REMEDIES.items() if is_model and word in words), None)
    return Denied("server", f"HTTP {reply.status} (try {remedy} in the suite): {words}" if remedy else message)


def _is_json(body: bytes) -> bool:
    try:
        json_of(body)
    except ValueError:
        return False
    return True


def _words(told: Any) -> str:
    if isinstance(told, dict):
        parts = [str(told[key]) for key in ("message", "code", "type") if told.get(key)]
        inner = told.get("innererror")
        if isinstance(inner, dict) and inner.get("code"):
            parts.append(str(inner["code"]))
        return " · ".join(parts) or json.dumps(told, ensure_ascii=False)[:4000]
    return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)[:4000]
