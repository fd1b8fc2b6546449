"""A pydantic class as the JSON Schema that endpoints take; pure."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from pydantic import BaseModel

#: Keywords that hold schemas by name, a list of schemas, or one schema.
_BY_NAME = ("properties", "$defs")
_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_SINGLE = ("items",)


class Form(NamedTuple):
    """What is asked of an answer."""

    name: str
    schema: dict[str, Any]
    strict: bool  # the schema has only what strict mode can promise


def form_of(answer: type[BaseModel]) -> Form:
    """The class's name and schema, in strict form where strict mode can express it."""
    name = re.sub(r"[^a-zA-Z0-9_-]+", "_", answer.__name__)[:64] or "answer"
    schema = answer.model_json_schema()
    return Form(name, _strict(schema), True) if _is_strict_possible(schema) else Form(name, _plain(schema), False)


def _is_strict_possible(schema: Any) -> bool:
    """Strict mode knows neither objects with free keys nor values of any type."""
    if not isinstance(schema, dict) or not schema:
        return False
    if schema.get("type") == "object" and ("properties" not in schema or schema.get("additionalProperties")):
        return False
    known = {"type", "$ref", "enum", "const", *_LISTS}
    return bool(known & schema.keys()) and all(map(_is_strict_possible, _inner(schema)))


def _inner(schema: dict[str, Any]) -> list[Any]:
    named = [inner for keyword in _BY_NAME for inner in schema.get(keyword, {}).values()]
    listed = [inner for keyword in _LISTS for inner in schema.get(keyword, [])]
    return named + listed + [schema[keyword] for keyword in _SINGLE if keyword in schema]


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Every property required, no others allowed, nothing beside a reference."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    plain = _mapped(schema, _strict)
    if plain.get("type") == "object":
        plain["required"] = list(plain["properties"])
        plain["additionalProperties"] = False
    return plain


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    return _mapped(schema, _plain)


def _mapped(schema: dict[str, Any], change: Any) -> dict[str, Any]:
    """The schema without titles and defaults, which only cost tokens, with `change` applied to the schemas in it."""
    out: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in ("title", "default"):
            continue
        if keyword in _BY_NAME:
            out[keyword] = {name: change(inner) for name, inner in value.items()}
        elif keyword in _LISTS:
            out[keyword] = [change(inner) for inner in value]
        elif keyword in _SINGLE and isinstance(value, dict):
            out[keyword] = change(value)
        else:
            out[keyword] = value
    return out
