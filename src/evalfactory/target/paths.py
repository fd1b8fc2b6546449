"""Dotted paths into a JSON answer: keys, indexes, and `*` for every item of a list; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class NoSuchPath(LookupError):
    """The answer has nothing at the path."""


def problem_in(path: str) -> str | None:
    """What is wrong with a path as it is written, if anything."""
    return "has an empty step" if not all(step.strip() for step in path.split(".")) else None


def at(value: Any, path: str) -> Any:
    """What stands at the path; with a `*` in it, a list of everything that does.

    Raises `NoSuchPath` in words.
    """
    values, many, walked = [value], False, ""
    for step in path.split("."):
        if step == "*":
            values, many = [item for each in values for item in _items(each, walked)], True
        else:
            values = [_step(each, step, walked) for each in values]
        walked = f"{walked}.{step}" if walked else step
    return values if many else values[0]


def _items(value: Any, walked: str) -> list[Any]:
    if not isinstance(value, list):
        raise NoSuchPath(f"{_place(walked)} is no list")
    return value


def _step(value: Any, step: str, walked: str) -> Any:
    match value:
        case Mapping():
            if step not in value:
                raise NoSuchPath(f"{_place(walked)} has no {step!r}, only {_keys(value)}")
            return value[step]
        case list():
            index = int(step) if step.lstrip("-").isdecimal() else None
            if index is None or not -len(value) <= index < len(value):
                raise NoSuchPath(f"{_place(walked)} is a list of {len(value)}, which has no {step!r}")
            return value[index]
        case _:
            raise NoSuchPath(f"{_place(walked)} is no object, and has no {step!r}")


def _keys(value: Mapping[str, Any]) -> str:
    names = [repr(key) for key in list(value)[:8]]
    return ", ".join(names) + (" …" if len(value) > 8 else "") if names else "nothing"


def _place(walked: str) -> str:
    return f"`{walked}`" if walked else "the answer"
