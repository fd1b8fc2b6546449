"""A run of two thousand cases in a cluster where everything dies once: its results are those of an undisturbed run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_bench import ClusterBench, eventually, missing, namespace_with_judge
from cluster_faults import (
    ONE_FAMILY,
    JudgeCount,
    evict,
    kill_worker,
    restart_part,
    scripts,
    suspend,
)

from evalfactory.storage.layout import RunKeys
from evalfactory.storage.open import open_store
from line_tools import Bench, Simulator, Started

pytestmark = [pytest.mark.skipif(bool(missing()), reason=missing() or "there is a cluster"), pytest.mark.long]
pytest_plugins = ["cluster_fixtures"]

CASES = 2000
SLOTS = 2 * CASES
LATENCY = ("--latency", "constant", "--latency-mean-s", "0.2")
LONGEST_S = 420.0


@pytest.fixture
def alone(tmp_path: Path, here: Simulator, image: None) -> Iterator[ClusterBench]:
    """A bench with a judge in the cluster that nobody else asks."""
    bench = Bench(tmp_path, here.base_url)
    with namespace_with_judge(LATENCY) as namespace:
        yield ClusterBench(bench, namespace, here)
        bench.close()


def test_two_thousand_cases_are_measured_once_each_whatever_dies(
    alone: ClusterBench, here: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    placement = {"pods": 4, "shards_per_pod": 4, "pod_template": ONE_FAMILY}
    alone.suite(cases=CASES, placement=placement, judge={"max_in_flight": 32}, execution={"workers": 2})
    here.reset()
    truth = alone.truth()
    needed = here.requests
    judge = JudgeCount(alone)
    running = alone.bench.start("run", "suite.yaml", "--on", "kubernetes", "--run-id", "storm", "--json")
    kills = _storm(alone, running, judge)
    eventually(lambda: running.process.poll() is not None, "the end of the run", LONGEST_S)
    ran = running.ended()
    assert ran.code in (0, 10), ran.err
    assert ran.json["results_digest"] == truth
    assert (ran.json["scored"], ran.json["missing"]) == (SLOTS, 0)
    assert alone.bench("verify", "storm", "--store", alone.store).code == 0
    status = alone.job("evalfactory-storm")["status"]
    assert not status.get("failedIndexes")
    assert status.get("failed", 0) == kills
    repeated = judge.requests - needed
    with capsys.disabled():
        sys.stderr.write(f"\n{needed} judge calls are needed, {repeated} more were made\n")
    assert 0 <= repeated < needed / 5


def _storm(cluster: ClusterBench, running: Started, judge: JudgeCount) -> int:
    """Everything that may happen, one thing after the other; how many workers were killed, which alone counts."""
    hit: set[str] = set()

    def victim() -> str:
        def fresh() -> list[str]:
            return [name for name in cluster.pods("storm") if name not in hit]

        name = str(running.until(fresh, "a pod that nothing has happened to")[0])
        hit.add(name)
        return name

    kill_worker(cluster, victim())
    cluster.kubectl("delete", "pod", victim(), "--wait=false")
    evict(cluster, victim())
    kill_worker(cluster, victim())
    cluster.kubectl("delete", "pod", victim(), "--wait=false", "--force")
    judge.restart_judge()
    suspend(cluster, "evalfactory-storm", wanted=True)
    running.until(lambda: not cluster.pods("storm"), "the end of the pods")
    suspend(cluster, "evalfactory-storm", wanted=False)
    evict(cluster, victim())
    if scripts() is not None:
        restart_part("versitygw")
        victim()
        restart_part("kube-apiserver")
    kill_worker(cluster, victim())
    return 3


def test_a_shard_whose_tries_are_spent_is_named_and_resumed(alone: ClusterBench) -> None:
    placement = {"pods": 2, "shards_per_pod": 3, "tries": 1, "pod_template": ONE_FAMILY}
    alone.suite(cases=60, placement=placement)
    running = alone.bench.start("run", "suite.yaml", "--on", "kubernetes", "--run-id", "spent", "--json")
    pod = running.until(lambda: alone.pods("spent"), "a pod that runs")[0]
    kill_worker(alone, pod)
    ran = running.ended()
    assert ran.code == 12, ran.err
    shard = alone.job("evalfactory-spent")["status"]["failedIndexes"]
    assert f"shard {shard} failed: a worker ended with 137" in ran.err
    assert ran.json["missing"] == len(_missing(alone, "spent")) == 20
    again = alone.bench("resume", "spent", "--store", alone.store, "--on", "kubernetes", "--json")
    assert again.code in (0, 10), again.err
    assert again.json["results_digest"] == alone.truth()


def _missing(cluster: ClusterBench, run_id: str) -> list[str]:
    """The slots that the run's newest report names as missing."""
    store = open_store(cluster.store)
    newest = max(entry.key for entry in store.list(RunKeys("line", run_id).root) if entry.key.endswith("/report.json"))
    return list(json.loads(store.read(newest))["proof"]["missing"])
