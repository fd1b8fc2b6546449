"""One row of a file, before it is a case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from ..errors import Problem


class Row(NamedTuple):
    """One case as it stands in the file. `line` is the line it begins on; in a Parquet file, the row's number."""

    line: int
    values: dict[str, Any]


def located(problem: Problem, line: int | None, *, hint: str | None = None) -> Problem:
    """The same problem with its line, and perhaps a better hint."""
    return replace(problem, line=line, hint=hint or problem.hint)
