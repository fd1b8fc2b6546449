"""Runs on a real Kubernetes with a real bucket: `make e2e` with KUBECONFIG, the bucket's variables and an image."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cluster_bench import ClusterBench, as_submitter, eventually, kubectl, missing, namespace_with_judge

from evalfactory.manifests.policy import submitter_role
from evalfactory.manifests.text import manifests, yaml_text
from line_tools import Bench, Simulator
from placed_given import VARIANTS

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "there is a cluster")
pytest_plugins = ["cluster_fixtures"]

LOOK = """
import json, os, pathlib, tempfile

def writes(folder):
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True

tokens = [str(path) for path in pathlib.Path("/var/run/secrets").rglob("*token*")]
folders = [folder for folder in ("/", "/tmp", "/suite", "/opt/evalfactory", "/var/tmp", "/home") if writes(folder)]
print(json.dumps({"tokens": tokens, "user": os.getuid(), "writable": folders}))
"""


def test_a_run_in_pods_finds_what_a_local_run_finds(cluster: ClusterBench) -> None:
    cluster.suite()
    ran = cluster.run("pods")
    assert ran.code in (0, 10), ran.err
    assert (ran.json["scored"], ran.json["missing"]) == (80, 0)
    assert ran.json["results_digest"] == cluster.truth()
    store = ("--store", cluster.store)
    assert cluster.bench("verify", "pods", *store).code == 0
    logs = cluster.bench("logs", "pods", *store, "--json").json["lines"]
    assert {line["shard"] for line in logs} == set(range(6))
    job = cluster.job("evalfactory-pods")
    assert (job["spec"]["completions"], job["spec"]["parallelism"]) == (6, 3)


def test_a_worker_finds_no_token_of_the_cluster_and_writes_to_nothing_but_tmp_whoever_it_is(
    cluster: ClusterBench,
) -> None:
    anyone = {"spec": {"securityContext": {"runAsUser": 123456, "runAsGroup": 123456}}}
    cluster.suite(cases=20, placement={"pods": 1, "shards_per_pod": 1, "pod_template": anyone})
    running = cluster.bench.start("run", "suite.yaml", "--on", "kubernetes", "--run-id", "tokenless", "--json")
    name = running.until(lambda: cluster.pods("tokenless"), "a pod that runs")[0]
    found = json.loads(cluster.kubectl("exec", name, "--", "python", "-c", LOOK))
    assert found == {"tokens": [], "user": 123456, "writable": ["/tmp"]}
    pod = json.loads(cluster.kubectl("get", "pod", name, "-o", "json"))
    assert not any("projected" in volume for volume in pod["spec"]["volumes"])
    ran = running.ended()
    assert ran.code in (0, 10), ran.err
    assert ran.json["scored"] == 40


def test_pods_that_are_deleted_and_killed_cost_nothing_but_time(cluster: ClusterBench) -> None:
    cluster.suite(cases=60)
    running = cluster.bench.start("run", "suite.yaml", "--on", "kubernetes", "--run-id", "chaos", "--json")
    names = running.until(lambda: cluster.pods("chaos"), "pods that run")
    cluster.kubectl("delete", "pod", names[0], "--wait=false")
    names = running.until(lambda: [name for name in cluster.pods("chaos") if name != names[0]], "more pods")
    cluster.kubectl("delete", "pod", names[0], "--wait=false", "--force")
    ran = running.ended()
    assert ran.code in (0, 10), ran.err
    assert ran.json["results_digest"] == cluster.truth()
    assert not cluster.job("evalfactory-chaos")["status"].get("failedIndexes")


@pytest.mark.long
def test_a_job_that_a_queue_suspends_and_admits_again_costs_no_try(cluster: ClusterBench) -> None:
    cluster.suite(cases=60)
    running = cluster.bench.start("run", "suite.yaml", "--on", "kubernetes", "--run-id", "queued", "--json")
    running.until(lambda: cluster.pods("queued"), "pods that run")
    for suspended in ("true", "false"):
        patch = f'{{"spec": {{"suspend": {suspended}}}}}'
        cluster.kubectl("patch", "job", "evalfactory-queued", "--type=merge", "-p", patch)
        if suspended == "true":
            running.until(lambda: not cluster.pods("queued"), "the end of its pods")
    ran = running.ended()
    assert ran.code in (0, 10), ran.err
    assert ran.json["results_digest"] == cluster.truth()
    assert not cluster.job("evalfactory-queued")["status"].get("failedIndexes")


def test_a_run_that_is_stopped_is_resumed_with_what_is_missing_only(cluster: ClusterBench) -> None:
    cluster.suite(cases=60, placement={"pods": 1, "shards_per_pod": 6})
    store = ("--store", cluster.store)
    running = cluster.bench.start("run", "suite.yaml", "--on", "kubernetes", "--run-id", "stopped", "--json")
    running.until(lambda: cluster.pods("stopped", "Succeeded"), "a shard that is committed")
    assert cluster.bench("stop", "stopped", *store).code == 0
    assert running.ended().code == 12
    committed = cluster.bench("status", "stopped", *store, "--json").json["committed"]
    eventually(lambda: not cluster.pods("stopped"), "the end of its pods")
    ran = cluster.bench("resume", "stopped", *store, "--on", "kubernetes", "--json")
    assert ran.code in (0, 10), ran.err
    assert ran.json["results_digest"] == cluster.truth()
    jobs = json.loads(cluster.kubectl("get", "jobs", "-l", "evalfactory/run=evalfactory-stopped", "-o", "json"))[
        "items"
    ]
    assert [job["spec"]["completions"] for job in jobs] == [6 - committed]


def test_a_missing_secret_is_named_with_the_command_that_makes_it(cluster: ClusterBench) -> None:
    cluster.suite(cases=2, placement={"env_from_secrets": ["bucket-key", "no-such-key"]})
    ran = cluster.run("secretless")
    assert ran.code == 78
    assert "no-such-key" in ran.err
    assert "kubectl create secret generic no-such-key" in ran.err
    assert cluster.kubectl("get", "jobs", "-o", "name").count("secretless") == 0


@pytest.mark.long
def test_an_image_that_cannot_be_had_is_named(cluster: ClusterBench) -> None:
    cluster.suite(cases=2, placement={"image": "evalfactory-no-such:1", "pull_policy": "Never"})
    ran = cluster.run("imageless")
    assert ran.code == 78
    assert "evalfactory-no-such:1" in ran.err


def test_memory_that_is_too_little_is_named_with_what_to_ask_for(cluster: ClusterBench) -> None:
    little = {"requests": {"cpu": "10m", "memory": "48Mi"}, "limits": {"memory": "48Mi"}}
    cluster.suite(cases=2, placement={"pods": 1, "shards_per_pod": 1, "tries": 1, "resources": little})
    ran = cluster.run("memoryless")
    assert ran.code == 12, ran.err
    assert "want of memory (its limit is 48Mi)" in ran.err
    assert "96Mi" in ran.err


def test_a_wrong_key_ends_the_run_at_once_with_one_error(tmp_path: Path, here: Simulator) -> None:
    with namespace_with_judge(("--expect-key", "right")) as namespace:
        bench = Bench(tmp_path, here.base_url)
        wrong = ClusterBench(bench, namespace, here)
        kubectl("create", "secret", "generic", "judge-key", "--from-literal=KEY=wrong", namespace=namespace)
        wrong.suite(
            placement={"env_from_secrets": ["bucket-key", "judge-key"]},
            judge={"api_key_env": "KEY", "max_in_flight": 8},
        )
        ran = wrong.run("refused")
        bench.close()
    assert ran.code == 77, ran.err
    assert ran.err.count("evalfactory:") == 1


def test_the_rights_of_the_submitter_are_enough_and_end_at_the_namespace(cluster: ClusterBench) -> None:
    cluster.suite(cases=6, placement={"pods": 1, "shards_per_pod": 1})
    as_submitter(cluster, "robot", "--detach")
    assert cluster.run("robots").code in (0, 10)
    store = ("--store", cluster.store)
    assert cluster.bench("doctor", "suite.yaml", "--on", "kubernetes").code == 0
    cluster.suite(cases=60, placement={"pods": 1})
    assert cluster.bench("run", "suite.yaml", "--on", "kubernetes", "--run-id", "robots2", "--detach").code == 0
    for words in (("scale", "robots2", "--pods", "2"), ("stop", "robots2")):
        assert cluster.bench(*words, *store).code == 0
    nowhere = cluster.run("nowhere", "--context", "no-such-context")
    assert nowhere.code == 78
    assert "no cluster is configured" in nowhere.err
    elsewhere = cluster.run("elsewhere", "--namespace", "default")
    assert elsewhere.code == 78
    assert "--access" in elsewhere.err


@pytest.mark.parametrize("name", VARIANTS)
def test_the_server_accepts_everything_that_is_rendered(cluster: ClusterBench, name: str) -> None:
    made = VARIANTS[name]
    placed = made.placement.model_copy(update={"namespace": cluster.namespace})
    text = yaml_text([*manifests(replace(made, placement=placed)), submitter_role(cluster.namespace)])
    said = cluster.kubectl("apply", "--dry-run=server", "--warnings-as-errors", "-f", "-", text=text)
    assert said.count("(server dry run)") == 3
