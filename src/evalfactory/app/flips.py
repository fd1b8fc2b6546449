"""What passed in the baseline and fails now, and the other way round: all slots, not the few that a report shows."""

from __future__ import annotations

from typing import NamedTuple

from ..analysis.comparable import counted_repeats, judged_as_now, refused_metrics
from ..analysis.comparison import Pair, Sides, beside, counted, paired
from ..analysis.grouping import facts_of
from ..records.plan import Plan
from ..records.report import CaseResult, Report
from ..storage.layout import RunKeys
from ..storage.port import Store
from .comparing import all_frozen, input_changes_of
from .planning import read_plan
from .reports import latest_report_folder, reported_measurements


class Flips(NamedTuple):
    """Slots whose success is another one than in the baseline, the largest change first; without their cases' texts."""

    broken: tuple[CaseResult, ...] = ()
    fixed: tuple[CaseResult, ...] = ()


def flips_of(store: Store, keys: RunKeys, plan: Plan, report: Report) -> Flips:
    """The run's flips against the baseline that its report names; none without one, or when that is gone.

    What the comparison does not count is no flip: other questions, and metrics that were measured in another way.
    """
    if report.baseline is None or report.baseline.run_id is None:
        return Flips()
    there = RunKeys(keys.suite, report.baseline.run_id)
    if latest_report_folder(store, there) is None:
        return Flips()
    sides = _sides(store, keys, plan, there)
    flipped = [pair for pair in paired(sides.here, sides.there) if _is_flip(pair) and counted(pair, sides)]
    broken = [beside(pair) for pair in flipped if pair.here is not None and not pair.here.success]
    fixed = [beside(pair) for pair in flipped if pair.here is not None and pair.here.success]
    return Flips(tuple(sorted(broken, key=_change)), tuple(sorted(fixed, key=_change, reverse=True)))


def _sides(store: Store, keys: RunKeys, plan: Plan, there: RunKeys) -> Sides:
    theirs = read_plan(store, there)
    facts = {}
    if plan.inputs_digest != theirs.inputs_digest:
        facts = {frozen.case.id: facts_of(frozen.case, None, ()) for frozen in all_frozen(store, plan)}
    return Sides(
        here=reported_measurements(store, keys),
        there=judged_as_now(reported_measurements(store, there), plan, theirs),
        metrics=[recipe.name for recipe in plan.recipes],
        changed=input_changes_of(store, plan, theirs, facts).changed,
        refused=refused_metrics(plan, theirs),
        repeats=counted_repeats(plan, theirs),
    )


def _is_flip(pair: Pair) -> bool:
    if pair.here is None or pair.there is None or None in (pair.here.success, pair.there.success):
        return False
    return pair.here.success is not pair.there.success


def _change(result: CaseResult) -> float:
    return (result.score or 0.0) - (result.baseline_score or 0.0)
