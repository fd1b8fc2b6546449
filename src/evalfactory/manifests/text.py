"""Manifests as the text that `kubectl apply` takes, the same bytes for the same run."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from .job import indexed_job
from .order import JobOrder
from .pod import Manifest
from .policy import network_policy


class _Dumper(yaml.SafeDumper):
    """No anchors: what is said twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def manifests(order: JobOrder) -> list[Manifest]:
    """Everything of a Job, in the order in which it is to be created."""
    return [*([network_policy(order)] if order.placement.network_policy else []), indexed_job(order)]


def yaml_text(documents: Sequence[Manifest]) -> str:
    """The documents as YAML."""
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, explicit_start=True)
