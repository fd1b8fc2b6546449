"""evalfactory bless."""

from __future__ import annotations

from ...app.blessing import bless, doubt_of
from ..output import say, say_json, tell
from ..parser import Arguments
from ..places import run_of


def execute(arguments: Arguments) -> int:
    """Point a baseline's name at a complete run."""
    store, keys = run_of(arguments)
    baseline = bless(store, keys, arguments.name)
    if doubt := doubt_of(store, keys):
        tell(f"a weak baseline: {doubt}")
    if arguments.json:
        say_json({"name": arguments.name, **baseline.model_dump(mode="json")})
    else:
        say(f"{arguments.name} now means run {baseline.run_id} of {baseline.suite}")
    return 0
