"""evalfactory clean."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ...app.cleaning import Cleaned, clean
from ...app.places import store_at
from ...app.retention import Wish
from ...errors import UsageError
from ...render.words import count, plural
from ..output import moment, say, say_json, say_table, tell
from ..parser import Arguments
from .run import cluster_options


def execute(arguments: Arguments) -> int:
    """Remove old runs, and say what became of each."""
    if arguments.keep is None and arguments.older_than is None:
        raise UsageError("what may go?", hint="--keep 10, --older-than 30d, or both; --dry-run first")
    store = store_at(arguments.store)
    wish = Wish(arguments.keep, arguments.older_than, datetime.now(UTC))
    if arguments.on == "kubernetes" and not arguments.dry_run:
        _sweep(arguments, [run for run in clean(store, wish, dry_run=True) if run.fate != "kept"])
    cleaned = clean(store, wish, dry_run=arguments.dry_run)
    if arguments.json:
        say_json({"store": store.url, "dry_run": arguments.dry_run, "runs": [run._asdict() for run in cleaned]})
        return 0
    rows = [(run.run_id, run.suite, moment(run.created_at), run.fate, run.why) for run in cleaned]
    if rows:
        say_table(("run", "suite", "created (UTC)", "fate", "why"), rows)
    say(_total(cleaned, dry_run=arguments.dry_run))
    return 0


def _sweep(arguments: Arguments, going: list[Cleaned]) -> None:
    """Remove what is left of these runs in the cluster."""
    from ...app.steering import sweep
    from ...storage.layout import RunKeys

    runs = [RunKeys(run.suite, run.run_id) for run in going]
    for job in asyncio.run(sweep(store_at(arguments.store), runs, cluster_options(arguments))):
        tell(f"the Job {job} is removed")


def _total(cleaned: list[Cleaned], *, dry_run: bool) -> str:
    objects, size = sum(run.objects for run in cleaned), sum(run.bytes for run in cleaned)
    would = "would remove" if dry_run else "removed"
    return f"{would} {plural(objects, 'object')} of {count(round(size / 1000))} kB"
