"""The fields of everything that is rendered, as paths: `spec.template.spec.containers[].image`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalfactory.manifests.aggregator import aggregator
from evalfactory.manifests.pod import Manifest
from evalfactory.manifests.policy import submitter_role
from evalfactory.manifests.text import manifests
from placed_given import LEFT, VARIANTS

#: Whose keys are names that somebody chose, not fields.
NAMED = ("labels", "annotations", "nodeSelector", "requests", "limits", "matchLabels")
#: What the placement passes on as it is.
PASSED_ON = ("affinity", "schedulerName", "workingDir")


def documents() -> Iterator[Manifest]:
    """Everything that is rendered in some variant."""
    for order in VARIANTS.values():
        yield from manifests(order)
    for left in LEFT.values():
        yield from aggregator(left)
    yield submitter_role("evals", detached=True)


def fields(kind: str) -> set[str]:
    """The paths of the leaves of that kind of document."""
    return {path for document in documents() if document["kind"] == kind for path in _leaves(document)}


def _leaves(value: Any, path: str = "") -> Iterator[str]:
    name = path.rpartition(".")[2].removesuffix("[]")
    if name in PASSED_ON:
        return
    if isinstance(value, dict) and value and name not in NAMED:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        for each in value:
            yield from _leaves(each, f"{path}[]")
    else:
        yield path
