"""What one request came to, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from ..records.measurement import ErrorClass

T = TypeVar("T")


class Reply(NamedTuple):
    """An HTTP answer; header names in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Spent(NamedTuple):
    """What an answer cost, as far as it says so."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    known: bool = False  # the token counts were stated


NOTHING = Spent()


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """A well-formed success."""

    value: T
    raw: str  # what was said, for those who want to read it
    spent: Spent = NOTHING


@dataclass(frozen=True, slots=True)
class Denied:
    """A well-formed refusal of this one request: an answer, and final."""

    error_class: ErrorClass
    message: str
    spent: Spent = NOTHING


@dataclass(frozen=True, slots=True)
class Fault:
    """Not answered: worth another try."""

    error_class: ErrorClass
    message: str
    after_s: float | None = None  # how long the server asks to wait


@dataclass(frozen=True, slots=True)
class Throttled:
    """Refused for coming too fast; says nothing against the request."""

    message: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Barred:
    """A refusal that concerns every request alike: the key, the model's name, the address."""

    error_class: ErrorClass
    message: str


Outcome = Answered[T] | Denied | Fault | Throttled | Barred
