"""The `fields:` map of a suite: which of their columns is which of our fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ..errors import Problem
from .names import CASE_NAMES, nearest_case_field
from .problems import shown

_METADATA_PREFIX = "metadata."


class Mapped(NamedTuple):
    """One entry: our field (or `metadata.<key>`), and the column as the user wrote it, whole and as steps."""

    field: str
    column: str
    steps: tuple[str, ...]


class _Missing:
    pass


MISSING: Final = _Missing()


def field_map(fields: Mapping[str, str]) -> tuple[Mapped, ...] | tuple[Problem, ...]:
    """The map's entries, or everything that is wrong with it."""
    entries: list[Mapped] = []
    problems: list[Problem] = []
    for name, column in fields.items():
        field = _field_of(name)
        place = f"dataset.fields.{shown(name, 60)[1:-1]}"
        if field is None:
            problems.append(Problem("not a field of a case", field=place, hint=_known(name)))
        elif any(entry.field == field for entry in entries):
            problems.append(Problem(f"`{field}` is mapped twice", field=place, hint="keep one of them"))
        elif not column.strip():
            problems.append(Problem("names no column", field=place, hint="write the column's name"))
        else:
            entries.append(Mapped(field, column, tuple(column.split("."))))
    return tuple(problems) or tuple(entries)


def look_up(row: Mapping[str, Any], entry: Mapped) -> Any:
    """The value of the entry's column in the row, or `MISSING`. A column with the whole name comes before a path."""
    if entry.column in row:
        return row[entry.column]
    found: Any = row
    for step in entry.steps:
        match found:
            case Mapping() if step in found:
                found = found[step]
            case list() if step.isdecimal() and int(step) < len(found):
                found = found[int(step)]
            case _:
                return MISSING
    return found


def without(row: Mapping[str, Any], entries: tuple[Mapped, ...]) -> dict[str, Any]:
    """The row less what the entries took; an object that is empty then is gone too."""
    rest = dict(row)
    for entry in entries:
        steps = (entry.column,) if entry.column in row else entry.steps
        _drop(rest, steps)
    return rest


def _drop(rest: dict[str, Any], steps: tuple[str, ...]) -> None:
    first, *others = steps
    inner = rest.get(first)
    if not others:
        rest.pop(first, None)
    elif isinstance(inner, dict):
        rest[first] = dict(inner)
        _drop(rest[first], tuple(others))
        if not rest[first]:
            del rest[first]


def _field_of(name: str) -> str | None:
    if name.startswith(_METADATA_PREFIX) and len(name) > len(_METADATA_PREFIX):
        return name
    return CASE_NAMES.get(name)


def _known(name: str) -> str:
    nearest = nearest_case_field(name)
    if nearest:
        return f"did you mean {nearest}?"
    return "it is our field first, then their column: `{input: question}`"
