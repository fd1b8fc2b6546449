"""evalfactory judge-sim."""

from __future__ import annotations

import json
import sys

from ...judge.simulator.arguments import options_from
from ...judge.simulator.run import run_simulator
from ..output import say, tell
from ..parser import Arguments


def execute(arguments: Arguments) -> int:
    """Serve until stopped; then print the counters."""

    def ready(url: str) -> None:
        say(f"simulated judge at {url}" if not arguments.json else json.dumps({"base_url": url}))
        sys.stdout.flush()

    counters = run_simulator(options_from(arguments), arguments.host, arguments.port, ready)
    tell(json.dumps(counters))
    return 0
