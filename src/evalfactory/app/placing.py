"""Where a run's workers are, when they are pods: from the suite's placement to a runner of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ..errors import InputError, Problem, UsageError
from ..manifests.aggregator import AggregatorOrder
from ..manifests.order import JobOrder
from ..records.placement import Placement
from ..records.suite import Execution
from ..runners.cluster import Cluster
from ..runners.kubernetes import KubernetesRunner, keep_placement
from ..runners.port import Runner
from ..runners.submitting import Submitted, check_may_leave, leave, submit
from ..storage.layout import RunKeys
from ..storage.port import Store
from ..suites import load_placement, load_suite
from .places import SUITE, store_for, store_option, try_command
from .planning import read_plan
from .running import RunOptions, plan_run, uncommitted


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """What the command line says of the cluster."""

    context: str | None = None
    namespace: str | None = None
    placement: Path | None = None  # a file of its own, instead of the suite's


@dataclass(frozen=True, slots=True)
class KubernetesSite:
    """Pods of a cluster."""

    placement: Placement
    options: ClusterOptions = ClusterOptions()

    def shards(self, execution: Execution) -> int | None:
        """Several for each pod, so that a late one holds up little."""
        return None if execution.shards else self.placement.pods * self.placement.shards_per_pod

    def runner(self, store: Store, workers: int | None) -> Runner:
        """A runner of pods, as many as `workers` says or the placement."""
        check_store(store, self.placement)
        pods = self.placement if workers is None else self.placement.model_copy(update={"pods": workers})
        return KubernetesRunner(pods, store, connector(self.placement, self.options))


def connector(placement: Placement | None, options: ClusterOptions) -> Callable[[], Cluster]:
    """What connects to the cluster that is meant, and raises `EnvironmentProblem` when there is none."""

    def connect() -> Cluster:
        from ..runners.lightkube_cluster import connect as lightkube

        namespace = options.namespace or (placement.namespace if placement else None)
        return lightkube(options.context, namespace)

    return connect


def site_of(path: Path, options: ClusterOptions) -> KubernetesSite:
    """The site that a suite's placement describes. Raises `InputError` when it has none."""
    return KubernetesSite(placement_of(path, options), options)


def placement_of(path: Path, options: ClusterOptions) -> Placement:
    """The suite's placement, in the namespace that the command line names."""
    loaded = load_suite(path)
    placement = loaded.suite.placement if options.placement is None else load_placement(path, options.placement)
    if placement is None:
        hint = "placement: {image: registry.example.org/evalfactory:0.1.0}"
        problem = Problem("is missing", file=str(loaded.path), field="placement", hint=f"{hint}, or --placement FILE")
        raise InputError("the suite does not say what pods should run", (problem,))
    update = {"namespace": options.namespace} if options.namespace else {}
    return placement.model_copy(update=update)


def check_store(store: Store, placement: Placement) -> None:
    """Return if pods can see the store. Raises `UsageError` for a folder of this machine."""
    on_this_machine = store.url.startswith("file://") or "://" not in store.url
    if on_this_machine and placement.store is None:
        raise UsageError(
            f"pods cannot see {store.url}, a folder of this machine",
            hint="--store s3://bucket/prefix; or `placement.store`, for a volume that holds the same folder",
        )


async def order_for(path: Path, options: RunOptions, cluster: ClusterOptions) -> JobOrder:
    """What `run --on kubernetes` would ask a cluster for, of a plan that is in the store afterwards."""
    site = site_of(path, cluster)
    loaded = load_suite(path)
    store = store_for(loaded, options.store)
    check_store(store, site.placement)
    plan = await plan_run(loaded, store, replace(options, site=site))
    pods = site.placement if options.workers is None else site.placement.model_copy(update={"pods": options.workers})
    return JobOrder(plan, pods, store.url, tuple(range(len(plan.shards))))


async def submit_run(path: Path, options: RunOptions, cluster: ClusterOptions) -> Submitted:
    """The Job of a new run, which its aggregator finishes."""
    order = await order_for(path, options, cluster)
    store = store_for(load_suite(path), options.store)
    return await _leave(store, order, options.baseline, cluster)


async def submit_rest(store: Store, keys: RunKeys, options: RunOptions, site: KubernetesSite) -> Submitted:
    """The Job of what is missing of a run, which its aggregator finishes.

    Raises:
        UsageError: Nothing is missing.
    """
    check_store(store, site.placement)
    plan = await asyncio.to_thread(read_plan, store, keys)
    missing = await asyncio.to_thread(uncommitted, store, keys, plan)
    if not missing:
        again = try_command("collect", keys.run_id, *store_option(store.url))
        raise UsageError(f"run {keys.run_id} has nothing left for pods to do", hint=again)
    pods = site.placement if options.workers is None else site.placement.model_copy(update={"pods": options.workers})
    order = JobOrder(plan, pods, store.url, tuple(sorted(missing)))
    return await _leave(store, order, options.baseline, site.options)


async def _leave(store: Store, order: JobOrder, baseline: str | None, cluster: ClusterOptions) -> Submitted:
    """Submit, and leave the rest to the cluster."""
    keep_placement(store, order.plan, order.placement)
    connection = await asyncio.to_thread(connector(order.placement, cluster))
    try:
        await check_may_leave(connection)
        submitted = await submit(connection, order, datetime.now(UTC))
        await leave(connection, AggregatorOrder(submitted.order, baseline))
        return submitted
    finally:
        await connection.close()


def kept_placement(store: Store, keys: RunKeys) -> Placement | None:
    """Where the run's pods were placed; None if it never had any."""
    try:
        return Placement.model_validate_json(store.read(keys.placement))
    except FileNotFoundError:
        return None


def site_of_run(store: Store, keys: RunKeys, suite: Path | None, options: ClusterOptions) -> KubernetesSite:
    """The site of a run that was planned: the suite's if that is named, else the one that the run had before."""
    if suite is not None or options.placement is not None:
        return site_of(suite or SUITE, options)
    read_plan(store, keys)
    placement = kept_placement(store, keys)
    if placement is None:
        raise UsageError(f"run {keys.run_id} was never on Kubernetes", hint="name its suite: --suite suite.yaml")
    if options.namespace:
        placement = placement.model_copy(update={"namespace": options.namespace})
    return KubernetesSite(placement, options)
