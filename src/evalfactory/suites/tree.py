"""The suite's text as a tree in which every key and value still knows its line and its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import Problem
from .words import path_key, visible

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """A value, where it stands (`line`, counted from 1; None for what no file says) and what it is called (`field`)."""

    value: Scalar | tuple[Node, ...] | dict[str, Node]
    field: str
    line: int | None = None
    key_line: int | None = None
    raw: str = ""  # a scalar as it is written

    @property
    def place(self) -> int | None:
        """The line to send a reader to: a container's key, a scalar itself."""
        return self.key_line or self.line if isinstance(self.value, (dict, tuple)) else self.line

    def child(self, key: str) -> Node | None:
        """The value of `key`, if this is a mapping that has it."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def with_value(self, value: Scalar | tuple[Node, ...] | dict[str, Node]) -> Node:
        """The same place with another value."""
        return Node(value, self.field, self.line, self.key_line, self.raw)


def plain(node: Node) -> object:
    """The value as a JSON value, places forgotten."""
    match node.value:
        case dict():
            return {key: plain(child) for key, child in node.value.items()}
        case tuple():
            return [plain(child) for child in node.value]
        case scalar:
            return scalar


def planted(value: object, at: str) -> Node:
    """A node for a value that stands in no file, under the field `at`."""
    match value:
        case Mapping():
            return Node({str(key): planted(child, path_key(at, str(key))) for key, child in value.items()}, at)
        case list() | tuple():
            return Node(tuple(planted(child, f"{at}[{index}]") for index, child in enumerate(value)), at)
        case None | bool() | int() | float() | str():
            return Node(value, at, raw=str(value))
        case _:
            return Node(str(value), at, raw=str(value))


#: More than that, and it is another kind of file; the search for what was meant would only take long.
MOST_FINDINGS = 1000


@dataclass(slots=True)
class Findings:
    """The problems found so far. What is already reported is not reported again by a later check."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    _fields: set[str] = field(default_factory=set)

    @property
    def full(self) -> bool:
        return len(self.problems) >= MOST_FINDINGS

    def add(self, node: Node, message: str, *, hint: str | None = None) -> None:
        """Report `node`, unless it or what holds it has been reported."""
        self._add(node.field, node.place, message, hint)

    def add_key(self, node: Node, message: str, *, hint: str | None = None) -> None:
        """Report the key of `node`, at the key's own line."""
        self._add(node.field, node.key_line or node.line, message, hint)

    def add_missing(self, holder: Node, key: str, message: str, *, hint: str | None = None) -> None:
        """Report a key that `holder` lacks."""
        self._add(path_key(holder.field, key), holder.place, message, hint)

    def reported(self, at: str) -> bool:
        """Whether the field, or one that holds it, already has a problem."""
        ends = (index for index, mark in enumerate(at) if mark in ".[")
        return at in self._fields or any(at[:end] in self._fields for end in ends)

    def _add(self, at: str, line: int | None, message: str, hint: str | None) -> None:
        if self.full or self.reported(at):
            return
        if at:
            self._fields.add(at)
        harmless = visible(message), visible(hint) if hint else None  # whoever wrote what they quote
        self.problems.append(Problem(harmless[0], self.file, line, at or None, harmless[1]))
