"""evalfactory runs."""

from __future__ import annotations

from ...app.listing import listed_runs
from ...app.places import store_at
from ...render.words import QUICK_LOOK
from ..output import moment, say, say_json, say_table
from ..parser import Arguments


def execute(arguments: Arguments) -> int:
    """Print every run of the store, newest first."""
    store = store_at(arguments.store)
    runs = listed_runs(store)
    if arguments.json:
        say_json({"store": store.url, "runs": [run._asdict() for run in runs]})
    elif runs:
        rows = [
            (
                run.run_id,
                run.suite,
                QUICK_LOOK if run.selection else run.tier,
                moment(run.created_at),
                run.verdict or "no report",
            )
            for run in runs
        ]
        say_table(("run", "suite", "tier", "created (UTC)", "verdict"), rows)
    else:
        say(f"no runs in {store.url}")
    return 0
