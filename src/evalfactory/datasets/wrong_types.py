"""Pydantic's findings, in our words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from ..errors import Problem
from .problems import kind_of, shown


def wrong_types(error: ValidationError) -> Iterator[Problem]:
    """Each field that has the wrong type, what it should be, and what to do."""
    for found in error.errors(include_url=False, include_context=False):
        field = _path(found["loc"])
        value = found["input"]
        match found["type"]:
            case "missing":
                yield Problem("is missing", field=field)
            case "string_type":
                yield Problem(f"must be a text, not {kind_of(value)}", field=field, hint=_as_text(value))
            case "literal_error":
                yield Problem(f"must be `user` or `assistant`, not {shown(str(value))}", field=field)
            case "tuple_type":
                yield Problem(f"must be a list, not {kind_of(value)}", field=field)
            case "dict_type" | "model_type" | "model_attributes_type":
                yield Problem(f"must be an object, not {kind_of(value)}", field=field)
            case "bool_type" | "bool_parsing":
                yield Problem(f"must be true or false, not {shown(str(value))}", field=field)
            case _:
                yield Problem(found["msg"], field=field)


def _as_text(value: Any) -> str | None:
    match value:
        case bool() | int() | float():
            return f'put it in quotes: "{str(value).lower() if isinstance(value, bool) else value}"'
        case [str()]:
            return "take the text out of the list"
        case _:
            return None


def _path(steps: tuple[int | str, ...]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return shown(text.removeprefix("."), 100)[1:-1]
