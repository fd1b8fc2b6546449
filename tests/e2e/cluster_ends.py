"""How the pods of a run ended, kept while it can be seen: a pod that was deleted is gone once its Job has counted it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from cluster_bench import ClusterBench

INDEX = "batch.kubernetes.io/job-completion-index"
COSTLESS = (0, 143)  # exit codes that no budget of tries is charged with


class PodEnd(NamedTuple):
    """A pod that has ended. `code` is None where Kubernetes knows none."""

    name: str
    shard: int  # of the Job's own
    code: int | None
    reason: str
    deleted: bool
    conditions: Mapping[str, str]

    @property
    def counts(self) -> bool:
        """Whether it should have cost its shard a try."""
        spared = self.conditions.get("DisruptionTarget") == "True" or self.conditions.get("PodScheduled") == "False"
        return self.code not in COSTLESS and not spared


class PodEnds:
    """The run's pods that have ended so far."""

    def __init__(self) -> None:
        self.seen: dict[str, PodEnd] = {}

    def counted(self) -> set[str]:
        """Names of those that should have cost a try."""
        return {end.name for end in self.seen.values() if end.counts}

    def __str__(self) -> str:
        return "\n".join(map(str, sorted(self.seen.values())))

    def see(self, pod: Mapping[str, Any]) -> None:
        """Remember how the pod ended, if it has."""
        meta, status = pod["metadata"], pod["status"]
        if status.get("phase") not in ("Succeeded", "Failed"):
            return
        statuses = status.get("containerStatuses") or [{}]
        ended = statuses[0].get("state", {}).get("terminated", {})
        conditions = {each["type"]: each["status"] for each in status.get("conditions", ())}
        reason = str(ended.get("reason") or status.get("reason", ""))
        deleted = "deletionTimestamp" in meta
        shard = int(meta["labels"].get(INDEX, -1))
        self.seen[meta["name"]] = PodEnd(meta["name"], shard, ended.get("exitCode"), reason, deleted, conditions)


@contextmanager
def pod_ends(cluster: ClusterBench, run_id: str) -> Iterator[PodEnds]:
    """What becomes of the run's pods while the block runs, whatever becomes of the API server."""
    ends, over = PodEnds(), threading.Event()
    watches: list[subprocess.Popen[str]] = []

    def look() -> None:
        words = ["get", "pods", "--watch", "--output", "json", "--selector", f"evalfactory/run=evalfactory-{run_id}"]
        while not over.is_set():
            with subprocess.Popen(
                ["kubectl", "--namespace", cluster.namespace, *words],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            ) as watch:
                watches.append(watch)
                for pod in _objects(watch):
                    ends.see(pod)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield ends
    finally:
        over.set()
        watches[-1].terminate()
        looking.join()


def _objects(watch: subprocess.Popen[str]) -> Iterator[Any]:
    """The objects that kubectl writes one after the other, each over many lines, as they come."""
    assert watch.stdout is not None
    lines: list[str] = []
    for line in watch.stdout:
        lines.append(line)
        if line == "}\n":
            yield json.loads("".join(lines))
            lines.clear()
