"""What no case may hold, wherever it came from: NUL, half characters, NaN, boundless numbers and nesting."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import Problem
from .problems import kind_of, shown

#: Lists and objects inside each other; far below where anything that reads the case later would give up.
DEPTH_LIMIT = 100
_INTEGER_BITS = 64
_PATH_LIMIT = 80


def unclean(value: Any, path: str = "", depth: int = 0) -> Iterator[Problem]:
    """Every value inside `value` that no case may hold, with its path as the problem's field."""
    field = (path if len(path) <= _PATH_LIMIT else path[:_PATH_LIMIT] + "…") or None
    match value:
        case _ if depth > DEPTH_LIMIT:
            yield Problem(f"nested deeper than {DEPTH_LIMIT} levels", field=field)
        case str():
            if fault := _unclean_text(value):
                yield Problem(fault[0], field=field, hint=fault[1])
        case None | bool():
            pass
        case int() | float():
            if fault := _unclean_number(value):
                yield Problem(fault[0], field=field, hint=fault[1])
        case dict() | list() | tuple():
            yield from _unclean_inside(value, path, depth + 1)
        case _:
            yield Problem(f"holds {kind_of(value)}, which JSON cannot", field=field)


def _unclean_inside(value: dict[Any, Any] | Sequence[Any], path: str, depth: int) -> Iterator[Problem]:
    if not isinstance(value, dict):
        for index, inner in enumerate(value):
            yield from unclean(inner, f"{path}[{index}]", depth)
        return
    for key, inner in value.items():
        yield from _unclean_key(key, path)
        yield from unclean(inner, f"{path}.{_step(key)}" if path else _step(key), depth)


def is_clean(value: Any, depth: int = 0) -> bool:
    """Whether `unclean` has nothing to say, found quickly; False may also mean a value that only it can judge."""
    kind = type(value)
    if kind is str:
        return _unclean_text(value) is None
    if kind is dict:
        return depth < DEPTH_LIMIT and all(
            type(key) is str and key != "__proto__" and is_clean(key) and is_clean(inner, depth + 1)
            for key, inner in value.items()
        )
    if kind is list:
        return depth < DEPTH_LIMIT and all(is_clean(inner, depth + 1) for inner in value)
    if kind is int or kind is float:
        return _unclean_number(value) is None
    return value is None or kind is bool


def _step(key: Any) -> str:
    return shown(str(key), limit=40)[1:-1]


def _unclean_key(key: Any, path: str) -> Iterator[Problem]:
    if not isinstance(key, str):
        yield Problem(f"a key is {kind_of(key)}, not a text", field=path[:_PATH_LIMIT] or None)
    elif fault := _unclean_text(key):
        yield Problem(f"the key {shown(key)}: {fault[0]}", field=path[:_PATH_LIMIT] or None, hint=fault[1])
    elif key == "__proto__":
        yield Problem(
            "the key `__proto__` is not allowed",
            field=path[:_PATH_LIMIT] or None,
            hint="browsers misread it; rename it",
        )


def _unclean_number(number: float) -> tuple[str, str] | None:
    if isinstance(number, int):
        beyond = number.bit_length() > _INTEGER_BITS
        return ("an integer beyond 64 bits", "write it as a text, in quotes") if beyond else None
    if not math.isfinite(number):
        return "NaN and infinite numbers are not allowed", "use null, or leave it out"
    return None


def _unclean_text(text: str) -> tuple[str, str] | None:
    if "\0" in text:
        return "holds a NUL character", "remove \\u0000 from the text"
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"half of a surrogate pair at character {error.start + 1}", "the text was cut inside an emoji: repair it"
    return None
