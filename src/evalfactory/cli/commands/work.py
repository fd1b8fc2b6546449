"""evalfactory work."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ...app.places import store_at, store_for
from ...app.planning import read_plan
from ...app.registry import find_run
from ...app.running import plan_run
from ...errors import EnvironmentProblem, UsageError
from ...records.plan import Plan
from ...settings import environment
from ...storage.layout import RunKeys
from ...storage.port import Store
from ...suites import load_suite
from ...worker.single import work_on
from ..output import say_json, tell
from ..parser import Arguments
from ..places import suite_path
from .run import options


def execute(arguments: Arguments) -> int:
    """Work on one shard; 0 means that it is committed."""
    if not arguments.run_id:
        raise UsageError("which run? every worker of a run has the same --run-id", hint="--run-id nightly-7")
    store, plan, folder = _planned(arguments)
    if arguments.plan_digest and plan.digest != arguments.plan_digest:
        raise EnvironmentProblem(f"run {plan.run_id} has plan {plan.digest}, not {arguments.plan_digest}")
    shard = _shard(arguments, plan)
    code = work_on(store, plan, shard, folder)
    if arguments.json:
        say_json({"run_id": plan.run_id, "shard": shard, "shards": len(plan.shards), "exit_code": code})
    elif code == 0:
        tell(f"shard {shard} of run {plan.run_id} is committed")
    return code


def _planned(arguments: Arguments) -> tuple[Store, Plan, Path]:
    """The run's plan; with a suite, whoever comes first writes it."""
    if not arguments.suite:
        if not arguments.store:
            raise UsageError("name the suite, or the store that has the plan", hint="--store URL --run-id ID")
        store = store_at(arguments.store)
        return store, read_plan(store, find_run(store, arguments.run_id)), Path()
    loaded = load_suite(suite_path(arguments.suite))
    store = store_for(loaded, arguments.store)
    if arguments.total_shards is None:
        keys = RunKeys(loaded.suite.name, arguments.run_id)
        return store, read_plan(store, keys), loaded.folder
    plan = asyncio.run(plan_run(loaded, store, options(arguments), shards=arguments.total_shards))
    return store, plan, loaded.folder


def _shard(arguments: Arguments, plan: Plan) -> int:
    text = environment().get("JOB_COMPLETION_INDEX")
    index = (
        arguments.shard_index if arguments.shard_index is not None else int(text) if text and text.isdigit() else None
    )
    if index is None:
        raise UsageError("which shard? say --shard-index N, or set JOB_COMPLETION_INDEX")
    if arguments.total_shards is not None and arguments.total_shards != len(plan.shards):
        raise EnvironmentProblem(
            f"run {plan.run_id} has {len(plan.shards)} shards, not {arguments.total_shards}",
            hint="a plan has no more shards than cases; use the same number for every worker",
        )
    if index >= len(plan.shards):
        raise UsageError(f"shard {index} does not exist: run {plan.run_id} has the shards 0 to {len(plan.shards) - 1}")
    return int(index)
