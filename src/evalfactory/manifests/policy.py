"""What the pods of a run may reach, and what whoever submits it may do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .names import JOB_LABEL
from .order import PodOrder
from .pod import Manifest, labels


def network_policy(order: PodOrder, *, always: Sequence[int] = ()) -> Manifest:
    """Nothing comes in; out go names (DNS), and the ports that the pod needs, or the placement's own rules and the ports of `always`."""
    own = list(order.placement.egress)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(order),
        "spec": {
            "podSelector": {"matchLabels": {JOB_LABEL: order.name}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [],
            "egress": [_names(), *([*own, *_ports(always)] if own else _ports(order.ports()))],
        },
    }


def metadata(order: PodOrder) -> Manifest:
    """Of a Job and what goes beside it, under its name."""
    found: Manifest = {"name": order.name, "labels": labels(order)}
    if order.placement.annotations:
        found["annotations"] = dict(order.placement.annotations)
    return found if order.placement.namespace is None else {**found, "namespace": order.placement.namespace}


def _names() -> Manifest:
    return {"ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]}


def _ports(ports: Iterable[int]) -> list[Manifest]:
    rules = [{"port": port, "protocol": "TCP"} for port in ports]
    return [{"ports": rules}] if rules else []  # a rule without ports would allow them all


SUBMITTER = "evalfactory-submitter"

#: API group, resources, verbs; each is used by a command, and nothing else is.
RIGHTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("batch", ("jobs",), ("create", "get", "list", "watch", "patch", "delete")),
    ("networking.k8s.io", ("networkpolicies",), ("create", "patch")),
    ("", ("pods",), ("list", "watch")),
    ("", ("pods/log",), ("get",)),
    ("", ("events",), ("list", "watch")),
)

#: What `--detach` needs besides: the aggregator's own account, with a Role that can allow no more than the submitter may.
DETACHED_RIGHTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("", ("serviceaccounts",), ("create", "patch")),
    ("rbac.authorization.k8s.io", ("roles", "rolebindings"), ("create", "patch")),
)


def submitter_role(namespace: str | None, *, detached: bool = False) -> Manifest:
    """The Role of whoever submits, follows and stops runs. It cannot read a Secret, nor enter a pod."""
    found: Manifest = {"name": SUBMITTER, "labels": {"app.kubernetes.io/name": "evalfactory"}}
    if namespace is not None:
        found["namespace"] = namespace
    rights = [*RIGHTS, *(DETACHED_RIGHTS if detached else ())]
    rules = [
        {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)} for group, resources, verbs in rights
    ]
    return role(found, rules)


def role(about: Manifest, rules: list[Manifest]) -> Manifest:
    """A Role of these rules."""
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": about, "rules": rules}
