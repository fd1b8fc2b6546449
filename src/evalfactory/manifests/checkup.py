"""A Job of one pod that looks at the world as the workers of a run would see it."""

from __future__ import annotations

from dataclasses import dataclass

from ..records.placement import Placement
from .pod import Manifest, labels, pod_template

KEEP_S = 600
DEADLINE_S = 180


@dataclass(frozen=True, slots=True)
class Checkup:
    """What the pod is to try: the store, and whether something answers at each address."""

    placement: Placement
    name: str
    store: str
    addresses: tuple[str, ...] = ()
    component: str = "doctor"

    @property
    def run_name(self) -> str:
        """As of no run."""
        return self.name

    def arguments(self) -> list[str]:
        """The command line of the pod."""
        store = self.store if self.placement.store is None else self.placement.store.path
        there = [self.placement.addresses.get(address, address) for address in self.addresses]
        return ["doctor", "--store", store, "--json", *(word for url in there for word in ("--reach", url))]

    def ports(self) -> list[int]:
        """None that a policy would have to name: it has none."""
        return []


def checkup_job(checkup: Checkup) -> Manifest:
    """The Job: tried once."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": checkup.name, "labels": labels(checkup)},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": DEADLINE_S,
            "ttlSecondsAfterFinished": KEEP_S,
            "template": pod_template(checkup),
        },
    }
