"""evalfactory run."""

from __future__ import annotations

import asyncio

from ...app.choosing import Choice
from ...app.running import RunOptions, run
from ..output import say_report, tell
from ..parser import Arguments
from ..places import suite_path
from ..progress import watching


def execute(arguments: Arguments) -> int:
    """Measure the suite and print its verdict."""
    with watching(quiet=arguments.quiet) as observer:
        result = asyncio.run(run(suite_path(arguments.suite), options(arguments), observer))
    if result.problem:
        tell(result.problem)
    return say_report(result.report, result.told, as_json=arguments.json)


def options(arguments: Arguments) -> RunOptions:
    """What the command line says of a new run."""
    return RunOptions(
        tier=arguments.tier,
        workers=arguments.workers,
        store=arguments.store,
        run_id=arguments.run_id,
        baseline=arguments.baseline,
        fresh=arguments.fresh,
        choice=Choice(tuple(arguments.case), tuple(arguments.filter), arguments.limit),
        ahead=arguments.ahead,
    )
