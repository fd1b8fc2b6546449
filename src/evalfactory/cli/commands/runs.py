"""evalfactory runs."""

from __future__ import annotations

from ...app.places import store_at
from ...app.registry import all_runs
from ...app.reports import verdict_of
from ...storage.layout import RunKeys
from ..output import moment, say, say_json, say_table
from ..parser import Arguments


def execute(arguments: Arguments) -> int:
    """Print every run of the store, newest first."""
    store = store_at(arguments.store)
    runs = [(entry, verdict_of(store, RunKeys(entry.suite, entry.run_id))) for entry in reversed(all_runs(store))]
    if arguments.json:
        rows = [{**entry.model_dump(mode="json"), "verdict": verdict} for entry, verdict in runs]
        say_json({"store": store.url, "runs": rows})
    elif runs:
        say_table(
            ("run", "suite", "tier", "created (UTC)", "verdict"),
            [
                (entry.run_id, entry.suite, entry.tier, moment(entry.created_at), verdict or "no report")
                for entry, verdict in runs
            ],
        )
    else:
        say(f"no runs in {store.url}")
    return 0
