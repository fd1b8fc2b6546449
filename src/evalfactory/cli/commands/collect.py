"""evalfactory collect."""

from __future__ import annotations

from ...app.collecting import CollectOptions, collect
from ...app.telling import write_report
from ..output import say_report
from ..parser import Arguments
from ..places import run_of


def execute(arguments: Arguments) -> int:
    """Merge, write the report, print the verdict."""
    store, keys = run_of(arguments)
    collected = collect(store, keys, CollectOptions(baseline=arguments.baseline))
    told = write_report(store, keys, collected)
    return say_report(collected.report, told, as_json=arguments.json)
