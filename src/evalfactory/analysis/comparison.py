"""A run beside its baseline, slot by slot: the one place for the statistics of a comparison.

Only slots scored in both runs are compared; a difference of two means over different cases says nothing. Must-run cases
are among the regressions, not in the means. Intervals and tests will be further fields of `MetricComparison`, computed
here from the same pairs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..records.measurement import Measurement, Slot
from ..records.plan import Plan
from ..records.report import BaselineInfo, CaseResult, Comparison, MetricComparison
from .exact import ExactSum
from .merge import Entry
from .summary import SHOWN, Lowest, case_result


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
class _Pairs:
    """The pairs of one metric, summed up."""

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

    def add(self, here: Measurement, there: Measurement) -> None:
        assert here.score is not None
        assert there.score is not None
        self.pairs += 1
        self.here.add(here.score)
        self.there.add(there.score)
        self.difference.add(here.score)
        self.difference.add(-there.score)
        self.improved += here.score > there.score
        self.worsened += here.score < there.score
        self.fixed += there.success is False and here.success is True
        self.broken += there.success is True and here.success is False

    def told(self, name: str) -> MetricComparison:
        return MetricComparison(
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
        )


class Sides(NamedTuple):
    """What is compared: the merged streams, both in slot order, and the metrics to tell of."""

    here: Iterable[Entry]
    there: Iterable[Entry]
    metrics: Sequence[str]
    must_run: Collection[str] = frozenset()  # ids of cases that are gated by themselves


def compare(sides: Sides, *, run_id: str, baseline: BaselineInfo, shown: int = SHOWN) -> Comparison:
    """The paired comparison, in one pass over both streams and in constant memory.

    `baseline` comes with its names filled in; its counts of pairs are filled in here. The regressions come without
    their cases' texts: see `with_case`.
    """
    metrics = {name: _Pairs() for name in sides.metrics}
    regressions: Lowest[Pair] = Lowest(shown)
    improvements: Lowest[Pair] = Lowest(shown)
    everything = _Pairs()
    for pair in paired(sides.here, sides.there):
        averaged = pair.slot.case_id not in sides.must_run
        tallies = (everything, metrics[pair.slot.metric]) if averaged and pair.slot.metric in metrics else (everything,)
        _count(pair, tallies)
        change = _change(pair)
        if change < 0:
            regressions.add((change, *pair.slot), pair)
        elif change > 0:
            improvements.add((-change, *pair.slot), pair)
    seen = {"pairs": everything.pairs, "only_here": everything.only_here, "only_there": everything.only_there}
    return Comparison(
        run_id=run_id,
        baseline=baseline.model_copy(update=seen),
        metrics=tuple(pairs.told(name) for name, pairs in metrics.items()),
        regressions=tuple(map(_beside, regressions.items)),
        improvements=tuple(map(_beside, improvements.items)),
    )


def weaker_because(plan: Plan, baseline: Plan) -> str | None:
    """What makes a comparison of these two runs weaker than it looks, or None when the same was measured in the same way."""
    ours = {recipe.name: recipe for recipe in plan.recipes}
    theirs = {recipe.name: recipe for recipe in baseline.recipes}
    shared = [name for name in ours if name in theirs]
    judged = [name for name in shared if ours[name].judge.model != theirs[name].judge.model]
    changed = [name for name in shared if ours[name].digest != theirs[name].digest and name not in judged]
    reasons = []
    if judged:
        pair = f"{theirs[judged[0]].judge.model} then, {ours[judged[0]].judge.model} now"
        reasons.append(f"another judge for {', '.join(judged)} ({pair})")
    if changed:
        reasons.append(f"another recipe for {', '.join(changed)}")
    if plan.inputs_digest != baseline.inputs_digest:
        reasons.append("other cases in its dataset")
    return f"The baseline has {'; '.join(reasons)}." if reasons else None


def _scored(entries: Iterable[Entry]) -> Iterator[Measurement]:
    return (entry for entry in entries if isinstance(entry, Measurement) and entry.state == "scored")


def _count(pair: Pair, tallies: Iterable[_Pairs]) -> None:
    for tally in tallies:
        if pair.here is not None and pair.there is not None:
            tally.add(pair.here, pair.there)
        elif pair.here is not None:
            tally.only_here += 1
        else:
            tally.only_there += 1


def _change(pair: Pair) -> float:
    if pair.here is None or pair.there is None or pair.here.score is None or pair.there.score is None:
        return 0.0
    return pair.here.score - pair.there.score


def _beside(pair: Pair) -> CaseResult:
    assert pair.here is not None
    assert pair.there is not None
    seen = {"baseline_score": pair.there.score, "baseline_reason": pair.there.reason}
    return case_result(pair.here).model_copy(update=seen)
