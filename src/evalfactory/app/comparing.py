"""Two runs compared slot by slot, from what the store has of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from ..analysis.comparable import counted_repeats, judged_as_now, refused_metrics, weaker_because
from ..analysis.comparison import Sides, compare
from ..analysis.grouping import CaseFacts, InputChanges, facts_of, first_of, input_changes
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
from .registry import entry_of, find_baseline
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
    found = find_baseline(store, baseline, of=entry_of(plan))
    if found.keys is None:
        raise UsageError(found.note or f"there is no baseline {baseline}")
    here = Side(reported_measurements(store, keys), reported_outputs(store, keys))
    return compare_with(store, plan, here, found.keys, baseline)


def compare_with(store: Store, plan: Plan, here: Side, baseline: RunKeys, asked: str) -> Comparison:
    """The run beside a baseline run that has a report; regressions come with their cases' texts."""
    theirs, their_plan = read_report(store, baseline), read_plan(store, baseline)
    facts: dict[str, CaseFacts] = {}
    must_run: set[str] = set()
    for frozen in all_frozen(store, plan):
        facts[frozen.case.id] = facts_of(frozen.case, plan.cluster_by, plan.slices)
        must_run.update([frozen.case.id] if frozen.group == "must_run" else [])
    changes = input_changes_of(store, plan, their_plan, facts)
    unguarded = set() if plan.selection else _must_run_of(store, their_plan) - must_run  # a quick look guards nothing
    refused = refused_metrics(plan, their_plan)
    info = BaselineInfo(
        asked=asked,
        run_id=baseline.run_id,
        created_at=theirs.created_at,
        results_digest=theirs.results_digest,
        cases_added=len(changes.added),
        cases_removed=len(changes.removed),
        cases_changed=len(changes.changed),
        added=first_of(changes.added),
        removed=first_of(changes.removed),
        changed=first_of(changes.changed),
        must_run_gone=len(unguarded),
        gone=first_of(unguarded),
        age_days=_days_between(theirs.created_at, plan.created_at),
        note=weaker_because(plan, their_plan, refused),
    )
    sides = Sides(
        here=here.entries,
        there=judged_as_now(reported_measurements(store, baseline), plan, their_plan),
        metrics=[recipe.name for recipe in plan.recipes],
        must_run=here.must_run,
        facts=facts,
        changed=changes.changed,
        refused=refused,
        known_there={recipe.name for recipe in their_plan.recipes},
        repeats=counted_repeats(plan, their_plan),
    )
    comparison = compare(sides, run_id=plan.run_id, baseline=info, gate=plan.gate)
    told = with_texts(store, plan, here.outputs, [*comparison.regressions, *comparison.improvements])
    split = len(comparison.regressions)
    return comparison.model_copy(update={"regressions": tuple(told[:split]), "improvements": tuple(told[split:])})


def input_changes_of(store: Store, plan: Plan, theirs: Plan, facts: Mapping[str, CaseFacts]) -> InputChanges:
    if plan.inputs_digest == theirs.inputs_digest:
        return InputChanges()
    there = {frozen.case.id: facts_of(frozen.case, None, ()).inputs for frozen in all_frozen(store, theirs)}
    return input_changes({case_id: known.inputs for case_id, known in facts.items()}, there)


def _must_run_of(store: Store, plan: Plan) -> set[str]:
    if not plan.must_run:
        return set()
    return {frozen.case.id for frozen in all_frozen(store, plan) if frozen.group == "must_run"}


def all_frozen(store: Store, plan: Plan) -> Iterator[FrozenCase]:
    """Every case of the run; of a run that supplements another one all that its report tells."""
    while plan.parent is not None:
        plan = read_plan(store, RunKeys(plan.suite, plan.parent.run_id))
    keys = RunKeys(plan.suite, plan.run_id)
    for shard in plan.shards:
        for piece in frozen_cases(store, keys, shard):
            yield from piece


def _days_between(then: str, now: str) -> float:
    return round((datetime.fromisoformat(now) - datetime.fromisoformat(then)).total_seconds() / 86400, 3)


def with_texts(store: Store, plan: Plan, outputs: Iterable[Output], results: list[CaseResult]) -> list[CaseResult]:
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
