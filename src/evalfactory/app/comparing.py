"""Two runs compared slot by slot, from what the store has of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from ..analysis.comparison import Sides, compare, weaker_because
from ..analysis.merge import Entry
from ..analysis.summary import with_case
from ..engine.frozen import frozen_cases
from ..errors import UsageError
from ..records.case import FrozenCase
from ..records.measurement import Output
from ..records.plan import Plan
from ..records.report import BaselineInfo, CaseResult, Comparison
from ..storage.layout import RunKeys
from ..storage.port import Store
from .planning import read_plan
from .registry import RunEntry, find_baseline
from .reports import read_report, reported_measurements, reported_outputs


class Side(NamedTuple):
    """The run that is looked at: its merged slots and outputs, and the cases that its gate judges by themselves."""

    entries: Iterable[Entry]
    outputs: Iterable[Output]
    must_run: Collection[str] = frozenset()


def compare_runs(store: Store, keys: RunKeys, baseline: str) -> Comparison:
    """The run beside the baseline, must-run cases in the means too: nothing is gated here.

    Raises:
        UsageError: One of the two has no report, or the baseline does not exist.
    """
    plan = read_plan(store, keys)
    read_report(store, keys)
    entry = RunEntry(run_id=plan.run_id, suite=plan.suite, tier=plan.tier, created_at=plan.created_at)
    found = find_baseline(store, baseline, of=entry)
    if found.keys is None:
        raise UsageError(found.note or f"there is no baseline {baseline}")
    here = Side(reported_measurements(store, keys), reported_outputs(store, keys))
    return compare_with(store, plan, here, found.keys, baseline)


def compare_with(store: Store, plan: Plan, here: Side, baseline: RunKeys, asked: str) -> Comparison:
    """The run beside a baseline run that has a report; regressions come with their cases' texts."""
    theirs = read_report(store, baseline)
    info = BaselineInfo(
        asked=asked,
        run_id=baseline.run_id,
        created_at=theirs.created_at,
        results_digest=theirs.results_digest,
        note=weaker_because(plan, read_plan(store, baseline)),
    )
    names = [recipe.name for recipe in plan.recipes]
    sides = Sides(here.entries, reported_measurements(store, baseline), names, here.must_run)
    comparison = compare(sides, run_id=plan.run_id, baseline=info)
    told = _with_texts(store, plan, here.outputs, [*comparison.regressions, *comparison.improvements])
    split = len(comparison.regressions)
    return comparison.model_copy(update={"regressions": tuple(told[:split]), "improvements": tuple(told[split:])})


def _with_texts(store: Store, plan: Plan, outputs: Iterable[Output], results: list[CaseResult]) -> list[CaseResult]:
    """The results with their cases' texts: those of the frozen cases, and over them what the target produced."""
    wanted = {result.case_id for result in results}
    produced = {output.case_id: output for output in outputs if output.case_id in wanted} if wanted else {}
    frozen = _frozen(store, plan, wanted)
    return [with_case(result, frozen.get(result.case_id), produced.get(result.case_id)) for result in results]


def _frozen(store: Store, plan: Plan, wanted: set[str]) -> dict[str, FrozenCase]:
    """The run's frozen cases with these ids, or those of the runs that it supplements."""
    keys = RunKeys(plan.suite, plan.run_id)
    found: dict[str, FrozenCase] = {}
    shards = iter(plan.shards)
    while wanted.difference(found) and (shard := next(shards, None)) is not None:
        for piece in frozen_cases(store, keys, shard):
            found |= {frozen.case.id: frozen for frozen in piece if frozen.case.id in wanted}
    if plan.parent is not None and (rest := wanted.difference(found)):
        parent = RunKeys(plan.suite, plan.parent.run_id)
        return found | _frozen(store, read_plan(store, parent), rest)
    return found
