"""A run beside its baseline, slot by slot.

Only slots scored in both runs are compared, of cases whose input side is the same; a difference of two means over
different cases says nothing. Must-run cases are among the regressions, not in the means. What the pairs prove is
`evidence`'s to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ..records.gate import GateSpec
from ..records.measurement import Measurement, Slot
from ..records.report import BaselineInfo, CaseResult, Comparison, MetricComparison
from .exact import ExactSum
from .grouping import CaseFacts
from .merge import Entry
from .summary import SHOWN, Lowest, case_result

if TYPE_CHECKING:  # it loads numpy and scipy
    from .evidence import Columns, Found


class Pair(NamedTuple):
    """One slot in both runs; None on the side that has not scored it."""

    slot: Slot
    here: Measurement | None
    there: Measurement | None


def paired(here: Iterable[Entry], there: Iterable[Entry]) -> Iterator[Pair]:
    """Every slot that is scored on at least one side, in slot order, from two streams in slot order."""
    ours, theirs = _scored(here), _scored(there)
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one.slot < other.slot):
            assert one is not None
            yield Pair(one.slot, one, None)
            one = next(ours, None)
        elif one is None or other.slot < one.slot:
            yield Pair(other.slot, None, other)
            other = next(theirs, None)
        else:
            yield Pair(one.slot, one, other)
            one, other = next(ours, None), next(theirs, None)


@dataclass(slots=True)
class _Counts:
    """Slots of all metrics, must-run ones included."""

    pairs: int = 0
    only_here: int = 0
    only_there: int = 0

    def add(self, pair: Pair) -> None:
        self.pairs += pair.here is not None and pair.there is not None
        self.only_here += pair.there is None
        self.only_there += pair.here is None

    def told(self) -> dict[str, int]:
        return {"pairs": self.pairs, "only_here": self.only_here, "only_there": self.only_there}


@dataclass(slots=True)
class _Pairs:
    """The pairs of one metric, summed up."""

    columns: Columns
    pairs: int = 0
    here: ExactSum = field(default_factory=ExactSum)
    there: ExactSum = field(default_factory=ExactSum)
    difference: ExactSum = field(default_factory=ExactSum)
    improved: int = 0
    worsened: int = 0
    fixed: int = 0
    broken: int = 0
    only_here: int = 0
    only_there: int = 0

    def take(self, pair: Pair) -> None:
        if pair.here is not None and pair.there is not None:
            self.add(pair.here, pair.there)
        elif pair.here is not None:
            self.only_here += 1
        else:
            self.only_there += 1

    def add(self, here: Measurement, there: Measurement) -> None:
        assert here.score is not None
        assert there.score is not None
        self.pairs += 1
        self.columns.add(here, there)
        self.here.add(here.score)
        self.there.add(there.score)
        self.difference.add(here.score)
        self.difference.add(-there.score)
        self.improved += here.score > there.score
        self.worsened += here.score < there.score
        self.fixed += there.success is False and here.success is True
        self.broken += there.success is True and here.success is False

    def found(self, name: str, sides: Sides) -> Found:
        from .evidence import Found

        counted = MetricComparison(
            name=name,
            pairs=self.pairs,
            mean=self.here.over(self.pairs) if self.pairs else None,
            baseline_mean=self.there.over(self.pairs) if self.pairs else None,
            mean_difference=self.difference.over(self.pairs) if self.pairs else None,
            improved=self.improved,
            worsened=self.worsened,
            fixed=self.fixed,
            broken=self.broken,
            only_here=self.only_here,
            only_there=self.only_there,
            refused=sides.refused.get(name),
            new=sides.known_there is not None and name not in sides.known_there,
        )
        return Found(counted, self.columns)


class Sides(NamedTuple):
    """What is compared: the merged streams, both in slot order, and the metrics to tell of."""

    here: Iterable[Entry]
    there: Iterable[Entry]
    metrics: Sequence[str]
    must_run: Collection[str] = frozenset()  # ids of cases that are gated by themselves
    facts: Mapping[str, CaseFacts] = {}
    changed: Collection[str] = frozenset()  # ids of cases with another input side
    refused: Mapping[str, str] = {}  # metric -> why it is not compared
    known_there: Collection[str] | None = None  # metrics of the baseline; None: the same
    repeats: int | None = None  # how many of each case count; None: all


def compare(
    sides: Sides, *, run_id: str, baseline: BaselineInfo, gate: GateSpec | None = None, shown: int = SHOWN
) -> Comparison:
    """The paired comparison, in one pass over both streams.

    `baseline` comes with its names filled in; its counts of pairs are filled in here. The regressions come without
    their cases' texts: see `with_case`.
    """
    from .evidence import Columns, evidence

    metrics = {name: _Pairs(Columns()) for name in sides.metrics}
    regressions: Lowest[Pair] = Lowest(shown)
    improvements: Lowest[Pair] = Lowest(shown)
    everything = _Counts()
    for pair in paired(sides.here, sides.there):
        if not counted(pair, sides):
            continue
        everything.add(pair)
        if pair.slot.case_id not in sides.must_run and pair.slot.metric in metrics:
            metrics[pair.slot.metric].take(pair)
        change = _change(pair)
        if change < 0:
            regressions.add((change, *pair.slot), pair)
        elif change > 0:
            improvements.add((-change, *pair.slot), pair)
    proven = evidence([pairs.found(name, sides) for name, pairs in metrics.items()], sides.facts, gate or GateSpec())
    return Comparison(
        run_id=run_id,
        baseline=baseline.model_copy(update=everything.told()),
        metrics=proven.metrics,
        slices=proven.slices,
        slices_left_out=proven.slices_left_out,
        regressions=tuple(map(beside, regressions.items)),
        improvements=tuple(map(beside, improvements.items)),
    )


def _scored(entries: Iterable[Entry]) -> Iterator[Measurement]:
    return (entry for entry in entries if isinstance(entry, Measurement) and entry.state == "scored")


def counted(pair: Pair, sides: Sides) -> bool:
    """Whether the pair is of the same question, measured in the same way, and planned on both sides."""
    slot = pair.slot
    planned = sides.repeats is None or slot.repeat < sides.repeats
    return planned and slot.case_id not in sides.changed and slot.metric not in sides.refused


def _change(pair: Pair) -> float:
    if pair.here is None or pair.there is None or pair.here.score is None or pair.there.score is None:
        return 0.0
    return pair.here.score - pair.there.score


def beside(pair: Pair) -> CaseResult:
    """The slot of this run with the baseline's score and reason. Both sides must be there."""
    assert pair.here is not None
    assert pair.there is not None
    seen = {"baseline_score": pair.there.score, "baseline_reason": pair.there.reason}
    return case_result(pair.here).model_copy(update=seen)
