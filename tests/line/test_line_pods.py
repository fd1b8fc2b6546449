"""Workers that are started one by one, by hand or as pods, on the same run as others."""

from __future__ import annotations

import json
import signal
from functools import partial

from line_tools import Bench, Simulator, made_up_cases, port_of, simulator, verdict

SHARDS = "2"


def work(bench: Bench, shard: int, *words: str) -> tuple[str, ...]:
    return (
        "work", "suite.yaml", "--run-id", "pods", "--shard-index", str(shard), "--total-shards", SHARDS, "--fresh",
        *words,
    )  # fmt: skip


SECOND = ("shard 1: another worker committed it first", "shard 1: it is committed already")


def test_workers_that_come_at_once_agree_on_a_plan_and_of_twins_one_is_told_that_it_was_second(
    judged: Bench, truth: str
) -> None:
    twins = [judged.start(*work(judged, shard)) for shard in (0, 1, 1)]
    ended = [each.ended() for each in twins]
    assert [ran.code for ran in ended] == [0, 0, 0], [ran.err for ran in ended]
    assert sum(words in ran.err for ran in ended for words in SECOND) == 1
    collected = verdict(judged.here("collect", "pods", "--store", "store", "--json"))
    assert (collected["scored"], collected["missing"]) == (48, 0)
    assert collected["results_digest"] == truth
    assert judged.here("verify", "pods", "--store", "store").code == 0


def test_a_pod_takes_its_shard_from_its_index_and_what_is_missing_is_told(judged: Bench, truth: str) -> None:
    assert judged(*work(judged, 0)).code == 0
    incomplete = judged.here("collect", "pods", "--store", "store", "--json")
    assert incomplete.code == 12
    assert incomplete.json["missing"] > 0
    judged.env["JOB_COMPLETION_INDEX"] = "1"
    pod = judged("work", "--store", "store", "--run-id", "pods", "--json")
    assert pod.code == 0, pod.err
    assert pod.json["shard"] == 1
    assert verdict(judged.here("collect", "pods", "--store", "store", "--json"))["results_digest"] == truth


def test_a_worker_with_another_index_plan_or_suite_is_refused(judged: Bench, judge: Simulator) -> None:
    assert judged("plan", "suite.yaml", "--write", "--run-id", "pods", "--workers", "1").code == 0
    plan = json.loads((judged.root("pods") / "plan.json").read_text())
    beyond = str(len(plan["shards"]))
    by_store = ("work", "--store", "store", "--run-id", "pods")
    refusals = [
        (64, (*by_store, "--shard-index", beyond)),
        (64, (*by_store, "--shard-index", "-1")),
        (64, by_store),
        (64, ("work", "--store", "store", "--run-id", "nobody", "--shard-index", "0")),
        (78, (*by_store, "--shard-index", "0", "--plan-digest", "0" * 64)),
        (78, ("work", "suite.yaml", "--run-id", "pods", "--shard-index", "0", "--total-shards", "5")),
    ]
    for code, words in refusals:
        ran = judged.here(*words)
        assert ran.code == code, (words, ran.err)
        assert ran.err.count("evalfactory:") == 1
    assert not judged.kept("pods")
    assert judge.requests == 0


def test_a_worker_with_yesterdays_cases_is_told_why_and_measures_nothing(
    judged: Bench, judge: Simulator, truth: str
) -> None:
    assert judged(*work(judged, 0)).code == 0
    sent, kept = judge.requests, len(judged.kept("pods"))
    judged.cases(made_up_cases(24, seed=1))
    refused = judged(*work(judged, 1))
    assert refused.code == 78
    assert "run pods exists with another plan" in refused.err
    assert "the suite, the data, the tier, the number of shards or a version differs" in refused.err
    assert (judge.requests, len(judged.kept("pods"))) == (sent, kept)
    judged.cases(made_up_cases(24))
    assert judged(*work(judged, 1)).code == 0
    assert verdict(judged.here("collect", "pods", "--store", "store", "--json"))["results_digest"] == truth


def has_kept(bench: Bench, enough: int) -> bool:
    return len(bench.kept("pods")) >= enough


def test_a_stopped_worker_says_so_and_another_one_goes_on(bench: Bench) -> None:
    one = ("work", "suite.yaml", "--run-id", "pods", "--shard-index", "0", "--total-shards", "1")
    with simulator("--latency", "constant", "--latency-mean-s", "0.1") as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"max_in_flight": 2})
        for number, code, enough in ((signal.SIGTERM, 143, 4), (signal.SIGINT, 130, 16)):
            worker = bench.start(*one)
            worker.until(partial(has_kept, bench, enough), "some measurements")
            worker.send(number)
            ran = worker.ended()
            assert ran.code == code, ran.err
            assert ran.err.startswith("evalfactory: stopped")
            assert len(ran.err.splitlines()) == 2
    with simulator(port=port_of(judge)):
        assert bench(*one).code == 0
    assert verdict(bench.here("collect", "pods", "--store", "store", "--json"))["missing"] == 0


def test_two_runners_on_one_run_come_to_one_result(judged: Bench, truth: str) -> None:
    both = [judged.start("run", "suite.yaml", "--run-id", "shared", "--fresh", "--json") for _ in range(2)]
    digests = {verdict(each.ended())["results_digest"] for each in both}
    assert digests == {truth}
    assert judged.here("verify", "shared", "--store", "store").code == 0
    assert len(judged.measurements("shared")) == 48
