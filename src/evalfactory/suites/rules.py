"""What no single value shows: rules that hold between the keys of a suite."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..catalogue import Catalogue
from ..records.case import Case
from ..records.placement import Placement
from ..records.suite import NAME_PATTERN, OFFLINE_METRICS, Execution
from .translate import actual
from .tree import Findings, Node
from .words import all_of, nearest, phrase, shown

#: Folders that the store keeps beside those of the suites.
STORE_FOLDERS = ("fingerprints", "limits", "recipes")
KEEPING_S = 10  # what it takes to keep what was in flight, with room to spare
_SECRET_HEADERS = frozenset({"authorization", "proxyauthorization", "apikey", "xapikey", "xauthtoken", "cookie"})


def check_rules(suite: Node, known: Catalogue, findings: Findings) -> None:
    """Report every rule that the spelt-out suite breaks."""
    _check_names(suite, findings)
    _check_fields(suite, findings)
    for model in _models(suite):
        _check_model(model, findings)
    _check_unique_metrics(suite, findings)
    _check_gate(suite, findings)
    _check_offline(suite, known, findings)
    _check_grace(suite, findings)


def _children(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _metrics(suite: Node) -> list[Node]:
    metrics = suite.child("metrics")
    return (
        [each for each in metrics.value if each.child("name")] if metrics and isinstance(metrics.value, tuple) else []
    )


def _models(suite: Node) -> Iterator[Node]:
    """Every endpoint of the suite."""
    for holder, key in ((suite, "judge"), (suite, "target"), *((metric, "judge") for metric in _metrics(suite))):
        node = holder.child(key)
        if node is not None and isinstance(node.value, dict):
            yield node


def _check_names(suite: Node, findings: Findings) -> None:
    name = suite.child("name")
    if name is not None and isinstance(name.value, str):
        usable = re.sub(r"""[\s/\\:*?"'<>|]+""", "-", name.value).strip("-.")
        if name.value.lower() in STORE_FOLDERS:
            findings.add(name, "the store keeps a folder of this name for itself", hint="choose another name")
        elif not re.fullmatch(NAME_PATTERN, name.value) and re.fullmatch(NAME_PATTERN, usable):
            findings.add(name, f"must be {_name_words()}; {actual(name)}", hint=f"for instance {usable}")
    for tier, node in _children(suite.child("tiers")).items():
        if not re.fullmatch(NAME_PATTERN, tier):
            findings.add_key(node, f"a tier must have {_name_words()}")


def _name_words() -> str:
    return phrase({"type": "string", "pattern": NAME_PATTERN})


def _check_fields(suite: Node, findings: Findings) -> None:
    dataset = suite.child("dataset")
    known = list(Case.model_fields)
    for each in _paths(dataset):
        if isinstance(each.value, str) and each.value.split(".")[0] not in known:
            close = nearest(each.value.split(".")[0], known)
            hint = f"nearest: {close}" if close else "for instance `tags` or `metadata.topic`"
            findings.add(each, f"a case has no such field; {actual(each)}", hint=hint)
    for field, node in _children(dataset.child("fields") if dataset else None).items():
        inside_metadata = re.fullmatch(r"metadata\..+", field)
        if field not in known and _snake(field) not in (*known, "additional_metadata") and not inside_metadata:
            close = nearest(field, known)
            hint = f"nearest: {close}" if close else f"fields are {', '.join(known)}"
            findings.add_key(node, "a case has no such field; ours stand left, your columns right", hint=hint)


def _paths(dataset: Node | None) -> Iterator[Node]:
    """What names a field of the case."""
    for key in ("strata", "cluster_by", "slices"):
        node = dataset.child(key) if dataset else None
        if node is not None:
            yield from node.value if isinstance(node.value, tuple) else (node,)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()


def _check_model(model: Node, findings: Findings) -> None:
    old, new = model.child("max_tokens"), model.child("max_completion_tokens")
    if old is not None and new is not None and old.value is not None and new.value is not None:
        findings.add_key(new, "stands beside `max_tokens`, and an endpoint wants only one of them", hint="remove one")
    for header, node in _children(model.child("headers")).items():
        secret = re.sub(r"[-_]", "", header.lower()) in _SECRET_HEADERS
        if secret and isinstance(node.value, str) and "${" not in node.value:
            hint = "name an environment variable instead, as in ${JUDGE_API_KEY}"
            findings.add(node, "a secret never stands in a suite", hint=hint)


def _check_unique_metrics(suite: Node, findings: Findings) -> None:
    first: dict[object, Node] = {}
    for metric in _metrics(suite):
        name = _children(metric)["name"]
        earlier = first.setdefault(name.value, name)
        if earlier is not name:
            where = f", as on line {earlier.line}" if earlier.line else ""
            hint = "give one of them a `name:` of its own"
            findings.add_key(metric, f"a second metric is called {shown(str(name.value))}{where}", hint=hint)


def _check_gate(suite: Node, findings: Findings) -> None:
    names = [str(_children(metric)["name"].value) for metric in _metrics(suite)]
    if findings.reported("metrics") or any((p.field or "").startswith("metrics[") for p in findings.problems):
        return  # names that could not be read would be reported as missing
    gate = suite.child("gate")
    for name, node in _children(gate.child("metrics") if gate else None).items():
        if name not in names:
            close = nearest(name, names)
            hint = f"nearest: {close}" if close else f"its metrics are {', '.join(names)}"
            findings.add_key(node, "the suite has no metric of this name", hint=hint)


def _check_offline(suite: Node, known: Catalogue, findings: Findings) -> None:
    for metric in _metrics(suite):
        own = metric.child("judge")
        judge = own if own is not None and own.value is not None else suite.child("judge")
        kind = judge.child("kind") if judge else None
        name = _children(metric)["type"]
        entry = known.get(str(name.value))
        if kind is None or kind.value != "offline" or entry is None:
            continue
        if entry.uses_judge and entry.name not in OFFLINE_METRICS:
            able = all_of(each.name for each in known.metrics if not each.uses_judge or each.name in OFFLINE_METRICS)
            message = f"the offline judge compares words, which is not enough for `{entry.name}`"
            findings.add(metric, message, hint=f"give it a `judge:` that is a model; without one these work: {able}")


def _check_grace(suite: Node, findings: Findings) -> None:
    """A pod that is killed while it finishes what is in flight has failed; one that ends by itself has not."""
    placement = suite.child("placement")
    if placement is None or not isinstance(placement.value, dict):
        return
    pod_s = _seconds(placement, Placement.model_fields["grace_s"].default)
    finish_s = _seconds(suite.child("execution"), Execution.model_fields["grace_s"].default)
    if pod_s is not None and finish_s is not None and pod_s <= finish_s:
        message = f"pods are killed after {pod_s:g} s, and `execution.grace_s` gives what is in flight {finish_s:g} s"
        hint = f"grace_s: {finish_s + KEEPING_S:.0f} in the placement, or a shorter one in `execution`"
        findings.add(placement.child("grace_s") or placement, message, hint=hint)


def _seconds(section: Node | None, default: float) -> float | None:
    """The section's `grace_s`; None if it is no number."""
    node = section.child("grace_s") if section is not None else None
    if node is None:
        return default
    return node.value if isinstance(node.value, (int, float)) else None
