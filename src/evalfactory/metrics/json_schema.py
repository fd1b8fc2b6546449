"""A JSON Schema from a suite, in the shape that `json_correctness` expects of a Pydantic class."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from ..errors import EnvironmentProblem


class SchemaInYaml:
    """Validates like a Pydantic class and shows itself as the JSON Schema it was written as."""

    def __init__(self, schema: dict[str, Any]) -> None:
        try:
            from jsonschema.exceptions import SchemaError
            from jsonschema.validators import validator_for
        except ImportError as missing:
            raise EnvironmentProblem(
                "json_correctness with a JSON Schema needs the package jsonschema", hint="pip install jsonschema"
            ) from missing
        checker = validator_for(schema)
        try:
            checker.check_schema(schema)
        except SchemaError as wrong:
            raise ValueError(f"is not a JSON Schema: {wrong.message}") from wrong
        self._schema = schema
        self._validator = checker(schema)

    def model_validate_json(self, text: str) -> Any:
        """The JSON value in `text`. Raises Pydantic's `ValidationError`, as its classes do."""
        try:
            value = json.loads(text)
        except ValueError as wrong:
            raise _invalid([((), f"Invalid JSON: {wrong}", text)]) from wrong
        wrongs = [(tuple(e.absolute_path), e.message, e.instance) for e in self._validator.iter_errors(value)]
        if wrongs:
            raise _invalid(wrongs)
        return value

    def model_json_schema(self) -> dict[str, Any]:
        """The schema as written."""
        return self._schema


def _invalid(wrongs: list[tuple[tuple[str | int, ...], str, Any]]) -> ValidationError:
    details = [
        InitErrorDetails(type=PydanticCustomError("json_schema", "{words}", {"words": words}), loc=place, input=value)
        for place, words, value in wrongs
    ]
    return ValidationError.from_exception_data("expected_schema", details)
