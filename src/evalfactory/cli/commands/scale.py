"""evalfactory scale."""

from __future__ import annotations

import asyncio

from ...app.steering import scale
from ...render.words import plural
from ..output import say, say_json
from ..parser import Arguments
from ..places import run_of
from .run import cluster_options


def execute(arguments: Arguments) -> int:
    """Change how many pods a run has at once."""
    store, keys = run_of(arguments)
    scaled = asyncio.run(scale(store, keys, arguments.pods, cluster_options(arguments)))
    if arguments.json:
        say_json(scaled._asdict())
    else:
        say(f"run {scaled.run_id} may have {plural(scaled.pods, 'pod')} at once")
    return 0
