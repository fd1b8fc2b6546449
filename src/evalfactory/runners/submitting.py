"""A Job for a run's open shards: made once, however often it is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from ..errors import EnvironmentProblem
from ..manifests.aggregator import AggregatorOrder, aggregator
from ..manifests.job import indexed_job
from ..manifests.names import COMPONENT_LABEL, JOB_LABEL, PLAN_DIGEST, RUN_LABEL, SHARDS, STORE
from ..manifests.order import JobOrder
from ..manifests.pod import Manifest
from ..manifests.policy import DETACHED_RIGHTS, network_policy
from ..planning.ranges import parse_ranges
from .cluster import Cluster

MOST_JOBS = 99  # of one run: more than anyone resumes it
LONG_GONE = timedelta(seconds=60)


class Submitted(NamedTuple):
    """The Job that works on the shards, and what it was asked for."""

    order: JobOrder
    job: Manifest
    is_new: bool


async def submit(cluster: Cluster, order: JobOrder, now: datetime) -> Submitted:
    """The run's Job that is at these shards already, unless it is stuck at nodes that are gone; else a new one.

    Raises:
        EnvironmentProblem: Another run has its name.
    """
    ours = {RUN_LABEL: order.run_name, COMPONENT_LABEL: order.component}
    known = {int(_number(job, order)): job for job in await cluster.list("Job", ours)}
    for job in known.values():
        _check_same_run(job, order)
    for number in sorted(known, reverse=True):
        taken = _taken_up(known[number], replace(order, number=number))
        if taken is not None and not is_stuck(await cluster.list("Pod", {JOB_LABEL: taken.order.name}), now):
            return taken
    for number in range(max(known, default=0) + 1, MOST_JOBS + 1):
        if made := await _made(cluster, replace(order, number=number)):
            return made
    raise EnvironmentProblem(f"run {order.plan.run_id} has {MOST_JOBS} Jobs already", hint="kubectl delete jobs")


async def leave(cluster: Cluster, finish: AggregatorOrder) -> bool:
    """Let the Job's aggregator finish the run; False if it is there already."""
    *beside, job = aggregator(finish)
    for each in beside:
        await cluster.create(each)
    made = await cluster.create(job)
    if made is None:
        return False
    for each in beside:  # so that it goes when the aggregator's Job goes
        await cluster.patch(each["kind"], finish.name, {"metadata": {"ownerReferences": [_owner(made)]}})
    return True


async def check_may_leave(cluster: Cluster) -> None:
    """Return if we may make an aggregator here.

    Raises:
        EnvironmentProblem: We may not.
    """
    for group, resources, verbs in DETACHED_RIGHTS:
        for resource in resources:
            if lacking := [verb for verb in verbs if not await cluster.allows(verb, group, resource)]:
                raise EnvironmentProblem(
                    f"--detach needs an account for the pod that reports, and you may not {' and '.join(lacking)} {resource}",
                    hint="the Role of `evalfactory render kubernetes SUITE --access --detach`; or run without --detach",
                )


def is_over(job: Manifest) -> bool:
    """Whether it starts no more pods."""
    ended = any(
        condition.get("status") == "True" and condition.get("type") in ("Complete", "Failed", "FailureTarget")
        for condition in job.get("status", {}).get("conditions", ())
    )
    return ended or "deletionTimestamp" in job["metadata"]


def is_stuck(pods: Iterable[Manifest], now: datetime) -> bool:
    """Whether all that is left of a Job are pods that should be gone for long: Kubernetes replaces none of them."""
    left = [pod for pod in pods if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")]
    return bool(left) and all(_should_be_gone(pod, now) for pod in left)


def _should_be_gone(pod: Manifest, now: datetime) -> bool:
    due = pod["metadata"].get("deletionTimestamp")  # its grace period included
    return due is not None and now - datetime.fromisoformat(due) > LONG_GONE


def shards_of(job: Manifest) -> tuple[int, ...]:
    """The shards of its indexes; none if it does not say."""
    with contextlib.suppress(ValueError):
        return parse_ranges(job["metadata"].get("annotations", {}).get(SHARDS, ""))
    return ()


def _number(job: Manifest, order: JobOrder) -> int:
    """Which of the run's Jobs it is."""
    tail = str(job["metadata"]["name"]).removeprefix(order.run_name).removeprefix("-r")
    return int(tail) if tail.isdigit() else 1


def _check_same_run(job: Manifest, order: JobOrder) -> None:
    said = job["metadata"].get("annotations", {})
    if (said.get(PLAN_DIGEST), said.get(STORE)) != (order.plan.digest, order.store_in_pods):
        raise EnvironmentProblem(
            f"the Job {job['metadata']['name']} belongs to another run of this id: plan {str(said.get(PLAN_DIGEST))[:12]} "
            f"in {said.get(STORE)}",
            hint="choose another --run-id",
        )


def _taken_up(job: Manifest, order: JobOrder) -> Submitted | None:
    """The Job, if it is still at every shard that is open."""
    its = shards_of(job)
    if is_over(job) or not set(order.shards) <= set(its):
        return None
    return Submitted(replace(order, shards=its), job, is_new=False)


async def _made(cluster: Cluster, order: JobOrder) -> Submitted | None:
    """The Job, made now with its policy; None if something of its name is still there."""
    with_policy = order.placement.network_policy
    if with_policy:
        await cluster.create(network_policy(order))
    job = await cluster.create(indexed_job(order))
    if job is None:
        return None
    if with_policy:  # so that it goes when the Job goes
        await cluster.patch("NetworkPolicy", order.name, {"metadata": {"ownerReferences": [_owner(job)]}})
    return Submitted(order, job, is_new=True)


def _owner(job: Manifest) -> Manifest:
    return {"apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"], "uid": job["metadata"]["uid"]}
