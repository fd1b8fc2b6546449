"""evalfactory status."""

from __future__ import annotations

from ...app.status import run_status
from ..output import at, command, say, say_json
from ..parser import Arguments
from ..places import run_of


def execute(arguments: Arguments) -> int:
    """Print how far a run is."""
    store, keys = run_of(arguments)
    status = run_status(store, keys)
    if arguments.json:
        say_json(status._asdict())
        return 0
    done = status.scored + status.errored + status.skipped
    say(f"{status.run_id}  {status.suite}, tier {status.tier}, begun {status.created_at}")
    say(f"{status.state}: {status.committed} of {status.shards} shards committed")
    say(
        f"{done} of {status.planned} slots committed ({status.scored} scored, {status.errored} errored,"
        f" {status.skipped} skipped), {status.kept} more measured and kept"
    )
    if status.committed < status.shards:
        say(f"go on with: {command('resume', status.run_id, *at(store.url))}")
    return 0
