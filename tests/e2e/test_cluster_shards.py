"""One shard's trouble stays its own, and what is asked for twice is done once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cluster_bench import ClusterBench, eventually, missing

from evalfactory.storage.layout import RunKeys
from evalfactory.storage.open import open_store

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "there is a cluster")
pytest_plugins = ["cluster_fixtures"]


def test_a_shard_whose_cases_were_damaged_fails_alone_and_is_measured_once_they_are_restored(
    cluster: ClusterBench,
) -> None:
    cluster.suite(cases=12, placement={"pods": 2, "shards_per_pod": 2})
    rendered = cluster.bench("render", "kubernetes", "suite.yaml", "--run-id", "poison")
    assert rendered.code == 0, rendered.err
    store, keys = open_store(cluster.store), RunKeys("line", "poison")
    piece = json.loads(store.read(keys.plan))["shards"][1]
    key = keys.cases(piece["file"])
    whole = store.read(key)
    store.put(key, _damaged(whole, piece["offset"]))
    again = ("resume", "poison", "--store", cluster.store, "--on", "kubernetes", "--suite", "suite.yaml", "--json")
    ran = cluster.bench(*again)
    assert ran.code == 65, ran.err
    assert "shard 1's bytes are not the planned ones" in ran.err
    status = cluster.job("evalfactory-poison")["status"]
    assert (status["failedIndexes"], status["completedIndexes"], status["failed"]) == ("1", "0,2,3", 1)
    store.put(key, whole)
    ran = cluster.bench(*again)
    assert ran.code in (0, 10), ran.err
    assert ran.json["results_digest"] == cluster.truth()


def _damaged(body: bytes, place: int) -> bytes:
    return body[: place + 1] + bytes([body[place + 1] ^ 1]) + body[place + 2 :]


@pytest.mark.long
def test_two_runs_share_a_namespace_and_keep_their_results_apart(cluster: ClusterBench) -> None:
    cluster.suite(cases=30, placement={"pods": 2, "shards_per_pod": 2})
    truth = cluster.truth()
    both = [
        cluster.bench.start("run", "suite.yaml", "--on", "kubernetes", "--run-id", run_id, "--json")
        for run_id in ("twin-a", "twin-b")
    ]
    for running in both:
        ran = running.ended()
        assert ran.code in (0, 10), ran.err
        assert ran.json["results_digest"] == truth
    for run_id in ("twin-a", "twin-b"):
        assert len(_jobs(cluster, run_id)) == 1
        assert cluster.bench("verify", run_id, "--store", cluster.store).code == 0


def test_a_run_that_is_submitted_twice_is_done_once_and_both_are_told_its_verdict(cluster: ClusterBench) -> None:
    cluster.suite(cases=30, placement={"pods": 2, "shards_per_pod": 2})
    first = cluster.bench.start("run", "suite.yaml", "--on", "kubernetes", "--run-id", "again", "--json")
    first.until(lambda: cluster.pods("again"), "pods that run")
    second = cluster.bench.start("run", "suite.yaml", "--on", "kubernetes", "--run-id", "again", "--json")
    told = [running.ended() for running in (first, second)]
    assert {ran.code for ran in told} <= {0, 10}, [ran.err for ran in told]
    assert {ran.json["results_digest"] for ran in told} == {cluster.truth()}
    [job] = _jobs(cluster, "again")  # the runs end with the last commit, the Job a moment later
    cluster.kubectl("wait", "--for=condition=Complete", "--timeout=60s", f"job/{job['metadata']['name']}")
    assert [each["status"]["succeeded"] for each in _jobs(cluster, "again")] == [4]


def test_a_run_id_that_is_no_name_in_kubernetes_is_followed_logged_and_stopped_by_its_own_id(
    cluster: ClusterBench,
) -> None:
    run_id = "Nightly_2026.11.23-of-the-support-bot-with-the-new-prompt-and-the-old-index"
    cluster.suite(cases=6, placement={"pods": 1, "shards_per_pod": 2})
    store = ("--store", cluster.store)
    ran = cluster.run(run_id)
    assert ran.code in (0, 10), ran.err
    assert cluster.bench("status", run_id, *store, "--json").json["state"] == "complete"
    assert {line["run"] for line in cluster.bench("logs", run_id, *store, "--json").json["lines"]} == {run_id}
    names = cluster.kubectl(
        "get",
        "jobs",
        "-o",
        f"jsonpath={{.items[?(@.metadata.annotations.evalfactory/run-id=='{run_id}')].metadata.name}}",
    )
    assert len(names.split()) == 1
    eventually(lambda: cluster.bench("stop", run_id, *store).code == 64, "nothing to stop")


def _jobs(cluster: ClusterBench, run_id: str) -> list[dict[str, Any]]:
    listed = cluster.kubectl("get", "jobs", "-l", f"evalfactory/run=evalfactory-{run_id}", "-o", "json")
    return list(json.loads(listed)["items"])
