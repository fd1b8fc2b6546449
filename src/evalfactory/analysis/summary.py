"""What a run's measurements say, gathered one by one in any order and in constant memory."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from ..records.case import FrozenCase
from ..records.measurement import Measurement, Output, Slot, Usage
from ..records.plan import MetricRecipe
from ..records.report import CaseResult, Cause, Counts, Diagnosis, MetricSummary, TargetSpeed
from .diagnosis import Diagnosing
from .exact import ExactSum
from .grouping import cluster_of
from .merge import Entry
from .slicing import Sliced, Slicing
from .speed import SpeedTally
from .tally import ALONE, Draws, Tally

#: How many slots a report shows of each kind; must-run slots are to be seen one by one.
SHOWN = 10
SHOWN_MUST_RUN = 100

Item = TypeVar("Item")


class Lowest(Generic[Item]):
    """The few items with the lowest keys. Keys must differ, so that the order of coming in does not matter."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._keys: list[tuple[Any, ...]] = []
        self._items: list[Item] = []

    def add(self, key: tuple[Any, ...], item: Item) -> None:
        """Keep the item if it is among the lowest so far."""
        if len(self._keys) == self._limit and key > self._keys[-1]:
            return
        place = bisect_left(self._keys, key)
        self._keys.insert(place, key)
        self._items.insert(place, item)
        del self._keys[self._limit :], self._items[self._limit :]

    @property
    def items(self) -> tuple[Item, ...]:
        """The items, lowest key first."""
        return tuple(self._items)


class Summary(NamedTuple):
    """The facts that the gate judges and the report tells."""

    counts: Counts  # every slot
    metrics: tuple[MetricSummary, ...]  # averaged cases only, in the suite's order
    must_run_counts: dict[str, Counts]  # metric -> must-run slots
    must_run_unmet: dict[str, int]  # metric -> must-run slots that did not succeed
    must_run: tuple[CaseResult, ...]  # the first that did not succeed
    errors: dict[str, int]  # error class -> slots, most frequent first
    worst: tuple[CaseResult, ...]
    errored: tuple[CaseResult, ...]
    missing: tuple[Slot, ...]  # the first ones
    judge: Usage
    target: Usage
    speed: TargetSpeed | None  # of the target's answers; none without any
    diagnosis: Diagnosis | None
    causes: dict[str, Cause]  # of the bad cases with a retrieval context
    reused_from: dict[str, int]
    sliced: Sliced  # of averaged cases


@dataclass(slots=True)
class _Bill:
    """What was spent."""

    counts: Counter[str] = field(default_factory=Counter)
    cost_usd: ExactSum = field(default_factory=ExactSum)

    def charge(self, usage: Usage) -> None:
        counts = self.counts
        counts["calls"] += usage.calls
        counts["input_tokens"] += usage.input_tokens
        counts["output_tokens"] += usage.output_tokens
        if usage.retries or usage.reasks:
            counts["retries"] += usage.retries
            counts["reasks"] += usage.reasks
        if usage.throttled:
            counts["throttled"] += usage.throttled
        if usage.cost_usd:
            self.cost_usd.add(usage.cost_usd)

    @property
    def usage(self) -> Usage:
        return Usage(**self.counts, cost_usd=self.cost_usd.total)


class _Known(NamedTuple):
    """A slot with what is known of its case."""

    entry: Entry
    case: FrozenCase | None
    output: Output | None


