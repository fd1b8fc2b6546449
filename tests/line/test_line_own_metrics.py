"""A user's metric may do anything: it costs its own slots at most, never another's, and never the run."""

from __future__ import annotations

from typing import Any

import pytest

from line_tools import Bench, eventually, is_alive, made_up_cases

HOSTILE = '''
import asyncio, os, re, subprocess, sys, threading
from pathlib import Path

import __main__
from deepeval.metrics import BaseMetric

if os.environ.get("DIE_IN_WORKERS") and (__main__.__package__ or "") == "evalfactory.worker":
    print("no such device", file=sys.stderr)
    os._exit(3)


class Hostile(BaseMetric):
    """Scores every case but those that its table says what to do with."""

    def __init__(self, threshold=0.5, does=None, **_):
        self.threshold, self.does = threshold, does or {}

    async def a_measure(self, case, **_):
        await asyncio.sleep(0)
        what = self.does.get(case.input)
        if what is not None:
            done = getattr(self, what)()
            if asyncio.iscoroutine(done):
                done = await done
            if done is not None:
                return done
        self.score, self.success, self.reason = (None if what == "none" else 1.0), True, "fine"
        return self.score

    def is_successful(self):
        return True

    def raises(self):
        raise RuntimeError("boom \\x1b[31m red")

    async def hangs(self):
        await asyncio.sleep(3600)

    def hangs_still(self):
        threading.Event().wait()

    async def swallows(self):
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                pass

    def none(self):
        return None

    def nan(self):
        self.score = float("nan")
        return self.score

    def text(self):
        self.score = "high"
        return self.score

    def leaves(self):
        sys.exit(3)

    def stops(self):
        raise KeyboardInterrupt

    def prints(self):
        for stream in (sys.stdout, sys.stderr):
            print("x" * 300_000, file=stream, flush=True)
        os.write(1, b'["finished","case-0000","hostile",0,"scored",0,0.0,false]\\n' + b"y" * 300_000)

    def asks(self):
        try:
            input("your name? ")
        except EOFError:
            pass

    def begets(self):
        here = Path(__file__).parent
        child = subprocess.Popen(["sleep", "3600"])
        (here / "child.pid").write_text(str(child.pid))

    def exits_well(self):
        os._exit(0)

    def exits_badly(self):
        os._exit(78)

    def aborts(self):
        os.abort()

    def blocks(self):
        re.match(r"(a+)+$", "a" * 60 + "b")
'''


@pytest.fixture
def hostile(judged: Bench) -> Bench:
    judged.module("own", HOSTILE)
    return judged


def does(bench: Bench, what: dict[int, str], **execution: Any) -> None:
    """Write the suite in which the metric does that on the cases with these numbers."""
    inputs = {case["id"]: case["input"] for case in made_up_cases(24)}
    table = {inputs[f"case-{number:04}"]: name for number, name in what.items()}
    metrics = ["answer_relevancy", {"own:Hostile": {"name": "hostile", "does": table}}]
    bench.suite(metrics=metrics, execution={"deadline_s": 2, **execution})


def failures(bench: Bench, run_id: str) -> dict[int, tuple[str, str]]:
    """Class and place of every errored slot of the hostile metric, by the case's number; no other metric has any."""
    errored = {slot: line for slot, line in bench.measurements(run_id).items() if line["state"] == "errored"}
    assert {metric for _, metric, _ in errored} <= {"hostile"}
    return {
        int(slot[0].removeprefix("case-")): (line["failure"]["error_class"], line["failure"]["where"])
        for slot, line in errored.items()
    }


def test_whatever_a_metric_does_costs_its_own_slot_alone(hostile: Bench) -> None:
    what = {
        1: "raises", 2: "hangs", 3: "hangs_still", 4: "swallows", 5: "none", 6: "nan", 7: "text", 8: "leaves",
        9: "stops", 10: "prints", 11: "asks", 12: "begets",
    }  # fmt: skip
    does(hostile, what)
    done = hostile.run("--run-id", "hostile")
    assert (done["planned"], done["missing"]) == (48, 0)
    late, wrong = ("timeout", "metric"), ("metric", "metric")
    assert failures(hostile, "hostile") == {
        1: wrong, 2: late, 3: late, 4: late, 5: wrong, 6: wrong, 7: wrong, 8: wrong, 9: wrong,
    }  # fmt: skip
    said = [path.read_text() for path in hostile.root("hostile").glob("logs/*-stderr.jsonl")]
    assert any("yyyy" in words for words in said)
    child = int((hostile.folder / "child.pid").read_text())
    eventually(lambda: not is_alive(child), "the end of what a metric has left behind")


def test_slots_that_kill_their_worker_are_found_and_quarantined(hostile: Bench) -> None:
    what = {3: "exits_well", 4: "exits_badly", 17: "aborts"}
    does(hostile, what, shards=4)
    done = hostile.run("--run-id", "deadly")
    assert (done["scored"], done["errored"], done["missing"]) == (45, 3, 0)
    assert failures(hostile, "deadly") == dict.fromkeys(what, ("crash", "worker"))


def test_a_worker_that_is_blocked_is_killed_and_what_blocks_it_is_found(hostile: Bench) -> None:
    does(hostile, {5: "blocks"}, hang_s=5)
    done = hostile.run("--run-id", "blocked", "--workers", "1")
    assert (done["scored"], done["errored"]) == (47, 1)
    assert failures(hostile, "blocked") == {5: ("crash", "worker")}


def test_workers_that_only_die_are_started_a_few_times_and_no_slot_is_blamed(hostile: Bench) -> None:
    hostile.env["DIE_IN_WORKERS"] = "1"
    does(hostile, {}, max_restarts=2)
    died = hostile("run", "suite.yaml", "--run-id", "stillborn", "--workers", "1")
    assert died.code == 12
    assert "worker 1 died 3 times" in died.err
    assert "no such device" in died.err
    assert not hostile.kept("stillborn")
