"""evalfactory logs."""

from __future__ import annotations

from ...app.steering import logs
from ..output import say, say_json, tell
from ..parser import Arguments
from ..places import run_of


def execute(arguments: Arguments) -> int:
    """Print what a run's workers said, by time."""
    store, keys = run_of(arguments)
    lines = logs(store, keys, shard=arguments.shard, case=arguments.case)
    if arguments.json:
        say_json({"run_id": keys.run_id, "lines": [line._asdict() for line in lines]})
        return 0
    for line in lines:
        shard = "" if line.shard is None else f" shard {line.shard}"
        say(f"{line.time} {line.run}{shard} {line.attempt} {line.level}: {line.message}")
    if not lines:
        tell("no worker has kept a log yet: they do when they end")
    return 0
