"""Baselines: names for complete runs."""

from __future__ import annotations

from datetime import UTC, datetime

from ..errors import UsageError
from ..storage.layout import RunKeys, baseline_key
from ..storage.port import Store
from .places import store_option, try_command
from .planning import read_plan
from .registry import TAKEN_NAMES, Baseline
from .reports import is_quick_look, read_report


def doubt_of(store: Store, keys: RunKeys) -> str | None:
    """Why the run makes a weak baseline, in words; None when nothing speaks against it."""
    report, plan = read_report(store, keys), read_plan(store, keys)
    errored, planned = report.counts.errored, report.counts.planned
    if errored <= plan.gate.max_errored * planned:
        return None
    again = try_command("retry", keys.run_id, "--errored", *store_option(store.url))
    return f"{errored} of {planned} slots are errored: nothing will be compared with them (measure them again: {again})"


def bless(store: Store, keys: RunKeys, name: str) -> Baseline:
    """Let the name stand for the run from now on.

    Raises:
        UsageError: The run has no report, or is not complete: nothing may be compared with half a run.
    """
    if not name or name in TAKEN_NAMES:
        raise UsageError(f"a baseline cannot be called {name!r}", hint="a word of your own, such as main")
    report = read_report(store, keys)
    if report.counts.missing:
        raise UsageError(
            f"run {keys.run_id} is not complete: {report.counts.missing} of {report.counts.planned} slots are missing",
            hint=try_command("resume", keys.run_id, *store_option(store.url)),
        )
    if is_quick_look(report):
        raise UsageError(
            f"run {keys.run_id} is a quick look at some cases, not a whole tier",
            hint="bless a run without --case, --filter and --limit",
        )
    baseline = Baseline(
        run_id=keys.run_id,
        suite=keys.suite,
        results_digest=report.results_digest,
        blessed_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    store.put(baseline_key(keys.suite, name), baseline.model_dump_json(indent=1).encode())
    return baseline
