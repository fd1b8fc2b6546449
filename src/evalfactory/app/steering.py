"""A run in a cluster from outside: ended early, made faster or slower, its workers' words read."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from ..engine.frozen import frozen_cases
from ..errors import UsageError
from ..manifests.names import COMPONENT_LABEL, RUN_LABEL, base_name
from ..runners.cluster import Cluster
from ..runners.submitting import is_over
from ..storage.layout import RunKeys
from ..storage.port import Store
from .placing import ClusterOptions, connector, kept_placement
from .planning import read_plan

Result = TypeVar("Result")


class Steered(NamedTuple):
    """What was done to a run's Jobs."""

    run_id: str
    jobs: tuple[str, ...]
    pods: int  # at once, from now on


async def stop(store: Store, keys: RunKeys, options: ClusterOptions) -> Steered:
    """Ends the run's Jobs: their pods finish what they have in flight, keep it, and go."""

    async def end(cluster: Cluster) -> Steered:
        names = await _running(cluster, keys)
        for name in (*await _running(cluster, keys, "aggregator"), *names):  # it would report what is there
            await cluster.delete("Job", name)
        return Steered(keys.run_id, tuple(names), 0)

    return await _in_cluster(store, keys, options, end)


async def scale(store: Store, keys: RunKeys, pods: int, options: ClusterOptions) -> Steered:
    """Lets the run's Job have so many pods at once."""

    async def change(cluster: Cluster) -> Steered:
        names = await _running(cluster, keys)
        for name in names:
            await cluster.patch("Job", name, {"spec": {"parallelism": pods}})
        return Steered(keys.run_id, tuple(names), pods)

    return await _in_cluster(store, keys, options, change)


async def _in_cluster(
    store: Store, keys: RunKeys, options: ClusterOptions, do: Callable[[Cluster], Awaitable[Result]]
) -> Result:
    placement = kept_placement(store, keys)
    if placement is None:
        raise UsageError(f"run {keys.run_id} was never on Kubernetes", hint="`evalfactory run --on kubernetes`")
    cluster = connector(placement, options)()
    try:
        return await do(cluster)
    finally:
        await cluster.close()


async def sweep(store: Store, runs: Sequence[RunKeys], options: ClusterOptions) -> list[str]:
    """The names of the Jobs that were left of these runs, and are removed now. Kubernetes does so by itself after `keep_s`."""
    removed: list[str] = []
    for keys in runs:
        placement = kept_placement(store, keys)
        if placement is None:
            continue
        cluster = connector(placement, options)()
        try:
            jobs = await cluster.list("Job", {RUN_LABEL: base_name(keys.run_id)})
            over = [str(job["metadata"]["name"]) for job in jobs if is_over(job)]
            for name in over:
                await cluster.delete("Job", name)
            removed += over
        finally:
            await cluster.close()
    return removed


async def _running(cluster: Cluster, keys: RunKeys, component: str = "worker") -> list[str]:
    """The names of the run's Jobs that are not over. Raises `UsageError` when no worker is at work."""
    jobs = await cluster.list("Job", {RUN_LABEL: base_name(keys.run_id), COMPONENT_LABEL: component})
    names = [str(job["metadata"]["name"]) for job in jobs if not is_over(job)]
    if not names and component == "worker":
        raise UsageError(f"run {keys.run_id} has no Job that is at work in {cluster.namespace}")
    return names


class LogLine(NamedTuple):
    """A line of a worker's log, as it is kept in the store."""

    time: str
    run: str
    attempt: str
    shard: int | None
    level: str
    message: str


def logs(store: Store, keys: RunKeys, *, shard: int | None = None, case: str | None = None) -> list[LogLine]:
    """What the run's workers said, by time; of one shard, or of the shard that a case is in. They outlive the pods.

    Raises:
        UsageError: The run has no such case.
    """
    if case is not None:
        shard = _shard_of_case(store, keys, case)
    lines = [line for entry in store.list(keys.logs_folder) for line in _lines(store.read(entry.key))]
    return sorted(line for line in lines if shard is None or line.shard in (None, shard))


def _shard_of_case(store: Store, keys: RunKeys, case: str) -> int:
    plan = read_plan(store, keys)
    for shard in plan.shards:
        for piece in frozen_cases(store, keys, shard):
            if any(frozen.case.id == case for frozen in piece):
                return shard.index
    raise UsageError(f"run {keys.run_id} has no case {case!r}")


def _lines(body: bytes) -> Iterator[LogLine]:
    for line in body.decode("utf-8", "replace").splitlines():
        with suppress(ValueError):
            row = json.loads(line)
            if isinstance(row, dict):
                yield _line(row)


def _line(row: dict[str, Any]) -> LogLine:
    shard = row.get("shard")
    texts = [str(row.get(key, "")) for key in ("time", "run", "attempt", "level", "message")]
    return LogLine(texts[0], texts[1], texts[2], shard if isinstance(shard, int) else None, texts[3], texts[4])
