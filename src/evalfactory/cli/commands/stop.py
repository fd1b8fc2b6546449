"""evalfactory stop."""

from __future__ import annotations

import asyncio

from ...app.places import store_option, try_command
from ...app.steering import stop
from ..output import say, say_json
from ..parser import Arguments
from ..places import run_of
from .run import cluster_options


def execute(arguments: Arguments) -> int:
    """End a run's pods; what they have measured is kept."""
    store, keys = run_of(arguments)
    stopped = asyncio.run(stop(store, keys, cluster_options(arguments)))
    if arguments.json:
        say_json(stopped._asdict())
    else:
        say(f"run {stopped.run_id} is stopped; everything measured is kept")
        say(f"go on with: {try_command('resume', stopped.run_id, *store_option(store.url), '--on', 'kubernetes')}")
    return 0
