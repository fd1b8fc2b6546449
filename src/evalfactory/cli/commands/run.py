"""evalfactory run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...app.choosing import Choice
from ...app.places import store_option, try_command
from ...app.running import RunOptions, run
from ...errors import Exit, UsageError
from ...render.words import plural
from ..output import say, say_json, say_report, tell
from ..parser import Arguments
from ..places import suite_path
from ..progress import watching

if TYPE_CHECKING:
    from ...app.placing import ClusterOptions
    from ...manifests.order import JobOrder


def execute(arguments: Arguments) -> int:
    """Measure the suite and print its verdict."""
    path = suite_path(arguments.suite)
    wanted = options(arguments)
    if arguments.on == "kubernetes":
        from ...app.placing import site_of

        if arguments.detach:
            return _submit(path, wanted, arguments)
        wanted = replace(wanted, site=site_of(path, cluster_options(arguments)))
    elif arguments.detach:
        raise UsageError("--detach is for runs in a cluster", hint="--on kubernetes --detach")
    with watching(quiet=arguments.quiet) as observer:
        result = asyncio.run(run(path, wanted, observer))
    if result.problem:
        tell(result.problem)
    return say_report(result.report, result.told, as_json=arguments.json)


def _submit(path: Path, wanted: RunOptions, arguments: Arguments) -> int:
    """Begin the run in the cluster, and leave it there."""
    from ...app.placing import submit_run

    return say_left(asyncio.run(submit_run(path, wanted, cluster_options(arguments))).order, as_json=arguments.json)


def say_left(order: JobOrder, *, as_json: bool) -> int:
    """Say how to come back to a run that is left to itself."""
    run_id, store = order.plan.run_id, store_option(order.store)
    if as_json:
        say_json({"run_id": run_id, "job": order.name, "shards": len(order.shards), "store": order.store})
    else:
        say(f"run {run_id}: {plural(len(order.shards), 'shard')} in the Job {order.name}")
        say(f"how far it is: {try_command('status', run_id, *store)}")
        say(f"its report, once it is there: {try_command('report', run_id, *store)}")
        say(f"to follow it:  {try_command('resume', run_id, *store, '--on', 'kubernetes')}")
    return Exit.PASS


def cluster_options(arguments: Arguments) -> ClusterOptions:
    """What the command line says of the cluster."""
    from ...app.placing import ClusterOptions

    profile = Path(arguments.placement) if arguments.placement else None
    return ClusterOptions(arguments.context, arguments.namespace, profile)


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
