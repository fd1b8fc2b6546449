"""A chat completion request as the simulator sees it: the original request behind retries and re-asks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

#: For a request in JSON mode that tells no schema.
ANY_OBJECT: Schema = {"type": "object", "properties": {"reason": {"type": "string"}}, "required": ["reason"]}

CHARACTERS_A_TOKEN = 4
_DECODER = json.JSONDecoder()


class BadRequest(Exception):
    """The request is none that a chat completion endpoint answers; the text says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, reduced to what its answer depends on."""

    prompt: str  # the first user message
    schema: Schema | None  # None: plain text is wanted
    digest: bytes  # of model, system messages, first user message and schema
    reask: bool  # messages follow the first user message
    prompt_tokens: int  # of the whole request


def read_chat(body: bytes) -> Asked:
    """The request in a body.

    Raises `BadRequest`.
    """
    request = _parsed(body)
    if request.get("stream"):
        raise BadRequest("streaming is not simulated; leave `stream` out")
    messages = [_message(entry) for entry in _list_of(request, "messages")]
    first = next((n for n, (role, _) in enumerate(messages) if role == "user"), None)
    if first is None:
        raise BadRequest("`messages` has no user message")
    system = "\n\n".join(text for role, text in messages[:first])
    prompt = messages[first][1]
    schema, canonical = _schema(request.get("response_format"), prompt, system)
    return Asked(
        prompt=prompt,
        schema=schema,
        digest=_digest(str(request.get("model")), system, prompt, canonical),
        reask=len(messages) > first + 1,
        prompt_tokens=tokens(sum(len(text) for _, text in messages)),
    )


def tokens(characters: int) -> int:
    """An estimate, rounded up."""
    return -(-characters // CHARACTERS_A_TOKEN)


def schema_in(text: str) -> Schema | None:
    """The last JSON schema (an object with "properties") written in a text."""
    if '"properties"' not in text:
        return None
    return next((found for value in reversed(list(_objects(text))) if (found := _schema_inside(value))), None)


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("the body is no JSON") from None
    if not isinstance(request, dict):
        raise BadRequest("the body is no JSON object")
    return request


def _list_of(request: Mapping[str, Any], key: str) -> list[Any]:
    value = request.get(key)
    if not isinstance(value, list):
        raise BadRequest(f"`{key}` is no list")
    return value


def _message(entry: Any) -> tuple[str, str]:
    """Role and text; of a content in parts, the text parts."""
    if not isinstance(entry, dict):
        raise BadRequest("a message is no object")
    content = entry.get("content")
    if isinstance(content, list):
        content = "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str | None):
        raise BadRequest("a message's content is neither text nor a list of parts")
    return str(entry.get("role")), content or ""


def _schema(wanted: Any, prompt: str, system: str) -> tuple[Schema | None, str]:
    """The schema that the answer must fit, and its one text."""
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "json_schema":
        described = wanted.get("json_schema")
        schema = described.get("schema") if isinstance(described, dict) else None
        if not isinstance(schema, dict):
            raise BadRequest("`response_format.json_schema.schema` is missing")
        return schema, json.dumps(schema, sort_keys=True)
    told, text = _told(system, prompt)
    return (told, text) if told or kind != "json_object" else (ANY_OBJECT, "object")


def _told(system: str, prompt: str) -> tuple[Schema | None, str]:
    found = schema_in(system) or schema_in(prompt)
    return found, json.dumps(found, sort_keys=True) if found else ""


def _objects(text: str) -> Iterator[Any]:
    """Every outermost JSON object that stands in a text."""
    at = text.find("{")
    while at >= 0:
        try:
            value, end = _DECODER.raw_decode(text, at)
            yield value
        except (ValueError, RecursionError):
            end = at + 1
        at = text.find("{", end)


def _schema_inside(value: Any, depth: int = 3) -> Schema | None:
    """The schema that an object is, or wraps."""
    if not isinstance(value, dict) or depth == 0:
        return None
    if isinstance(value.get("properties"), dict):
        return value
    return next((found for inner in value.values() if (found := _schema_inside(inner, depth - 1))), None)


def _digest(*parts: str) -> bytes:
    text = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        text.update(len(raw).to_bytes(8, "big") + raw)
    return text.digest()
