"""The pod that finishes a run which nobody follows: it waits for the Job, merges, and writes the report.

The one pod with a token of the cluster. Its only right is to read that Job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import Exit
from ..records.placement import Placement
from .job import spared
from .order import JobOrder
from .pod import CONTAINER, Manifest, pod_template
from .policy import metadata, network_policy, role

#: Where the API server listens: its Service, and what is behind it in most clusters.
API_PORTS = (443, 6443)
TRIES = 6  # of the merge; stores and nodes come and go
SUFFIX = "-report"

#: Exit codes with which another pod would fare no better: a wrong command, a damaged file, a missing extra.
HOPELESS = (Exit.USAGE, Exit.DATA, Exit.ENVIRONMENT)


@dataclass(frozen=True, slots=True)
class AggregatorOrder:
    """What the aggregator of a Job is asked for."""

    job: JobOrder
    baseline: str | None = None
    component: str = "aggregator"

    @property
    def placement(self) -> Placement:
        """That of the workers, with an image that can report, and without what only metrics need."""
        workers = self.job.placement
        update = {"image": workers.aggregator_image or workers.image, "gpu": None, "model_cache": None}
        return workers.model_copy(update={**update, "service_account": self.account})

    @property
    def account(self) -> str:
        """The service account: the workers' own where they have one, which may be their key to the store."""
        return self.job.placement.service_account or self.name

    @property
    def run_name(self) -> str:
        """The run's name as a label."""
        return self.job.run_name

    @property
    def name(self) -> str:
        """Of the Job and of everything that belongs to it."""
        return f"{self.job.name}{SUFFIX}"

    def arguments(self) -> list[str]:
        """The command line of the pod."""
        words = ["collect", self.job.plan.run_id, "--store", self.job.store_in_pods, "--after-job", self.job.name]
        return [*words, *(["--baseline", self.baseline] if self.baseline else [])]

    def ports(self) -> list[int]:
        """Of the store and the API server."""
        return sorted({*API_PORTS, *self.job.store_ports()})


def aggregator(order: AggregatorOrder) -> list[Manifest]:
    """Everything that the aggregator needs, in the order in which it is to be created; the Job comes last."""
    about = metadata(order)
    with_policy = order.placement.network_policy
    own_account = order.account == order.name
    return [
        *([_account(about)] if own_account else []),
        role(about, [_reads(order.job.name)]),
        _binding(about, order.account),
        *([network_policy(order, always=API_PORTS)] if with_policy else []),
        aggregator_job(order),
    ]


def aggregator_job(order: AggregatorOrder) -> Manifest:
    """The Job of one pod. It has no deadline: the Job that it waits for has one."""
    template = pod_template(order)
    template["spec"] |= {"automountServiceAccountToken": True, "serviceAccountName": order.account}
    rules = [
        spared(),
        {"action": "FailJob", "onExitCodes": _codes(HOPELESS)},
        {"action": "Ignore", "onExitCodes": _codes([Exit.TERMINATED])},
    ]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(order),
        "spec": {
            "backoffLimit": TRIES - 1,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": rules},
            "ttlSecondsAfterFinished": order.placement.keep_s,
            "template": template,
        },
    }


def _codes(codes: Sequence[int]) -> Manifest:
    return {"containerName": CONTAINER, "operator": "In", "values": sorted(codes)}


def _account(about: Manifest) -> Manifest:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": about, "automountServiceAccountToken": False}


def _reads(job: str) -> Manifest:
    return {"apiGroups": ["batch"], "resources": ["jobs"], "resourceNames": [job], "verbs": ["get"]}


def _binding(about: Manifest, account: str) -> Manifest:
    subject = {"kind": "ServiceAccount", "name": account}
    if "namespace" in about:
        subject["namespace"] = about["namespace"]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": about,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": about["name"]},
        "subjects": [subject],
    }
