"""What the pinned DeepEval offers, as data: generated from it, committed, and read without importing it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import Field, TypeAdapter

from ..records.base import Record
from ..records.case import CaseKind


class Argument(Record):
    """One constructor argument of a metric that a suite may set."""

    name: str
    type: Literal["str", "int", "float", "bool", "list[str]", "list", "dict", "any"]
    required: bool = False
    default: Any = None


class CatalogueMetric(Record):
    """One metric of DeepEval that needs no trace."""

    name: str = Field(description="Snake case, as a suite writes it.")
    class_name: str = Field(description="In `deepeval.metrics`.")
    kind: CaseKind
    requires: tuple[str, ...] = Field(description="Case fields it cannot do without; those of turns as `turns.NAME`.")
    arguments: tuple[Argument, ...]
    threshold: float | None = Field(description="Its own default.")
    uses_judge: bool = True
    calls: float = Field(description="Judge calls of a typical measurement, measured.")
    calls_per_chunk: float = Field(default=0.0, description="More of them for each chunk of (retrieval) context.")
    calls_per_turn: float = Field(default=0.0, description="More of them for each pair of turns.")


class Catalogue(Record):
    """All of them, with the version they were read from."""

    deepeval_version: str
    metrics: tuple[CatalogueMetric, ...]

    def get(self, name: str) -> CatalogueMetric | None:
        """The metric of that name, if there is one."""
        return next((metric for metric in self.metrics if metric.name == name), None)


@cache
def catalogue() -> Catalogue:
    """The committed catalogue."""
    text = files(__package__).joinpath("catalogue.json").read_text(encoding="utf-8")
    return TypeAdapter(Catalogue).validate_json(text)
