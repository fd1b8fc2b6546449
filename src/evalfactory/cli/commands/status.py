"""evalfactory status."""

from __future__ import annotations

from ...app.places import store_option, try_command
from ...app.status import RunStatus, run_status
from ...render.words import QUICK_LOOK, count, plural
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
    scope = f"{QUICK_LOOK} ({status.selection})" if status.selection else f"tier {status.tier}"
    say(f"run {status.run_id} · {status.suite}, {scope}, planned {moment(status.created_at)} UTC")
    say(f"{status.state}: {status.committed} of {plural(status.shards, 'shard')} committed")
    say(f"{count(status.planned)} planned · {_counts(status)}")
    if status.aggregator:
        say(f"the aggregator {status.aggregator}")
    if status.verdict:
        say(f"verdict of the newest report: {status.verdict}")
    if status.committed < status.shards:
        say(f"go on with: {try_command('resume', status.run_id, *store_option(store.url))}")
    elif not status.verdict:
        say(f"get the report with: {try_command('collect', status.run_id, *store_option(store.url))}")
    return 0


def _counts(status: RunStatus) -> str:
    """How many slots are where; what there is none of is left out, but for the first and the last."""
    counts = (
        (status.scored, "scored"), (status.errored, "errored"), (status.skipped, "skipped"),
        (status.kept, "measured in shards that are not finished"), (status.pending, "pending"),
    )  # fmt: skip
    return " · ".join(f"{count(number)} {what}" for number, what in counts if number or what in ("scored", "pending"))
