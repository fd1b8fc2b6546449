"""What the pods of a run may reach, and what whoever submits it may do."""

from __future__ import annotations

from .names import JOB_LABEL
from .order import JobOrder
from .pod import Manifest, labels


def network_policy(order: JobOrder) -> Manifest:
    """Nothing comes in; out go names (DNS), and the ports of judge, target and store, or the placement's own rules."""
    own = list(order.placement.egress)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(order),
        "spec": {
            "podSelector": {"matchLabels": {JOB_LABEL: order.name}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [],
            "egress": [_names(), *(own or _ports(order))],
        },
    }


def metadata(order: JobOrder) -> Manifest:
    """Of what goes beside the Job, under its name."""
    found: Manifest = {"name": order.name, "labels": labels(order, "worker")}
    if order.placement.annotations:
        found["annotations"] = dict(order.placement.annotations)
    return found if order.placement.namespace is None else {**found, "namespace": order.placement.namespace}


def _names() -> Manifest:
    return {"ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]}


def _ports(order: JobOrder) -> list[Manifest]:
    ports = [{"port": port, "protocol": "TCP"} for port in order.ports()]
    return [{"ports": ports}] if ports else []  # a rule without ports would allow them all


SUBMITTER = "evalfactory-submitter"

#: API group, resources, verbs; each is used by a command, and nothing else is.
RIGHTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("batch", ("jobs",), ("create", "get", "list", "watch", "patch", "delete")),
    ("networking.k8s.io", ("networkpolicies",), ("create", "patch")),
    ("", ("pods",), ("list", "watch")),
    ("", ("pods/log",), ("get",)),
    ("", ("events",), ("list", "watch")),
)


def submitter_role(namespace: str | None) -> Manifest:
    """The Role of whoever submits, follows and stops runs. It cannot read a Secret, nor enter a pod."""
    found: Manifest = {"name": SUBMITTER, "labels": {"app.kubernetes.io/name": "evalfactory"}}
    if namespace is not None:
        found["namespace"] = namespace
    rules = [
        {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)} for group, resources, verbs in RIGHTS
    ]
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": found, "rules": rules}
