"""What a death costs: calls for what was in flight, and on an object store for what was not written yet; never more."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from fakes.s3_stub import S3Stub, s3_stub
from line_tools import DEADLINE_S, Bench, Simulator, Started, eventually, is_alive, simulator, verdict

IN_FLIGHT = 5  # slots of one worker at once: a window of four, which a case of two metrics may overstep by one
MOST_CALLS = 4  # of one slot
SLOTS = 48


@pytest.fixture(scope="module")
def judge() -> Iterator[Simulator]:
    with simulator("--latency", "constant", "--latency-mean-s", "0.03") as running:
        yield running


@pytest.fixture
def slow(judged: Bench) -> Bench:
    judged.suite(judge={"max_in_flight": 4}, execution={"shards": 4, "workers": 2, "grace_s": 60})
    return judged


@pytest.fixture
def calls(undisturbed: Bench) -> int:
    """What the run costs in peace."""
    return int(undisturbed.report("truth")["judge"]["calls"])


def kill_all(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not any(map(is_alive, pids)), "their end")


def until_kept(running: Started, bench: Bench, run_id: str, count: int) -> None:
    running.until(lambda: len(bench.kept(run_id)) >= count, "some measurements")


def test_a_runner_that_is_killed_costs_no_call_at_all(slow: Bench, judge: Simulator, truth: str, calls: int) -> None:
    """Its workers finish what they have in flight, keep it, and end."""
    running = slow.start("run", "suite.yaml", "--run-id", "beheaded")
    until_kept(running, slow, "beheaded", 6)
    workers = running.workers()
    running.send(signal.SIGKILL)
    running.process.communicate(timeout=DEADLINE_S)
    eventually(lambda: not any(map(is_alive, workers)), "the workers' end")
    kept = len(slow.kept("beheaded"))
    assert kept < SLOTS
    assert slow.resume("beheaded")["results_digest"] == truth
    assert judge.requests == calls


def test_a_machine_that_dies_costs_what_was_in_flight(slow: Bench, judge: Simulator, truth: str, calls: int) -> None:
    running = slow.start("run", "suite.yaml", "--run-id", "dark")
    until_kept(running, slow, "dark", 6)
    kill_all([running.pid, *running.workers()])
    running.process.communicate(timeout=DEADLINE_S)
    kept = {(line["case_id"], line["metric"]): line["attempt"] for line in slow.kept("dark")}
    assert slow.resume("dark")["results_digest"] == truth
    lines = slow.measurements("dark")
    assert all(lines[(*slot, 0)]["attempt"] == attempt for slot, attempt in kept.items())
    assert judge.requests <= calls + 2 * IN_FLIGHT * MOST_CALLS


@pytest.fixture
def bucket(slow: Bench) -> Iterator[S3Stub]:
    """An object store for the folder's runs: what was measured is written there every so often."""
    with s3_stub() as stub:
        slow.store_name = "s3://bucket/store"
        slow.env |= {
            "AWS_ENDPOINT_URL": stub.endpoint, "AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "hush",
            "AWS_REGION": "us-east-1", "NO_PROXY": "127.0.0.1",
        }  # fmt: skip
        yield stub


def kept_in(stub: S3Stub) -> list[Any]:
    """The measurements in the parts of the bucket."""
    with stub.lock:
        parts = [body for path, body in stub.objects.items() if "/parts/" in path]
    lines = [json.loads(line) for body in parts for line in body.splitlines()]
    return [line for line in lines if line["kind"] == "measurement"]


def test_on_an_object_store_a_death_costs_what_was_in_flight_or_not_written_yet(
    slow: Bench, judge: Simulator, truth: str, calls: int, bucket: S3Stub
) -> None:
    slow.suite(judge={"max_in_flight": 4}, execution={"shards": 2, "workers": 1, "flush_s": 0.2})
    running = slow.start("run", "suite.yaml", "--run-id", "cloudy")
    running.until(lambda: len(kept_in(bucket)) >= 8, "some parts")
    kill_all([running.pid, *running.workers()])
    running.process.communicate(timeout=DEADLINE_S)
    sent = judge.requests
    kept = kept_in(bucket)
    assert 8 <= len(kept) < SLOTS
    done = slow.resume("cloudy")
    assert (done["scored"], done["results_digest"]) == (SLOTS, truth)
    assert judge.requests <= calls + sent - sum(line["usage"]["calls"] for line in kept)
    again = verdict(slow("run", "suite.yaml", "--run-id", "again", "--json"))
    assert (again["reused"], again["results_digest"]) == (SLOTS, truth)
    assert slow("verify", "cloudy", "--store", slow.store_name).code == 0


def test_twins_on_an_object_store_come_to_one_commit(slow: Bench, truth: str, bucket: S3Stub) -> None:
    slow.suite()
    words = ("work", "suite.yaml", "--run-id", "twins", "--total-shards", "2", "--fresh")
    every = [slow.start(*words, "--shard-index", str(shard)) for shard in (0, 1, 1)]
    ended = [each.ended() for each in every]
    assert [ran.code for ran in ended] == [0, 0, 0], [ran.err for ran in ended]
    collected = verdict(slow("collect", "twins", "--store", slow.store_name, "--json"))
    assert (collected["missing"], collected["results_digest"]) == (0, truth)