class Summarizer:
    """Takes every planned slot once, in any order; `summary()` says what they come to."""

    def __init__(
        self,
        recipes: Iterable[MetricRecipe],
        *,
        draws: Draws = ALONE,
        slices: Sequence[str] = (),
        shown: int = SHOWN,
    ) -> None:
        self._draws = draws
        self._recipes = {recipe.name: recipe for recipe in recipes}
        self._averaged = {name: Tally() for name in self._recipes}
        self._must_run = {name: Tally() for name in self._recipes}
        self._errors: Counter[str] = Counter()
        self._reused_from: Counter[str] = Counter()
        self._judge = _Bill()
        self._target = _Bill()
        self._speed = SpeedTally()
        self._slicing = Slicing(slices, self._recipes, draws)
        self._diagnosing = Diagnosing(self._recipes.values())
        self._unmet: Counter[str] = Counter()
        self._unmet_first: Lowest[_Known] = Lowest(SHOWN_MUST_RUN)
        self._worst: Lowest[_Known] = Lowest(shown)
        self._errored: Lowest[_Known] = Lowest(shown)
        self._missing: Lowest[Slot] = Lowest(SHOWN_MUST_RUN)

    def add(self, measurement: Measurement, case: FrozenCase | None = None, output: Output | None = None) -> None:
        """Take a measurement with its case and the target's output, where there are any."""
        slot, state = measurement.slot, measurement.state
        must_run = case is not None and case.group == "must_run"
        tally = (self._must_run if must_run else self._averaged)[slot.metric]
        tally.states[state] += 1
        if measurement.reused_from is None:
            self._judge.charge(measurement.usage)
        else:
            tally.reused += 1
            self._reused_from[measurement.reused_from] += 1
        cluster = self._cluster(slot.case_id, case)
        if measurement.score is not None:
            tally.score(measurement.score, success=measurement.success, cluster=cluster)
        if case is not None and not must_run:
            self._slicing.add(measurement, case.case, cluster)
        if _has_context(case, output):
            self._diagnosing.add(measurement)
        if measurement.failure is not None:
            self._errors[measurement.failure.error_class] += 1
            self._errored.add(slot, _Known(measurement, case, output))
        if must_run and (state != "scored" or measurement.success is False):
            self._unmet[slot.metric] += 1
            self._unmet_first.add(slot, _Known(measurement, case, output))
        elif not must_run and state == "scored" and measurement.success is not True:
            key = (measurement.success is not False, measurement.score, *slot)
            self._worst.add(key, _Known(measurement, case, output))

    def add_missing(self, slot: Slot, case: FrozenCase | None = None) -> None:
        """Take a planned slot that nobody measured."""
        must_run = case is not None and case.group == "must_run"
        (self._must_run if must_run else self._averaged)[slot.metric].states["missing"] += 1
        self._missing.add(slot, slot)
        if _has_context(case, None):
            self._diagnosing.add(slot)
        if must_run:
            self._unmet[slot.metric] += 1
            self._unmet_first.add(slot, _Known(slot, case, None))

    def add_output(self, output: Output) -> None:
        """Charge what the target's answer cost; each output once. A reused one cost nothing here."""
        if output.reused_from is None:
            self._target.charge(output.usage)
        self._speed.add(output)

    def summary(self) -> Summary:
        """What was taken so far."""
        tallies = [*self._averaged.values(), *self._must_run.values()]
        return Summary(
            counts=sum_of(tally.counts for tally in tallies),
            metrics=tuple(self._metric(self._recipes[name], tally) for name, tally in self._averaged.items()),
            must_run_counts={name: tally.counts for name, tally in self._must_run.items()},
            must_run_unmet=dict(self._unmet),
            must_run=tuple(self._result(known) for known in self._unmet_first.items),
            errors=_most_first(self._errors),
            worst=tuple(self._result(known) for known in self._worst.items),
            errored=tuple(self._result(known) for known in self._errored.items),
            missing=self._missing.items,
            judge=self._judge.usage,
            target=self._target.usage,
            speed=self._speed.told(),
            diagnosis=self._diagnosing.told(),
            causes=self._diagnosing.causes(),
            reused_from=_most_first(self._reused_from),
            sliced=self._slicing.told(),
        )

    def _cluster(self, case_id: str, case: FrozenCase | None) -> str | None:
        """What the slot was drawn with: its `cluster_by` value, else its case; None where every slot stands for itself."""
        if not self._draws.clustered:
            return None
        shared = cluster_of(case.case, self._draws.cluster_by) if case is not None else ""
        return f"cluster {shared}" if shared else f"case {case_id}"

    def _metric(self, recipe: MetricRecipe, tally: Tally) -> MetricSummary:
        return MetricSummary(
            name=recipe.name,
            type=recipe.type,
            threshold=recipe.threshold,
            counts=tally.counts,
            mean=tally.mean,
            pass_rate=tally.pass_rate(recipe.threshold),
            pass_interval=tally.pass_interval(recipe.threshold, self._draws),
            minimum=tally.minimum,
            maximum=tally.maximum,
        )

    def _result(self, known: _Known) -> CaseResult:
        entry = known.entry
        if isinstance(entry, Slot):
            result = CaseResult(
                **entry._asdict(), state="missing", score=None, threshold=self._recipes[entry.metric].threshold
            )
        else:
            result = case_result(entry)
        return with_case(result, known.case, known.output)


def case_result(measurement: Measurement) -> CaseResult:
    """The slot as a report shows it, without its case."""
    return CaseResult(
        **measurement.slot._asdict(),
        state=measurement.state,
        score=measurement.score,
        threshold=measurement.threshold,
        success=measurement.success,
        reason=measurement.reason,
        failure=measurement.failure,
    )


def with_case(result: CaseResult, frozen: FrozenCase | None, output: Output | None = None) -> CaseResult:
    """The slot with its case's texts; what the target produced counts over what the dataset had."""
    seen: dict[str, Any] = {}
    if frozen is not None:
        case = frozen.case
        seen["input"] = case.input if case.input is not None else case.scenario
        seen["expected_output"] = case.expected_output if case.expected_output is not None else case.expected_outcome
        seen["actual_output"] = case.actual_output
        seen["retrieval_context"] = case.retrieval_context
        if case.turns is not None:
            seen["actual_output"] = "\n".join(f"{turn.role}: {turn.content}" for turn in case.turns)
    if output is not None:
        produced = {"actual_output": output.actual_output, "retrieval_context": output.retrieval_context}
        seen |= {name: value for name, value in produced.items() if value is not None}
    return result.model_copy(update=seen)


def _has_context(case: FrozenCase | None, output: Output | None) -> bool:
    """Whether the case has what retrieval found, its own or the target's."""
    if output is not None and output.retrieval_context:
        return True
    if case is None:
        return False
    turns = case.case.turns or ()
    return bool(case.case.retrieval_context) or any(turn.retrieval_context for turn in turns)


def sum_of(some: Iterable[Counts]) -> Counts:
    """All of them together."""
    total: Counter[str] = Counter()
    for counts in some:
        total.update(counts.model_dump())
    return Counts(**total)


def _most_first(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
