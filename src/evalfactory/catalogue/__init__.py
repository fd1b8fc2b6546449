"""What the pinned DeepEval offers, as data: generated from it, committed, and read without importing it."""

from __future__ import annotations

from collections.abc import Mapping
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
    choices: tuple[str, ...] = Field(
        default=(), description="What it, or each item of it, may be; anything when empty."
    )
    note: str = Field(default="", description="How to write it in a suite, where the type does not tell.")


class CatalogueMetric(Record):
    """One metric of DeepEval that needs no trace."""

    name: str = Field(description="Snake case, as a suite writes it.")
    class_name: str = Field(description="In `deepeval.metrics`.")
    kind: CaseKind
    requires: tuple[str, ...] = Field(description="Case fields it cannot do without; those of turns as `turns.NAME`.")
    arguments: tuple[Argument, ...]
    one_of: tuple[str, ...] = Field(default=(), description="Arguments of which at least one must be given.")
    threshold: float | None = Field(description="Its own default.")
    strict_threshold: float | None = Field(default=None, description="The one that strict mode puts in its place.")
    uses_judge: bool = True
    calls: float = Field(description="Judge calls of a measurement, measured, before those of the next two.")
    calls_per_chunk: float = Field(default=0.0, description="More of them for each chunk of (retrieval) context.")
    calls_per_turn: float = Field(default=0.0, description="More of them for each pair of turns.")
    windowed: bool = Field(
        default=False,
        description="A chunk is judged again in every window of turns that holds it; `window_size` is the widest.",
    )
    threshold_matters: bool = Field(
        default=False, description="The threshold is told to the judge, so another one asks for a new measurement."
    )
    order_matters: bool = Field(
        default=False, description="The reason depends on the order of the answers to questions asked at once."
    )
    blocks: bool = Field(
        default=False, description="It asks the judge without waiting, so it is measured in a thread of its own."
    )


class Catalogue(Record):
    """All of them, with the version they were read from."""

    deepeval_version: str
    metrics: tuple[CatalogueMetric, ...]

    def get(self, name: str) -> CatalogueMetric | None:
        """The metric of that name, if there is one."""
        return next((metric for metric in self.metrics if metric.name == name), None)


#: A measurement whose case is not known: this many chunks of context and pairs of turns.
TYPICAL_CHUNKS = TYPICAL_TURNS = 3


def typical_calls(metric: CatalogueMetric, args: Mapping[str, Any] | None = None) -> float:
    """Judge calls of a case with three chunks of context: in a conversation, one for each of three pairs of turns."""
    chunks = metric.calls_per_chunk * typical_chunks(widest_window(metric, args or {}))
    return metric.calls + chunks + metric.calls_per_turn * TYPICAL_TURNS


def typical_chunks(window: int) -> int:
    """Three chunks, each as often as there are windows that hold it."""
    return sum(windows_of(pair, TYPICAL_TURNS, window) for pair in range(TYPICAL_CHUNKS))


def widest_window(metric: CatalogueMetric, args: Mapping[str, Any]) -> int:
    """How many pairs of turns are judged together at most; 1 where every chunk is judged once."""
    default = next((argument.default for argument in metric.arguments if argument.name == "window_size"), 1)
    return int(args.get("window_size") or default) if metric.windowed else 1


def windows_of(pair: int, pairs: int, window: int) -> int:
    """How many windows hold that pair of turns: one ends at every pair, and reaches back over `window` of them."""
    return min(window, pairs - pair)


@cache
def catalogue() -> Catalogue:
    """The committed catalogue."""
    text = files(__package__).joinpath("catalogue.json").read_text(encoding="utf-8")
    return TypeAdapter(Catalogue).validate_json(text)
