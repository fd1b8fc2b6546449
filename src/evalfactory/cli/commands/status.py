"""evalfactory status."""

from __future__ import annotations

from ...app.places import store_option, try_command
from ...app.status import run_status
from ...render.words import count, plural
from ..output import moment, say, say_json
from ..parser import Arguments
from ..places import run_of


def execute(arguments: Arguments) -> int:
    """Print how far a run is."""
    store, keys = run_of(arguments)
    status = run_status(store, keys)
    if arguments.json:
        say_json(status._asdict())
        return 0
    say(f"run {status.run_id} · {status.suite}, tier {status.tier}, planned {moment(status.created_at)} UTC")
    say(f"{status.state}: {status.committed} of {plural(status.shards, 'shard')} committed")
    counts = ("scored", "errored", "skipped", "kept", "pending")
    told = " · ".join(f"{count(getattr(status, name))} {name}" for name in counts)
    say(f"{count(status.planned)} planned · {told}")
    if status.verdict:
        say(f"verdict of the newest report: {status.verdict}")
    if status.committed < status.shards:
        say(f"go on with: {try_command('resume', status.run_id, *store_option(store.url))}")
    return 0
