"""What is wrong in a dataset, in words that are safe to print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import Problem


@dataclass(frozen=True, slots=True)
class FileProblem(Problem):
    """A problem of the whole file (a column's name, the encoding): told at the first line that shows it, once."""


def shown(text: str, limit: int = 60) -> str:
    """`text` between backticks, shortened, with everything that is not printable escaped."""
    short = text if len(text) <= limit else text[:limit] + "…"
    return f"`{repr(short)[1:-1]}`"


def kind_of(value: Any) -> str:
    """What a JSON value is, in a reader's words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list() | tuple():
            return "a list"
        case dict():
            return "an object"
        case bytes():
            return "binary data"
        case _:
            return f"a {type(value).__name__}"
