"""A node is drained, and a node vanishes: the run goes on where there are nodes left."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cluster_bench import SLOW, ClusterBench, eventually, kubectl, missing, namespace_with_judge
from cluster_faults import end_part, load_image, scripts, start_parts

from evalfactory.runners.submitting import is_stuck
from line_tools import Bench, Simulator, Started

pytestmark = [pytest.mark.skipif(bool(missing()), reason=missing() or "there is a cluster"), pytest.mark.long]
pytest_plugins = ["cluster_fixtures"]

NODE = "node-2"
GONE_S = 400.0  # until Kubernetes gives a node up, tells its pods to go, and their time is over


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[None]:
    """A second node in the cluster that we started ourselves, with the image on it."""
    if scripts() is None:
        pytest.skip("nodes are taken from a cluster of our own only: set EVALFACTORY_CLUSTER")
    start_parts("--nodes", "2")
    load_image()
    yield
    kubectl("cordon", NODE)  # it has no image but this one
    start_parts("--nodes", "1")  # from the next start on


@pytest.fixture
def cluster(two_nodes: None, tmp_path: Path, here: Simulator) -> Iterator[ClusterBench]:
    """A bench whose judge is on the node that stays."""
    bench = Bench(tmp_path, here.base_url)
    kubectl("cordon", NODE)
    with namespace_with_judge(SLOW) as namespace:
        kubectl("uncordon", NODE)
        yield ClusterBench(bench, namespace, here)
        bench.close()


def test_a_node_is_drained_and_the_others_take_over_without_a_try_being_spent(cluster: ClusterBench) -> None:
    running = _begun(cluster, "drained")
    running.until(lambda: _pods_on(cluster, "drained"), f"a pod on {NODE}")
    only_ours = "--pod-selector=evalfactory/run=evalfactory-drained"
    kubectl("drain", NODE, "--ignore-daemonsets", "--delete-emptydir-data", only_ours, "--timeout=90s")
    ran = running.ended()
    kubectl("uncordon", NODE)
    assert ran.code in (0, 10), ran.err
    assert ran.json["results_digest"] == cluster.truth()
    assert not cluster.job("evalfactory-drained")["status"].get("failed")


def test_a_node_vanishes_and_the_run_is_resumed_beside_the_job_that_waits_for_it(cluster: ClusterBench) -> None:
    running = _begun(cluster, "orphaned")
    running.until(lambda: _pods_on(cluster, "orphaned"), f"a pod on {NODE}")
    _vanish()
    try:
        eventually(lambda: is_stuck(_pods(cluster, "orphaned"), datetime.now(UTC)), "pods that are given up", GONE_S)
        running.interrupt()
        left = running.ended()
        assert left.code == 130, left.err
        assert f"the node {NODE} does not answer" in left.err, left.err
        assert f"the node {NODE} is lost" in left.err, left.err
        ran = cluster.bench("resume", "orphaned", "--store", cluster.store, "--on", "kubernetes", "--json")
    finally:
        start_parts()
    assert ran.code in (0, 10), ran.err
    assert ran.json["results_digest"] == cluster.truth()
    listed = cluster.kubectl("get", "jobs", "-l", "evalfactory/run=evalfactory-orphaned", "-o", "name").split()
    assert sorted(listed) == ["job.batch/evalfactory-orphaned", "job.batch/evalfactory-orphaned-r2"]


def _begun(cluster: ClusterBench, run_id: str) -> Started:
    cluster.suite(cases=90, placement={"pods": 4, "shards_per_pod": 2, "grace_s": 10})
    return cluster.bench.start("run", "suite.yaml", "--on", "kubernetes", "--run-id", run_id, "--json")


def _pods(cluster: ClusterBench, run_id: str) -> list[dict[str, Any]]:
    listed = cluster.kubectl("get", "pods", "-l", f"evalfactory/run=evalfactory-{run_id}", "-o", "json")
    return list(json.loads(listed)["items"])


def _pods_on(cluster: ClusterBench, run_id: str) -> list[str]:
    """The run's pods that run on the second node."""
    found = [pod for pod in _pods(cluster, run_id) if pod["spec"].get("nodeName") == NODE]
    return [pod["metadata"]["name"] for pod in found if pod["status"].get("phase") == "Running"]


def _vanish() -> None:
    """The node is silent from now on, and nothing on it runs any more."""
    end_part(f"kubelet.{NODE}")
    for folder, _, files in os.walk("/sys/fs/cgroup"):  # which passes over groups that go while it looks
        if f"/evalfactory-{NODE}/" in folder and "cgroup.procs" in files:
            with suppress(OSError):  # gone since; and the same process is in several hierarchies
                for pid in (Path(folder) / "cgroup.procs").read_text().split():
                    _kill(int(pid))


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
