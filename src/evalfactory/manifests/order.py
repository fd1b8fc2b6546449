"""What the pods of one Job are to work on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..planning.ranges import ranges_text
from ..records.placement import Placement
from ..records.plan import Plan
from .names import base_name, job_name

#: Variables that say where an S3 or Azure store is, the first one that is set.
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AZURE_STORAGE_ENDPOINT")
_PORTS = {"http": 80, "https": 443}
_ADDRESS = re.compile(r"(?P<scheme>https?)://(\[[^]]+\]|[^/:?#]+)(:(?P<port>[0-9]+))?")


class PodOrder(Protocol):
    """What a pod is made for."""

    @property
    def placement(self) -> Placement: ...

    @property
    def run_name(self) -> str:
        """The run's name as a label."""
        ...

    @property
    def name(self) -> str:
        """The Job's name."""
        ...

    @property
    def component(self) -> str:
        """What part of a run it is."""
        ...

    def arguments(self) -> list[str]:
        """The command line after `evalfactory`."""
        ...

    def ports(self) -> list[int]:
        """What it must reach."""
        ...


@dataclass(frozen=True, slots=True)
class JobOrder:
    """One Job over the open shards of a run. `number` counts the run's Jobs from 1: each resumption is another one."""

    plan: Plan
    placement: Placement
    store: str  # its URL, as whoever submits sees it
    shards: tuple[int, ...]  # in the order of their indexes in the Job
    number: int = 1
    component: str = "worker"

    @property
    def run_name(self) -> str:
        """The run's name as a label."""
        return base_name(self.plan.run_id)

    @property
    def name(self) -> str:
        """The Job's name."""
        return job_name(self.plan.run_id, self.number)

    @property
    def store_in_pods(self) -> str:
        """The store's URL as pods see it."""
        return self.store if self.placement.store is None else self.placement.store.path

    def arguments(self) -> list[str]:
        """The worker's command line."""
        words = ["work", "--store", self.store_in_pods, "--run-id", self.plan.run_id]
        words += ["--plan-digest", self.plan.digest]
        if self.shards != tuple(range(len(self.plan.shards))):
            words += ["--shards", ranges_text(self.shards)]
        for there, here in self.placement.addresses.items():
            words += ["--address", f"{there}={here}"]
        return words

    def ports(self) -> list[int]:
        """Of judges, target and store, as far as suite and placement tell them."""
        return sorted({*map(_port, self._addresses()), *self.store_ports()})

    def store_ports(self) -> list[int]:
        """Of the store, if it is none of the pod's volumes."""
        if "://" not in self.store_in_pods:
            return []
        return [_port(_first(ENDPOINT_VARIABLES, self.placement.env) or "https://the.cloud")]

    def _addresses(self) -> Iterator[str]:
        plan, instead = self.plan, self.placement.addresses
        named = [recipe.judge.base_url for recipe in plan.recipes if recipe.judge.kind == "openai"]
        if plan.target is not None and plan.target.kind != "python":
            named.append(plan.target.url if plan.target.kind == "http" else plan.target.base_url)
        yield from (instead.get(each, each) for each in named)


def _first(names: Sequence[str], values: dict[str, str]) -> str | None:
    return next((values[name] for name in names if values.get(name)), None)


def _port(address: str) -> int:
    found = _ADDRESS.match(address)
    return int(found["port"] or _PORTS[found["scheme"]]) if found else _PORTS["https"]
