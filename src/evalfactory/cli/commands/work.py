"""evalfactory work."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from ...app.places import store_at, store_for
from ...app.planning import read_plan
from ...app.registry import find_run
from ...errors import EnvironmentProblem, Exit, InputError, UsageError
from ...records.plan import Plan
from ...settings import environment
from ...storage.layout import RunKeys
from ...storage.port import Store
from ...suites import load_suite
from ...worker.single import work_on
from ..output import say_json, tell
from ..parser import Arguments
from ..places import suite_path


class Work(NamedTuple):
    """What a worker needs to begin. Modules of the user's own are looked for in the folder."""

    store: Store
    plan: Plan
    folder: Path


def execute(arguments: Arguments) -> int:
    """Work on one shard; 0 means that it is committed."""
    if not arguments.run_id:
        raise UsageError("which run? every worker of a run has the same --run-id", hint="--run-id nightly-7")
    shard = _shard(arguments)
    try:
        store, plan, folder = _with_suite(arguments) if arguments.suite else _without_suite(arguments)
    except InputError as error:  # whoever restarts workers must not take it for the data of this shard alone
        raise EnvironmentProblem(error.said, hint=error.hint) from error
    _check(arguments, plan, shard)
    worked = work_on(store, plan, shard, folder, dict(arguments.address))
    for note in worked.notes:
        tell(note)
    if arguments.json:
        say_json({"run_id": plan.run_id, "shard": shard, "shards": len(plan.shards), "exit_code": Exit.PASS})
    else:
        tell(f"shard {shard} of run {plan.run_id} is committed")
    return Exit.PASS


def _shard(arguments: Arguments) -> int:
    """The shard at this worker's index: of the plan's, or of those that are still open."""
    index = _index(arguments)
    if arguments.shards is None:
        return index
    if index >= len(arguments.shards):
        raise UsageError(f"index {index} does not exist: --shards names {len(arguments.shards)}")
    return int(arguments.shards[index])


def _index(arguments: Arguments) -> int:
    if arguments.shard_index is not None:
        return int(arguments.shard_index)
    text = environment().get("JOB_COMPLETION_INDEX", "")
    if not text.isascii() or not text.isdigit():
        said = f"JOB_COMPLETION_INDEX is no index from 0: {text!r}" if text else "which shard?"
        raise UsageError(said, hint="--shard-index N, or set JOB_COMPLETION_INDEX")
    return int(text)


def _with_suite(arguments: Arguments) -> Work:
    """Whoever comes first writes the plan."""
    loaded = load_suite(suite_path(arguments.suite))
    store = store_for(loaded, arguments.store)
    if arguments.total_shards is not None:
        from ...app.running import plan_run  # a pod, whose run is planned, need not wait for it
        from .run import options

        plan = asyncio.run(plan_run(loaded, store, options(arguments), shards=arguments.total_shards))
        return Work(store, plan, loaded.folder)
    try:
        return Work(store, read_plan(store, RunKeys(loaded.suite.name, arguments.run_id)), loaded.folder)
    except UsageError as error:
        raise UsageError(error.message, hint="--total-shards M, to plan it") from None


def _without_suite(arguments: Arguments) -> Work:
    store = store_at(arguments.store, patient=True)
    return Work(store, read_plan(store, find_run(store, arguments.run_id)), Path())


def _check(arguments: Arguments, plan: Plan, shard: int) -> None:
    if arguments.plan_digest and plan.digest != arguments.plan_digest:
        raise EnvironmentProblem(f"run {plan.run_id} has plan {plan.digest}, not {arguments.plan_digest}")
    if arguments.total_shards not in (None, len(plan.shards)):
        raise EnvironmentProblem(
            f"run {plan.run_id} has {len(plan.shards)} shards, not {arguments.total_shards}",
            hint="a plan has no more shards than cases; use the same number for every worker",
        )
    if shard >= len(plan.shards):
        raise UsageError(f"shard {shard} does not exist: run {plan.run_id} has the shards 0 to {len(plan.shards) - 1}")
