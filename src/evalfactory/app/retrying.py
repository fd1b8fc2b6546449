"""A child run: a parent's errored slots, measured again; the parent stays as it is."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ..engine.frozen import frozen_cases
from ..errors import UsageError
from ..records.case import FrozenCase
from ..records.measurement import Usage
from ..records.plan import Parent, Plan, ShardPlan, content_digest
from ..storage.layout import RunKeys
from ..storage.port import Store
from .freezing import CaseFiles
from .places import store_option, try_command
from .planning import agree, check_whole, read_plan
from .registry import check_baseline, entry_of, register
from .reports import read_report, reported_measurements
from .running import Observer, RunOptions, RunResult, new_run_id, resume

CASES_A_SHARD = 50


async def retry_errored(store: Store, plan: Plan, options: RunOptions, observer: Observer, folder: Path) -> RunResult:
    """The child run's result, told over all of the parent's slots.

    Raises:
        UsageError: The parent has no report, slots of it are missing, or none is errored.
    """
    await asyncio.to_thread(check_baseline, store, options.baseline, plan.suite)
    child = await asyncio.to_thread(plan_child, store, plan, new_run_id(options.run_id))
    keys = RunKeys(child.suite, child.run_id)
    return await resume(store, keys, child, options, observer, folder)


def plan_child(store: Store, parent: Plan, run_id: str) -> Plan:
    """The plan of the parent's errored slots, in the store."""
    keys = RunKeys(parent.suite, parent.run_id)
    check_whole(store, keys)
    report = read_report(store, keys)
    if report.counts.missing:
        again = try_command("resume", parent.run_id, *store_option(store.url))
        raise UsageError(f"run {parent.run_id} is not complete", hint=again)
    errored: dict[str, set[str]] = defaultdict(set)
    for measurement in reported_measurements(store, keys):
        if measurement.state == "errored":
            errored[measurement.case_id].add(measurement.metric)
    if not errored:
        raise UsageError(f"run {parent.run_id} has no errored slot: there is nothing to retry")
    child_keys = RunKeys(parent.suite, run_id)
    shards = _write(CaseFiles(store, child_keys), list(_wanted(store, parent, errored)), parent.execution.repeats)
    plan = parent.model_copy(
        update={
            "run_id": run_id,
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "cases": sum(shard.cases for shard in shards),
            "slots": sum(shard.slots for shard in shards),
            "skipped": 0,
            "planning": Usage(),
            "shards": tuple(shards),
            "parent": Parent(run_id=parent.run_id, results_digest=report.results_digest),
        }
    )
    plan = agree(store, child_keys, plan.model_copy(update={"digest": content_digest(plan.model_dump(mode="json"))}))
    register(store, entry_of(plan))
    return plan


def _wanted(store: Store, plan: Plan, errored: dict[str, set[str]]) -> Iterator[FrozenCase]:
    root = plan
    while root.parent is not None:
        root = read_plan(store, RunKeys(plan.suite, root.parent.run_id))
    keys = RunKeys(root.suite, root.run_id)
    for shard in root.shards:
        for piece in frozen_cases(store, keys, shard):
            for frozen in piece:
                if frozen.case.id in errored:
                    metrics = tuple(name for name in frozen.metrics if name in errored[frozen.case.id])
                    yield frozen.model_copy(update={"metrics": metrics, "skipped": {}})


def _write(files: CaseFiles, cases: list[FrozenCase], repeats: int) -> list[ShardPlan]:
    for number, start in enumerate(range(0, len(cases), CASES_A_SHARD)):
        pile = cases[start : start + CASES_A_SHARD]
        slots = sum(len(frozen.metrics) for frozen in pile) * repeats
        lines = [frozen.model_dump_json(exclude_defaults=True).encode() + b"\n" for frozen in pile]
        shard = ShardPlan(
            index=number, cases=len(pile), slots=slots, weight=slots, file="", offset=0, length=0, sha256=""
        )
        files.add(shard, b"".join(lines))
    return files.finish()
