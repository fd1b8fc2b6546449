"""evalfactory resume."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ...app.planning import read_plan
from ...app.running import RunOptions, resume
from ...errors import UsageError
from ..output import say_report, tell
from ..parser import Arguments
from ..places import run_of, suite_path
from ..progress import watching
from .run import cluster_options, say_left


def execute(arguments: Arguments) -> int:
    """Measure what is missing and print the verdict."""
    store, keys = run_of(arguments)
    plan = read_plan(store, keys)
    folder = suite_path(arguments.suite).parent if arguments.suite else Path()
    site = None
    if arguments.on == "kubernetes":
        from ...app.placing import site_of_run

        suite = suite_path(arguments.suite) if arguments.suite else None
        site = site_of_run(store, keys, suite, cluster_options(arguments))
    elif arguments.detach:
        raise UsageError("--detach is for runs in a cluster", hint="--on kubernetes --detach")
    options = RunOptions(workers=arguments.workers, baseline=arguments.baseline, site=site, ahead=arguments.ahead)
    if arguments.detach and site is not None:
        from ...app.placing import submit_rest

        return say_left(asyncio.run(submit_rest(store, keys, options, site)).order, as_json=arguments.json)
    with watching(quiet=arguments.quiet) as observer:
        result = asyncio.run(resume(store, keys, plan, options, observer, folder))
    if result.problem:
        tell(result.problem)
    return say_report(result.report, result.told, as_json=arguments.json)
