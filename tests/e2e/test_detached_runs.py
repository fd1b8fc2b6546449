"""Runs that nobody follows, on a real Kubernetes: the pod that reports, and the one thing that it may do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cluster_bench import ClusterBench, eventually, missing, namespace_with_judge

from evalfactory.manifests.aggregator import aggregator
from evalfactory.manifests.text import yaml_text
from evalfactory.settings import environment
from line_tools import Bench, Simulator, simulator
from placed_given import LEFT

FULL = "EVALFACTORY_E2E_FULL_IMAGE"
WHY = missing() or ("" if environment().get(FULL) else f"no image that can report: set {FULL} (target `full`)")
pytestmark = pytest.mark.skipif(bool(WHY), reason=WHY or "there is a cluster")


@pytest.fixture(scope="module")
def here() -> Iterator[Simulator]:
    with simulator() as running:
        yield running


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    with namespace_with_judge(("--latency", "constant", "--latency-mean-s", "0.1")) as name:
        yield name


@pytest.fixture
def cluster(tmp_path: Path, namespace: str, here: Simulator) -> Iterator[ClusterBench]:
    bench = Bench(tmp_path, here.base_url)
    yield ClusterBench(bench, namespace, here)
    bench.close()


def left(cluster: ClusterBench, run_id: str, **placement: Any) -> None:
    """A run that was begun, and left."""
    cluster.suite(cases=20, placement={"aggregator_image": environment()[FULL], **placement})
    ran = cluster.bench("run", "suite.yaml", "--on", "kubernetes", "--run-id", run_id, "--detach", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["job"] == f"evalfactory-{run_id}"


def aggregated(cluster: ClusterBench, run_id: str) -> dict[str, Any]:
    """The aggregator's Job, once it has ended."""

    def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = cluster.job(f"evalfactory-{run_id}-report")
        return job if job["status"].get("succeeded") or job["status"].get("failed") else None

    found: dict[str, Any] = eventually(ended, "the end of the aggregator")
    return found


def test_a_run_that_is_left_is_reported_in_the_store_with_the_results_of_a_local_one(cluster: ClusterBench) -> None:
    left(cluster, "left")
    store = ("--store", cluster.store)
    assert aggregated(cluster, "left")["status"]["succeeded"] == 1
    report = cluster.bench("report", "left", *store, "--json").json
    assert (report["counts"]["scored"], report["counts"]["missing"]) == (40, 0)
    assert report["results_digest"] == cluster.truth()
    assert cluster.bench("verify", "left", *store).code == 0
    said = cluster.bench("status", "left", *store, "--json").json
    assert said["aggregator"] == f"reported: {report['verdict']['outcome']}"
    assert cluster.bench("clean", "--keep", "0", "--on", "kubernetes", *store).code == 0
    jobs = ("get", "jobs", "-l", "evalfactory/run=evalfactory-left", "-o", "name")
    eventually(lambda: not cluster.kubectl(*jobs), "the end of its Jobs")


def test_a_run_whose_job_fails_is_reported_with_what_is_missing_and_why(cluster: ClusterBench) -> None:
    """The judge does not know the key: the first pod ends the Job, and its aggregator learns it from the Job."""
    with namespace_with_judge(("--expect-key", "right")) as namespace:
        strict = replace(cluster, namespace=namespace)
        strict.kubectl("create", "secret", "generic", "judge-key", "--from-literal=KEY=wrong")
        keys = {"aggregator_image": environment()[FULL], "env_from_secrets": ["bucket-key", "judge-key"]}
        strict.suite(placement=keys, judge={"api_key_env": "KEY", "max_in_flight": 8})
        words = ("run", "suite.yaml", "--on", "kubernetes", "--run-id", "refused", "--detach")
        assert strict.bench(*words).code == 0
        assert aggregated(strict, "refused")["status"]["succeeded"] == 1
    store = ("--store", cluster.store)
    assert cluster.bench("report", "refused", *store, "--json").json["verdict"]["outcome"] == "INCOMPLETE"
    assert "exit code 77" in cluster.bench("status", "refused", *store).out


def test_the_aggregator_may_read_its_job_and_nothing_else(cluster: ClusterBench) -> None:
    left(cluster, "rights")
    me = f"--as=system:serviceaccount:{cluster.namespace}:evalfactory-rights-report"

    def may(*words: str) -> bool:
        return cluster.kubectl("auth", "can-i", *words, me, check=False).strip() == "yes"

    assert may("get", "jobs/evalfactory-rights")
    others = (("get", "jobs/other"), ("list", "jobs"), ("get", "pods"), ("get", "secrets"), ("create", "jobs"))
    assert not any(may(*words) for words in others)
    workers = cluster.kubectl("get", "pods", "-l", "evalfactory/job=evalfactory-rights", "-o", "json")
    for pod in json.loads(workers)["items"]:
        assert not any("projected" in volume for volume in pod["spec"]["volumes"])
    aggregated(cluster, "rights")


def test_a_run_that_is_stopped_is_left_by_its_aggregator_and_finished_by_the_next_one(cluster: ClusterBench) -> None:
    left(cluster, "stopped", pods=1, shards_per_pod=6)
    store = ("--store", cluster.store)
    eventually(lambda: cluster.pods("stopped", "Succeeded"), "a shard that is committed")
    assert cluster.bench("stop", "stopped", *store).code == 0
    left_over = ("get", "serviceaccounts,roles,rolebindings,jobs", "-l", "evalfactory/run=evalfactory-stopped")
    eventually(lambda: not cluster.kubectl(*left_over, "-o", "name"), "the end of all that belonged to it")
    again = cluster.bench("resume", "stopped", *store, "--on", "kubernetes", "--detach", "--json")
    assert again.code == 0, again.err
    assert aggregated(cluster, "stopped")["status"]["succeeded"] == 1
    report = cluster.bench("report", "stopped", *store, "--json").json
    assert report["results_digest"] == cluster.truth()


@pytest.mark.parametrize("name", LEFT)
def test_the_server_accepts_an_aggregator(cluster: ClusterBench, name: str) -> None:
    made = LEFT[name]
    placed = made.job.placement.model_copy(update={"namespace": cluster.namespace})
    text = yaml_text(aggregator(replace(made, job=replace(made.job, placement=placed))))
    said = cluster.kubectl("apply", "--dry-run=server", "--warnings-as-errors", "-f", "-", text=text)
    assert said.count("created (server dry run)") == text.count("\nkind: ")
