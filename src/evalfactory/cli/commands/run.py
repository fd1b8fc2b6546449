"""evalfactory run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from ...app.choosing import Choice
from ...app.running import RunOptions, run
from ..output import say_report, tell
from ..parser import Arguments
from ..places import suite_path
from ..progress import watching

if TYPE_CHECKING:
    from ...app.placing import ClusterOptions


def execute(arguments: Arguments) -> int:
    """Measure the suite and print its verdict."""
    path = suite_path(arguments.suite)
    wanted = options(arguments)
    if arguments.on == "kubernetes":
        from ...app.placing import site_of

        wanted = replace(wanted, site=site_of(path, cluster_options(arguments)))
    with watching(quiet=arguments.quiet) as observer:
        result = asyncio.run(run(path, wanted, observer))
    if result.problem:
        tell(result.problem)
    return say_report(result.report, result.told, as_json=arguments.json)


def cluster_options(arguments: Arguments) -> ClusterOptions:
    """What the command line says of the cluster."""
    from ...app.placing import ClusterOptions

    return ClusterOptions(arguments.context, arguments.namespace)


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
    )
