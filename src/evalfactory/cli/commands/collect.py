"""evalfactory collect."""

from __future__ import annotations

from ...app.collecting import CollectOptions
from ...app.telling import collect_and_write
from ..output import say_report
from ..parser import Arguments
from ..places import run_of


def execute(arguments: Arguments) -> int:
    """Merge, write the report, print the verdict."""
    store, keys = run_of(arguments)
    report, told = collect_and_write(store, keys, CollectOptions(baseline=arguments.baseline))
    return say_report(report, told, as_json=arguments.json)
