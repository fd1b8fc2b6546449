"""What is tried before a run, and what is left to read after it."""

from __future__ import annotations

from line_tools import Bench

RUN = ("--store", "store", "--run-id", "pods")


def test_a_store_that_does_what_it_must_is_told_so_line_by_line(bench: Bench) -> None:
    ran = bench.here("doctor", "suite.yaml")
    assert ran.code == 0, ran.err
    assert ran.out.count("  ok  ") == 6
    assert bench.here("doctor", "--store", "store", "--json").json["findings"][0]["is_well"] is True


def test_logs_outlive_their_workers_and_name_run_and_shard(judged: Bench) -> None:
    judged.suite(execution={"shards": 2})
    assert judged.here("plan", "suite.yaml", "--write", "--run-id", "pods").code == 0
    assert "no worker has kept a log yet" in judged.here("logs", "pods", "--store", "store").err
    assert judged("work", *RUN, "--shard-index", "1").code == 0
    lines = judged.here("logs", "pods", "--store", "store", "--json").json["lines"]
    assert [(line["run"], line["shard"], line["message"]) for line in lines] == [
        ("pods", 1, "shard 1: begun"),
        ("pods", 1, "shard 1: committed"),
    ]
    assert judged.here("logs", "pods", "--store", "store", "--shard", "0").out == ""
    case = judged.kept("pods")[0]["case_id"]
    assert "shard 1: committed" in judged.here("logs", "pods", "--store", "store", "--case", case).out
    assert judged.here("logs", "pods", "--store", "store", "--case", "nobody").code == 64


def test_a_run_that_was_never_in_a_cluster_cannot_be_stopped_or_scaled_there(judged: Bench) -> None:
    assert judged.here("plan", "suite.yaml", "--write", "--run-id", "pods").code == 0
    for words in (("stop", "pods"), ("scale", "pods", "--pods", "3"), ("resume", "pods", "--on", "kubernetes")):
        ran = judged.here(*words, "--store", "store")
        assert ran.code == 64, ran.err
        assert "was never on Kubernetes" in ran.err


def test_a_suite_without_placement_or_with_a_store_that_pods_cannot_see_is_refused(bench: Bench) -> None:
    ran = bench.here("run", "suite.yaml", "--on", "kubernetes")
    assert ran.code == 65
    assert "placement: is missing" in ran.err
    bench.suite(placement={"image": "img:1"})
    for words in (("run", "suite.yaml", "--on", "kubernetes"), ("render", "kubernetes", "suite.yaml")):
        ran = bench.here(*words)
        assert ran.code == 64
        assert "pods cannot see" in ran.err


def test_what_is_rendered_is_the_same_to_the_byte_and_its_plan_is_in_the_store(bench: Bench) -> None:
    bench.suite(placement={"image": "img:1", "store": {"claim": "evals", "path": "/store"}, "namespace": "evals"})
    words = ("render", "kubernetes", "suite.yaml", "--run-id", "Nightly_7")
    first, again = bench.here(*words), bench.here(*words)
    assert first.code == 0, first.err
    assert first.out == again.out
    assert first.out.count("\n---\n") == 1
    assert "evalfactory-nightly-7-" in first.out
    assert (bench.root("Nightly_7") / "plan.json").exists()
    access = bench.here("render", "kubernetes", "suite.yaml", "--access")
    assert "kind: Role" in access.out
    assert "secrets" not in access.out


def test_a_placement_may_stand_in_a_file_of_its_own_and_what_is_wrong_there_is_found_there(bench: Bench) -> None:
    words = ("render", "kubernetes", "suite.yaml", "--run-id", "here", "--placement", "prod.yaml")
    profile = bench.folder / "prod.yaml"
    profile.write_text("image: img:1\nstore: {claim: evals, path: /store}\npods: 3\n")
    assert "parallelism: 3" in bench.here(*words).out
    profile.write_text("image: img:1\npodz: 3\n")
    refused = bench.here(*words)
    assert refused.code == 65
    assert "prod.yaml:2: podz: unknown key (nearest known key: pods)" in refused.err
    assert bench.here(*words[:-1], "nowhere.yaml").code == 65
