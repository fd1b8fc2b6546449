"""A run of two thousand cases in a cluster where everything dies once: its results are those of an undisturbed run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cluster_bench import ClusterBench, eventually, missing, namespace_with_judge
from cluster_ends import pod_ends
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
WARM = 300  # judge calls before anything happens
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
    with pod_ends(alone, "storm") as ends:
        blows = _storm(alone, running, judge)
        eventually(lambda: running.process.poll() is not None, "the end of the run", LONGEST_S)
        ran = running.ended()
        status = alone.job("evalfactory-storm")["status"]
        eventually(lambda: blows.killed <= ends.counted(), "the last of the ends")
    assert ran.code in (0, 10), ran.err
    assert ran.json["results_digest"] == truth
    assert (ran.json["scored"], ran.json["missing"]) == (SLOTS, 0)
    assert alone.bench("verify", "storm", "--store", alone.store).code == 0
    assert not status.get("failedIndexes")
    charged = ends.counted() - blows.suspended
    assert status.get("failed", 0) == len(charged), str(ends)
    assert blows.killed <= charged <= blows.killed | blows.forced, str(ends)
    repeated = judge.requests - needed
    with capsys.disabled():
        counted = f"{len(ends.seen)} pods ended, {len(charged)} of them counted"
        sys.stderr.write(f"\n{needed} judge calls are needed, {repeated} more were made; {counted}\n")
    assert 0 <= repeated < needed / 5


class Blows(NamedTuple):
    """Names of pods: those whose worker got a SIGKILL, those that were given two seconds, which may become one, and
    those that went with the Job's suspension, which count in no case."""

    killed: set[str]
    forced: set[str]
    suspended: set[str]


def _storm(cluster: ClusterBench, running: Started, judge: JudgeCount) -> Blows:
    """Everything that may happen, one thing after the other."""
    blows, hit = Blows(set(), set(), set()), set[str]()

    def victim() -> str:
        """The pod that has worked longest of those that nothing has happened to, so that there is something to lose."""

        def fresh() -> list[str]:
            return [name for name in cluster.pods("storm") if name not in hit]

        name = str(running.until(fresh, "a pod that nothing has happened to")[0])
        hit.add(name)
        return name

    def kill() -> None:
        while not kill_worker(cluster, name := victim()):
            pass  # it was about to end, and the next one is younger
        blows.killed.add(name)

    running.until(lambda: judge.requests >= WARM, "work under way")
    kill()
    cluster.kubectl("delete", "pod", victim(), "--wait=false")
    evict(cluster, victim())
    kill()
    blows.forced.add(name := victim())
    cluster.kubectl("delete", "pod", name, "--wait=false", "--force")
    judge.restart_judge()
    suspend(cluster, "evalfactory-storm", wanted=True)
    blows.suspended.update({pod for phase in ("Pending", "Running") for pod in cluster.pods("storm", phase)} - hit)
    running.until(lambda: not cluster.pods("storm"), "the end of the pods")
    suspend(cluster, "evalfactory-storm", wanted=False)
    evict(cluster, victim())
    if scripts() is not None:
        restart_part("versitygw")
        victim()
        restart_part("kube-apiserver")
    kill()
    return blows


def test_a_shard_whose_tries_are_spent_is_named_and_resumed(alone: ClusterBench) -> None:
    placement = {"pods": 2, "shards_per_pod": 3, "tries": 1, "pod_template": ONE_FAMILY}
    alone.suite(cases=60, placement=placement)
    running = alone.bench.start("run", "suite.yaml", "--on", "kubernetes", "--run-id", "spent", "--json")
    pod = running.until(lambda: alone.pods("spent"), "a pod that runs")[0]
    assert kill_worker(alone, pod)
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
