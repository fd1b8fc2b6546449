"""Parts of the cases, by tag or another field, each with its own means: to be looked at, never to be gated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..records.case import Case
from ..records.measurement import Measurement
from ..records.plan import MetricRecipe
from ..records.report import SliceSummary
from .grouping import SLICES_SHOWN, Label, labels_of
from .tally import Draws, Tally

#: Different values of a field that are counted: one with more, such as an id, makes no slices worth reading.
MOST_VALUES = 1000


class Sliced(NamedTuple):
    """The largest slices, and how many smaller ones are not among them."""

    slices: tuple[SliceSummary, ...]
    left_out: int


class Slicing:
    """Takes measurements in any order; `told()` says what each slice came to.

    Of a field with more than `MOST_VALUES` values the later ones are not counted, so that an id costs no memory.
    """

    def __init__(self, fields: Sequence[str], recipes: Mapping[str, MetricRecipe], draws: Draws) -> None:
        self._fields = fields
        self._recipes = recipes
        self._draws = draws
        self._values = dict.fromkeys(fields, 0)
        self._tallies: dict[Label, dict[str, Tally]] = {}
        self._last: tuple[str, tuple[dict[str, Tally], ...]] = ("", ())  # a case's slots come one after the other

    def add(self, measurement: Measurement, case: Case, cluster: str | None) -> None:
        """Count a measurement in the slices of its case."""
        if not self._fields:
            return
        if self._last[0] != case.id:
            self._last = case.id, tuple(self._of(case))
        for tallies in self._last[1]:
            tally = tallies.setdefault(measurement.metric, Tally())
            tally.states[measurement.state] += 1
            if measurement.score is not None:
                tally.score(measurement.score, success=measurement.success, cluster=cluster)

    def _of(self, case: Case) -> Iterator[dict[str, Tally]]:
        for label in dict.fromkeys(labels_of(case, self._fields)):
            known = self._tallies.get(label)
            if known is None and self._values[label[0]] < MOST_VALUES:
                self._values[label[0]] += 1
                known = self._tallies[label] = {}
            if known is not None:
                yield known

    def told(self) -> Sliced:
        """The slices so far, by size and name; metrics in the suite's order."""
        by_size = sorted(self._tallies.items(), key=lambda each: (-_slots(each[1]), each[0]))
        shown = tuple(
            self._summary(label, recipe, tallies[name])
            for label, tallies in by_size[:SLICES_SHOWN]
            for name, recipe in self._recipes.items()
            if name in tallies
        )
        return Sliced(shown, max(0, len(by_size) - SLICES_SHOWN))

    def _summary(self, label: Label, recipe: MetricRecipe, tally: Tally) -> SliceSummary:
        return SliceSummary(
            field=label[0],
            value=label[1],
            metric=recipe.name,
            scored=tally.states["scored"],
            mean=tally.mean,
            pass_rate=tally.pass_rate(recipe.threshold),
            pass_interval=tally.pass_interval(recipe.threshold, self._draws),
        )


def _slots(tallies: Mapping[str, Tally]) -> int:
    return sum(tally.states.total() for tally in tallies.values())
