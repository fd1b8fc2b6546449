"""JSON, read strictly: no key twice, and no error of the parser gets away."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from ..errors import Problem
from .clean import DEPTH_LIMIT
from .problems import shown

CUT_OFF = "it is cut off here"


class _RepeatedKey(ValueError):
    pass


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counted = Counter(key for key, _ in pairs)
        raise _RepeatedKey(counted.most_common(1)[0][0])
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_no_key_twice)
#: Finds where a value ends that the strict one refuses.
_SKIPPER = json.JSONDecoder(parse_int=str, parse_float=str)


def parse(text: str) -> Any | Problem:
    """The JSON value that `text` is, or why it is none. Its values are checked by `clean`."""
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        return explain(error)


def parse_at(text: str, start: int) -> tuple[Any | Problem, int]:
    """The JSON value that begins at `start`, or why it is refused, and where it ends.

    Raises `JSONDecodeError` or `RecursionError` where no end can be found.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        return explain(error), end_at(text, start)
    return value, end


def end_at(text: str, start: int) -> int:
    """Where the JSON value that begins at `start` ends; its inside is not judged. Raises as `parse_at` does."""
    _, end = _SKIPPER.raw_decode(text, start)
    return end


def explain(error: ValueError | RecursionError) -> Problem:
    """Why a text is not JSON that we take."""
    match error:
        case json.JSONDecodeError():
            column = error.colno
            return Problem(f"not valid JSON: {error.msg} (column {column})", hint=_json_hint(error.doc, error.pos))
        case _RepeatedKey():
            return Problem(f"the key {shown(str(error))} stands twice in one object", hint="keep one of them")
        case RecursionError():
            return Problem(f"nested deeper than {DEPTH_LIMIT} levels")
        case _:
            return Problem("a number with thousands of digits", hint="write it as a text, in quotes")


def _json_hint(text: str, position: int) -> str | None:
    at = text[position : position + 1]
    before = text[max(0, position - 200) : position].rstrip()[-1:]
    if at == "'":
        return "JSON wants double quotes"
    if at == "\ufeff":
        return "a byte order mark stands in the middle of the file: were files with one joined?"
    if at in {"}", "]"} and before == ",":
        return "remove the comma before it"
    if at == "":
        return CUT_OFF
    return None
