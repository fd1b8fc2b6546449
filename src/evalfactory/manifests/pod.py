"""The pod that works on a shard: nothing in it needs a right, and nothing in it can be written but `/tmp`."""

from __future__ import annotations

from typing import Any

from ..records.placement import Claim, Files, Placement
from .merged import merged
from .names import COMPONENT_LABEL, JOB_LABEL, RUN_LABEL
from .order import PodOrder

Manifest = dict[str, Any]

CONTAINER = "worker"
USER_GROUP = 65532  # of the image; a claim's files must be its own
LOST_NODE_S = 60  # instead of five minutes, before the pods of a node that is gone are replaced


def pod_template(order: PodOrder) -> Manifest:
    """The Job's `template`."""
    placement = order.placement
    template: Manifest = {"metadata": _metadata(order), "spec": _spec(order)}
    return dict(merged(template, placement.pod_template))


def labels(order: PodOrder) -> dict[str, str]:
    """What everything of this Job is found by."""
    return {
        **order.placement.labels,
        "app.kubernetes.io/name": "evalfactory",
        COMPONENT_LABEL: order.component,
        "app.kubernetes.io/managed-by": "evalfactory",
        RUN_LABEL: order.run_name,
        JOB_LABEL: order.name,
    }


def _metadata(order: PodOrder) -> Manifest:
    ours = {
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",  # what it has measured is kept, the rest is done again
        "kueue.x-k8s.io/safe-to-forcefully-delete": "true",  # a twin of it does no harm
    }
    return {"labels": labels(order), "annotations": {**ours, **order.placement.annotations}}


def _spec(order: PodOrder) -> Manifest:
    placement = order.placement
    spec: Manifest = {
        "restartPolicy": "Never",  # the Job replaces pods, and counts
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": placement.grace_s,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "tolerations": [*_impatient(), *placement.tolerations],
        "topologySpreadConstraints": [_spread(order)],
        "containers": [_container(order)],
        "volumes": _volumes(placement),
    }
    if placement.store is not None:
        spec["securityContext"] |= {"fsGroup": USER_GROUP, "fsGroupChangePolicy": "OnRootMismatch"}
    optional = {
        "serviceAccountName": placement.service_account,
        "imagePullSecrets": [{"name": name} for name in placement.pull_secrets],
        "runtimeClassName": placement.runtime_class,
        "nodeSelector": placement.node_selector,
        "affinity": placement.affinity,
        "priorityClassName": placement.priority_class,
    }
    return spec | {key: value for key, value in optional.items() if value}


def _impatient() -> list[Manifest]:
    where = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
    rest = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": LOST_NODE_S}
    return [{"key": key, **rest} for key in where]


def _spread(order: PodOrder) -> Manifest:
    """Over nodes as far as it goes, so that images are fetched side by side, but never instead of running."""
    return {
        "maxSkew": 2,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {JOB_LABEL: order.name}},
    }


def _container(order: PodOrder) -> Manifest:
    placement = order.placement
    container: Manifest = {
        "name": CONTAINER,
        "image": placement.image,
        "imagePullPolicy": placement.pull_policy,
        "command": ["evalfactory"],
        "args": order.arguments(),
        "env": _environment(placement),
        "resources": _resources(placement),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",  # why it ended, without asking for its log
        "volumeMounts": _mounts(placement),
    }
    secrets = [{"secretRef": {"name": name}} for name in placement.env_from_secrets]
    maps = [{"configMapRef": {"name": name}} for name in placement.env_from_config_maps]
    return container | ({"envFrom": [*secrets, *maps]} if secrets or maps else {})


def _environment(placement: Placement) -> list[Manifest]:
    ours = {"HOME": "/tmp", "PYTHONHASHSEED": "0"}
    if placement.model_cache is not None:
        ours |= {"HF_HOME": placement.model_cache.path, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    plain = [{"name": name, "value": value} for name, value in {**ours, **placement.env}.items()]
    secret = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": source.secret, "key": source.key}}}
        for name, source in placement.secrets.items()
    ]
    return [*plain, *secret]


def _resources(placement: Placement) -> Manifest:
    devices = {} if placement.gpu is None else {placement.gpu.resource: str(placement.gpu.count)}
    asked = placement.resources
    both = {"requests": {**asked.requests, **devices}, "limits": {**asked.limits, **devices}}
    return {kind: amounts for kind, amounts in both.items() if amounts}


def _volumes(placement: Placement) -> list[Manifest]:
    volumes: list[Manifest] = [{"name": "tmp", "emptyDir": {}}]
    for name, claim, read_only in _claims(placement):
        volumes.append({"name": name, "persistentVolumeClaim": _claimed(claim, read_only=read_only)})
    for number, each in enumerate(placement.files):
        volumes.append({"name": f"files-{number}", **_source(each)})
    return volumes


def _claims(placement: Placement) -> list[tuple[str, Claim, bool]]:
    both = (("store", placement.store, False), ("models", placement.model_cache, True))
    return [(name, claim, read_only) for name, claim, read_only in both if claim is not None]


def _claimed(claim: Claim, *, read_only: bool) -> Manifest:
    return {"claimName": claim.claim, **({"readOnly": True} if read_only else {})}


def _source(files: Files) -> Manifest:
    if files.secret is not None:
        return {"secret": {"secretName": files.secret}}
    return {"configMap": {"name": files.config_map}}


def _mounts(placement: Placement) -> list[Manifest]:
    mounts: list[Manifest] = [{"name": "tmp", "mountPath": "/tmp"}]
    for name, claim, read_only in _claims(placement):
        mounts.append({"name": name, "mountPath": claim.path, **({"readOnly": True} if read_only else {})})
    for number, each in enumerate(placement.files):
        mounts.append({"name": f"files-{number}", "mountPath": each.path, "readOnly": True})
    return mounts
