"""What can be wrong with a metric's arguments beyond their types; told before anything is measured, without DeepEval."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import Problem
from ..records.case import ToolCall
from ..records.suite import MetricSpec


class RubricRow(BaseModel):
    """One row of a G-Eval rubric: what a score in this range, both ends included, looks like."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    score_range: tuple[int, int]
    expected_outcome: str


def argument_problems(spec: MetricSpec) -> tuple[Problem, ...]:
    """Everything that the metric's constructor would refuse, by argument."""
    checks = _CHECKS | ({"evaluation_params": _texts} if spec.type.endswith("geval") else {})
    return tuple(
        Problem(words, field=f"metrics: {spec.name}: {name}")
        for name, value in spec.args.items()
        if value is not None and name in checks
        for words in checks[name](value)
    )


def rubric_row(row: Any) -> RubricRow:
    """The row, its range from a list of two; raises Pydantic's `ValidationError`."""
    pair = row.get("score_range") if isinstance(row, Mapping) else None
    return RubricRow.model_validate({**row, "score_range": tuple(pair)} if isinstance(pair, list | tuple) else row)


def tool(written: Any) -> ToolCall:
    """The tool of a bare name, or of a mapping; raises Pydantic's `ValidationError`."""
    return ToolCall.model_validate({"name": written} if isinstance(written, str) else written)


def _pattern(value: Any) -> Iterator[str]:
    try:
        re.compile(value)
    except re.error as wrong:
        yield f"is no regular expression: {wrong}"


def _rubric(value: Any) -> Iterator[str]:
    taken: set[int] = set()
    for number, row in enumerate(value, 1):
        try:
            start, end = rubric_row(row).score_range
        except ValidationError as wrong:
            yield f"row {number}: {_words(wrong)}"
            continue
        if not 0 <= start <= end <= 10:
            yield f"row {number}: score_range must go up, within 0 to 10"
        elif taken & set(range(start, end + 1)):
            yield f"row {number}: score_range overlaps with an earlier row's"
        taken |= set(range(start, end + 1))


def _tools(value: Any) -> Iterator[str]:
    for number, written in enumerate(value, 1):
        try:
            tool(written)
        except ValidationError as wrong:
            yield f"tool {number}: {_words(wrong)}"


def _schema(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        from .json_schema import SchemaInYaml

        try:
            SchemaInYaml(dict(value))
        except ValueError as wrong:
            yield str(wrong)
    elif not (isinstance(value, str) and re.fullmatch(r"[\w.]+:\w+", value)):
        yield "must be a JSON Schema (a mapping), or module:Class of a Pydantic model"


def _texts(value: Any) -> Iterator[str]:
    if not value:
        yield "must not be empty"
    elif any(not str(text).strip() for text in value):
        yield "has an empty text"


def _text(value: Any) -> Iterator[str]:
    if not str(value).strip():
        yield "must not be empty"


def _positive(value: Any) -> Iterator[str]:
    if value < 1:
        yield "must be 1 or more"


def _words(wrong: ValidationError) -> str:
    first = wrong.errors()[0]
    return " ".join(part for part in (".".join(map(str, first["loc"])), first["msg"]) if part)


_CHECKS: dict[str, Callable[[Any], Iterator[str]]] = {
    "advice_types": _texts,
    "assessment_questions": _texts,
    "available_tools": _tools,
    "criteria": _text,
    "domain": _text,
    "evaluation_steps": _texts,
    "expected_schema": _schema,
    "n": _positive,
    "pattern": _pattern,
    "prompt_instructions": _texts,
    "relevant_topics": _texts,
    "role": _text,
    "rubric": _rubric,
    "window_size": _positive,
}
