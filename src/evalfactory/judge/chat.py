"""OpenAI's chat completions: the request's bytes and what a reply says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import InputError, Problem
from ..records.suite import ModelSpec, Price
from .credentials import headers_of, secrets_of
from .faults import classify, json_of, said_in, unreadable
from .options import Identity
from .outcomes import Answered, Denied, Fault, Outcome, Reply, Spent
from .port import CallError
from .transport import Address, address
from .words import storable

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":")
)  # one, because making one costs as much as using it

Chat = list[dict[str, str]]


class Completion(NamedTuple):
    """What the model said."""

    text: str
    cut_short: bool  # it met the limit of its length


def address_of(spec: ModelSpec, what: str) -> Address:
    """Where the model's requests go, with its key. Raises `EnvironmentProblem` when a variable is missing."""
    base = spec.base_url.rstrip("/")
    url = base if base.endswith("/chat/completions") else f"{base}/chat/completions"
    return address("POST", url, headers_of(spec, what), spec.query)


def identity_of(spec: ModelSpec, what: str, error: type[CallError]) -> Identity:
    """Who the model is in messages."""
    return Identity(what, spec.base_url, error, spec.api_key_env, secrets_of(spec, what))


class Template:
    """A model's request with everything that never changes already in bytes."""

    def __init__(self, spec: ModelSpec) -> None:
        fixed: dict[str, Any] = {"model": spec.model}
        fixed |= {
            name: value
            for name in ("temperature", "seed", "max_tokens", "max_completion_tokens")
            if (value := getattr(spec, name)) is not None
        }
        _check(spec.extra_body)
        self.has_format = "response_format" in spec.extra_body
        self._head = _bytes(fixed | spec.extra_body)[:-1] + b',"messages":'

    def body(self, messages: Chat, response_format: bytes = b"") -> bytes:
        """The request; `response_format` is a finished JSON value, or empty."""
        told = b',"response_format":' + response_format if response_format else b""
        return b"".join((self._head, _bytes(messages), told, b"}"))


def _check(extra_body: Mapping[str, Any]) -> None:
    taken = [name for name in ("messages", "stream", "n") if extra_body.get(name)]
    if taken:
        raise InputError(
            "extra_body cannot change how the conversation works",
            tuple(Problem("is set by evalfactory", field=f"extra_body.{name}", hint="leave it out") for name in taken),
        )


def read_completion(reply: Reply, price: Price | None, wall_s: float) -> Outcome[Completion]:
    """The model's words and what they cost, or what a reply without any means."""
    try:
        told = json_of(reply.body)
    except ValueError:
        return unreadable(reply)
    choices = told.get("choices") if isinstance(told, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict) or choice.get("error"):
        return _without_words(reply, told, wall_s)
    spent = _spent(told.get("usage"), price)
    text, finish = _content(message.get("content")), choice.get("finish_reason")
    if finish == "content_filter" or (message.get("refusal") and not text):
        words = message.get("refusal") or "the endpoint's content filter stopped the answer"
        return Denied("content_filter", str(words), spent)
    return Answered(Completion(text, finish == "length"), text, spent)


def _without_words(reply: Reply, told: Any, wall_s: float) -> Outcome[Completion]:
    """JSON without a completion; some gateways send their errors with status 200."""
    error = told.get("error") if isinstance(told, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, int) and 400 <= code < 600:
        return classify(reply._replace(status=code), wall_s, is_model=True)
    return Fault("server" if error else "bad_json", f"no completion in the answer: {said_in(reply.body)}")


def _content(content: Any) -> str:
    """The text of a message, which some endpoints send in parts."""
    if isinstance(content, list):
        content = "".join(
            str(part.get("text") or "") for part in content if isinstance(part, dict) and part.get("type") == "text"
        )
    return storable(content) if isinstance(content, str) else ""


def _spent(usage: Any, price: Price | None) -> Spent:
    if not isinstance(usage, dict):
        return Spent()
    tokens = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    used_in, used_out = (count if type(count) is int and count > 0 else 0 for count in tokens)
    cost = (used_in * price.input + used_out * price.output) / 1e6 if price else 0.0
    return Spent(used_in, used_out, cost, known=used_in + used_out > 0)


def _bytes(value: Any) -> bytes:
    return _ENCODER.encode(value).encode("utf-8", "replace")
