"""evalfactory runs."""

from __future__ import annotations

from ...app.places import store_at
from ...app.registry import all_runs
from ...app.reports import latest_report_folder, read_report
from ...errors import UsageError
from ...storage.layout import RunKeys
from ...storage.port import Store
from ..output import say, say_json, say_table
from ..parser import Arguments


def execute(arguments: Arguments) -> int:
    """Print every run of the store, newest first."""
    store = store_at(arguments.store)
    rows = [
        {"run": entry.run_id, "suite": entry.suite, "tier": entry.tier, "created": entry.created_at,
         "verdict": _verdict(store, RunKeys(entry.suite, entry.run_id))}
        for entry in reversed(all_runs(store))
    ]  # fmt: skip
    if arguments.json:
        say_json({"store": store.url, "runs": rows})
    elif rows:
        say_table(["run", "suite", "tier", "created", "verdict"], rows)
    else:
        say(f"no runs in {store.url}")
    return 0


def _verdict(store: Store, keys: RunKeys) -> str:
    try:
        return read_report(store, keys).verdict.outcome if latest_report_folder(store, keys) else "no report"
    except UsageError:
        return "no report"
