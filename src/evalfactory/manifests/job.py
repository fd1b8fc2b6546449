"""The Indexed Job of a run: one index a shard, more shards than pods, a budget of failures for each index."""

from __future__ import annotations

import math

from ..errors import Exit
from ..planning.ranges import ranges_text
from .names import PLAN_DIGEST, RUN_ID, SHARDS, STORE, SUITE
from .order import JobOrder
from .pod import CONTAINER, Manifest, labels, pod_template

FAILED_SHARE = 0.1  # of the shards that may fail before the rest is not worth paying for

#: Exit codes with which no other pod would fare better: a wrong command, a refused key, another plan or version.
HOPELESS = (Exit.USAGE, Exit.REFUSED, Exit.ENVIRONMENT)


def indexed_job(order: JobOrder) -> Manifest:
    """The Job. It never says `suspend`, which belongs to queues."""
    placement = order.placement
    shards = len(order.shards)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _metadata(order),
        "spec": {
            "completionMode": "Indexed",
            "completions": shards,
            "parallelism": min(placement.pods, shards),
            "backoffLimitPerIndex": placement.tries - 1,
            "maxFailedIndexes": min(shards, placement.max_failed_shards or math.ceil(shards * FAILED_SHARE)),
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": failure_rules()},
            "activeDeadlineSeconds": placement.deadline_s,
            "ttlSecondsAfterFinished": placement.keep_s,
            "template": pod_template(order),
        },
    }


def failure_rules() -> list[Manifest]:
    """What a pod's end means; the first rule that fits counts, and what fits none counts against its index."""
    return [
        spared(),
        {"action": "FailJob", "onExitCodes": _codes(*HOPELESS)},
        {"action": "FailIndex", "onExitCodes": _codes(Exit.DATA)},
        {"action": "Ignore", "onExitCodes": _codes(Exit.TERMINATED)},  # suspended, deleted, drained: nobody's fault
    ]


def spared() -> Manifest:
    """The rule for pods that ended by no fault of theirs: disrupted, or deleted while they waited for a node."""
    conditions = [{"type": "DisruptionTarget", "status": "True"}, {"type": "PodScheduled", "status": "False"}]
    return {"action": "Ignore", "onPodConditions": conditions}


def _codes(*codes: int) -> Manifest:
    return {"containerName": CONTAINER, "operator": "In", "values": sorted(codes)}


def _metadata(order: JobOrder) -> Manifest:
    placement, plan = order.placement, order.plan
    annotations = {
        **placement.annotations,
        RUN_ID: plan.run_id,
        SUITE: plan.suite,
        STORE: order.store_in_pods,
        PLAN_DIGEST: plan.digest,
        SHARDS: ranges_text(order.shards),
    }
    marked = labels(order)
    if placement.queue is not None:
        marked["kueue.x-k8s.io/queue-name"] = placement.queue
        annotations["kueue.x-k8s.io/job-min-parallelism"] = "1"  # fewer pods at once are better than none
    metadata: Manifest = {"name": order.name, "labels": marked, "annotations": annotations}
    return metadata if placement.namespace is None else {**metadata, "namespace": placement.namespace}
