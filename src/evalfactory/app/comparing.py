"""Two runs that have reports, compared slot by slot."""

from __future__ import annotations

from ..errors import UsageError
from ..records.report import Comparison
from ..storage.layout import RunKeys
from ..storage.port import Store
from .collecting import compare_with, reported_measurements
from .planning import read_plan
from .registry import RunEntry, find_baseline
from .reports import read_report


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
    return compare_with(store, plan, reported_measurements(store, keys), found.keys, baseline, frozenset())
