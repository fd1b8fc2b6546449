"""What may befall a run in a cluster: pods by kubectl, and the cluster's own parts where we started it ourselves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

from cluster_bench import IMAGE, ClusterBench, kubectl

from evalfactory.settings import environment

SCRIPTS = "EVALFACTORY_CLUSTER"
ROOT = Path(__file__).parents[2]
#: So that a pod's other processes can be seen, and killed, from inside it.
ONE_FAMILY = {"spec": {"shareProcessNamespace": True}}
_KILL = """
import os, pathlib, signal
for each in pathlib.Path("/proc").glob("[0-9]*"):
    if b"--plan-digest" in (each / "cmdline").read_bytes().split(b"\\0"):
        print("found", flush=True)
        os.kill(int(each.name), signal.SIGKILL)
"""


def scripts() -> Path | None:
    """The folder with the scripts that started the cluster; None if it is somebody else's."""
    named = environment().get(SCRIPTS)
    return Path(named) if named and os.geteuid() == 0 else None


def kill_worker(cluster: ClusterBench, pod: str) -> bool:
    """SIGKILL to the worker in a pod that was made with `ONE_FAMILY`; False if it has ended by itself."""
    said = cluster.kubectl("exec", pod, "--", "python", "-c", _KILL, check=False)  # which may die with its container
    return "found" in said


def evict(cluster: ClusterBench, pod: str) -> None:
    """What a drain does to a pod, or an autoscaler."""
    where = f"/api/v1/namespaces/{cluster.namespace}/pods/{pod}/eviction"
    metadata = {"name": pod, "namespace": cluster.namespace}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    kubectl("create", "--raw", where, "-f", "-", text=json.dumps(body))


def suspend(cluster: ClusterBench, job: str, *, wanted: bool) -> None:
    patch = json.dumps({"spec": {"suspend": wanted}})
    cluster.kubectl("patch", "job", job, "--type=merge", "-p", patch)


def restart_part(name: str) -> None:
    """Kill a part of our own cluster, such as `versitygw`, and start it again; a few seconds without it."""
    end_part(name)
    start_parts()


def end_part(name: str) -> None:
    home = Path(environment().get("EVALFACTORY_CLUSTER_HOME") or Path.home() / ".cache/evalfactory-cluster")
    os.kill(int((home / "pids" / name).read_text().split()[0]), signal.SIGKILL)


def start_parts(*words: str) -> None:
    """Start whatever does not run, and what the words ask for besides; once more where it stumbles, as it may be repeated."""
    folder = scripts()
    assert folder is not None
    said = ""
    for _ in range(8):
        ran = subprocess.run([folder / "up", *words], capture_output=True, text=True, timeout=400, check=False)
        if ran.returncode == 0:
            return
        said = ran.stderr
    raise AssertionError(said)


def load_image() -> None:
    """Build the image of this source, and give it to every node of our own cluster."""
    folder = scripts()
    if folder is not None:
        build = [str(folder / "build-image"), str(ROOT), environment()[IMAGE], "--target", "worker"]
        subprocess.run(build, check=True, capture_output=True, timeout=400)


class JudgeCount:
    """Requests that the judge in the cluster has seen, its restarts included."""

    def __init__(self, cluster: ClusterBench) -> None:
        self._cluster = cluster
        self._before = 0

    def restart_judge(self) -> None:
        """End its process; its container starts again, and its counters from nothing."""
        pod = self._cluster.kubectl("get", "pods", "-l", "app=judge", "-o", "jsonpath={.items[0].metadata.name}")
        restarts = self._restarts(pod)
        self._cluster.kubectl("exec", pod, "--", "python", "-c", "import os, signal; os.kill(1, signal.SIGTERM)")
        while self._restarts(pod) == restarts:
            self._cluster.kubectl("wait", "--for=condition=Ready", "--timeout=60s", f"pod/{pod}")
        self._before += int(json.loads(self._cluster.kubectl("logs", pod, "--previous").splitlines()[-1])["requests"])

    def _restarts(self, pod: str) -> str:
        return self._cluster.kubectl("get", "pod", pod, "-o", "jsonpath={.status.containerStatuses[0].restartCount}")

    @property
    def requests(self) -> int:
        where = f"/api/v1/namespaces/{self._cluster.namespace}/services/judge:8000/proxy/counters"
        return self._before + int(json.loads(kubectl("get", "--raw", where))["requests"])
