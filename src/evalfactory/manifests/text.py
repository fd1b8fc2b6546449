"""Manifests as the text that `kubectl apply` takes, the same bytes for the same run."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from .aggregator import AggregatorOrder, aggregator
from .job import indexed_job
from .order import JobOrder
from .pod import Manifest
from .policy import network_policy


class _Dumper(yaml.SafeDumper):
    """No anchors: what is said twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def manifests(order: JobOrder, finish: AggregatorOrder | None = None) -> list[Manifest]:
    """Everything of a Job, in the order in which it is to be created; with an aggregator, if the run is left to itself."""
    own = [*([network_policy(order)] if order.placement.network_policy else []), indexed_job(order)]
    return own if finish is None else [*own, *aggregator(finish)]


def yaml_text(documents: Sequence[Manifest]) -> str:
    """The documents as YAML."""
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, explicit_start=True)
