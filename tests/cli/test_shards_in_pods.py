"""What a pod's command line adds to a worker's: an index among the open shards, addresses as they are from there."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from line_tools import Bench, Simulator, simulator, verdict

RUN = ("--store", "store", "--run-id", "pods")


def planned(bench: Bench, shards: int = 2) -> int:
    bench.suite(execution={"shards": shards})
    assert bench.here("plan", "suite.yaml", "--write", "--run-id", "pods", "--workers", "2").code == 0
    return len(json.loads((bench.root("pods") / "plan.json").read_text())["shards"])


def test_an_index_counts_in_the_shards_that_are_named(judged: Bench) -> None:
    last = planned(judged) - 1
    judged.env["JOB_COMPLETION_INDEX"] = "1"
    ran = judged("work", *RUN, "--shards", f"0,{last}", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["shard"] == last


def test_an_index_beyond_the_shards_that_are_named_is_refused(judged: Bench, judge: Simulator) -> None:
    planned(judged)
    ran = judged.here("work", *RUN, "--shard-index", "2", "--shards", "0-1")
    assert (ran.code, judge.requests) == (64, 0)
    assert "--shards names 2" in ran.err


@pytest.mark.parametrize("words", [("--shards", "1-"), ("--address", "http://judge/v1")])
def test_what_cannot_be_read_is_refused(judged: Bench, words: tuple[str, str]) -> None:
    ran = judged.here("work", *RUN, "--shard-index", "0", *words)
    assert ran.code == 64
    assert words[0] in ran.err


def test_a_judge_is_asked_at_its_address_from_here_and_results_do_not_depend_on_it(judged: Bench, truth: str) -> None:
    planned(judged, shards=1)
    with simulator() as elsewhere:
        address = f"{judged.base_url}={elsewhere.base_url}"
        ran = judged("work", *RUN, "--shard-index", "0", "--address", address)
        assert ran.code == 0, ran.err
        assert elsewhere.requests > 0
    assert verdict(judged.here("collect", "pods", "--store", "store", "--json"))["results_digest"] == truth


def test_a_key_that_has_worked_in_the_run_is_waited_for_and_one_that_never_has_is_not(bench: Bench) -> None:
    """77 ends a whole Job, 69 is tried again: a key that is renewed in the middle of a night must not end the night."""
    with simulator("--expect-key", "right") as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"api_key_env": "KEY"}, execution={"shards": 2})
        bench.env["KEY"] = "right"
        assert bench.here("plan", "suite.yaml", "--write", "--run-id", "pods").code == 0
        ends = []
        for key, shard in (("wrong", "1"), ("right", "0"), ("wrong", "1")):
            bench.env["KEY"] = key
            ends.append(bench("work", *RUN, "--shard-index", shard))
    assert [ran.code for ran in ends] == [77, 0, 69], [ran.err for ran in ends]
    assert "it has worked in this run before" in ends[2].err


def test_a_key_that_works_for_another_pod_at_this_moment_is_waited_for_before_any_shard_is_committed(
    bench: Bench,
) -> None:
    with simulator("--expect-key", "right", "--latency", "constant", "--latency-mean-s", "1") as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"api_key_env": "KEY", "max_in_flight": 2}, execution={"shards": 2})
        bench.env["KEY"] = "right"
        assert bench.here("plan", "suite.yaml", "--write", "--run-id", "pods").code == 0
        at_work = bench.start("work", *RUN, "--shard-index", "0")
        at_work.until(lambda: bench.kept("pods"), "its first measurement")
        bench.env["KEY"] = "wrong"
        refused = bench("work", *RUN, "--shard-index", "1")
        assert not list(bench.root("pods").glob("shards/*/commit.json"))
        at_work.send(signal.SIGTERM)
        assert at_work.ended().code == 143
    assert refused.code == 69, refused.err


def test_what_a_worker_said_before_it_was_killed_is_kept(bench: Bench) -> None:
    with simulator("--latency", "constant", "--latency-mean-s", "1") as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"max_in_flight": 2}, execution={"shards": 1, "flush_s": 0.05})
        assert bench.here("plan", "suite.yaml", "--write", "--run-id", "pods").code == 0
        at_work = bench.start("work", *RUN, "--shard-index", "0")
        logs = bench.root("pods") / "logs"
        at_work.until(lambda: [path for path in logs.glob("*.jsonl") if path.stat().st_size], "its log")
        at_work.send(signal.SIGKILL)
        at_work.ended()
        said = bench.here("logs", "pods", "--store", "store", "--shard", "0", "--json").json["lines"]
    assert [line["message"] for line in said] == ["shard 0: begun"]


def test_sigterm_while_a_worker_is_being_loaded_is_a_stop_and_no_failure() -> None:
    """A container's first process would not hear it, and be killed later: 137, which counts against its shard."""
    told = "import signal; from evalfactory.interrupts import end_on_sigterm as on; on(); signal.raise_signal(signal.SIGTERM)"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (143, "evalfactory: stopped before anything was measured\n")
