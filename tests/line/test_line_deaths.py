"""Workers and runners that die at any moment: nothing is lost, nothing is left behind, hardly anything is asked twice."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from line_tools import DEADLINE_S, Bench, Simulator, Started, eventually, is_alive, simulator, verdict

SLOTS = 48
IN_FLIGHT = 5  # slots of one worker at once: a window of four, which a case of two metrics may overstep by one
MOST_CALLS = 4  # of one slot


@pytest.fixture(scope="module")
def judge() -> Iterator[Simulator]:
    with simulator("--latency", "constant", "--latency-mean-s", "0.03") as running:
        yield running


@pytest.fixture
def slow(judged: Bench) -> Bench:
    """A run that takes long enough to be disturbed, in shards that are not all begun at once."""
    judged.suite(judge={"max_in_flight": 4}, execution={"shards": 6, "workers": 2})
    return judged


def has_measured(pid: int) -> bool:
    """Whether the worker has kept a measurement of its own, as its open journals show."""
    try:
        opened = [name.resolve() for name in Path(f"/proc/{pid}/fd").iterdir()]
        return any(_own_lines(path) for path in opened if path.suffix == ".partial" and path.exists())
    except OSError:
        return False


def _own_lines(journal: Path) -> bool:
    lines = [line for line in journal.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    attempt = journal.name.rpartition("-")[0]
    return any(json.loads(line)["attempt"] == attempt for line in lines[1:])


def killed_one(bench: Bench, running: Started, dice: random.Random) -> bool:
    """Whether the run lived long enough for one more of its workers to be killed, some measurements later."""
    enough = len(bench.kept("hunted")) + dice.randint(1, 8)

    def victim() -> int | None:
        if running.process.poll() is not None:
            return -1
        ready = sorted(filter(has_measured, running.workers())) if len(bench.kept("hunted")) >= enough else []
        return dice.choice(ready) if ready else None

    pid = eventually(victim, "a worker that has measured something")
    if pid > 0:
        os.kill(pid, signal.SIGKILL)
    return bool(pid > 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_workers_change_no_result_and_repeat_only_what_was_in_flight(
    slow: Bench, judge: Simulator, undisturbed: Bench, truth: str, seed: int
) -> None:
    dice = random.Random(seed)
    running = slow.start("run", "suite.yaml", "--json", "--run-id", "hunted")
    kills = 0
    for _ in range(dice.randint(1, 3)):
        kills += killed_one(slow, running, dice)
    done = verdict(running.ended())
    assert kills
    assert (done["planned"], done["scored"], done["errored"]) == (SLOTS, SLOTS, 0)
    assert done["results_digest"] == truth
    assert judge.requests <= undisturbed.report("truth")["judge"]["calls"] + kills * IN_FLIGHT * MOST_CALLS
    again = slow.run()
    assert again["reused"] == SLOTS


def test_a_run_whose_nursery_is_killed_loses_nothing(slow: Bench, truth: str) -> None:
    running = slow.start("run", "suite.yaml", "--json", "--run-id", "motherless")
    running.until(lambda: len(slow.kept("motherless")) >= 5, "some measurements")
    nursery, forked = running.nursery(), running.workers()
    assert nursery is not None
    os.kill(nursery, signal.SIGKILL)
    done = verdict(running.ended())
    assert (done["scored"], done["results_digest"]) == (SLOTS, truth)
    assert not any(map(is_alive, [nursery, *forked]))


def test_workers_end_by_themselves_when_their_runner_is_killed(slow: Bench, truth: str) -> None:
    running = slow.start("run", "suite.yaml", "--run-id", "orphaned")
    running.until(lambda: len(slow.kept("orphaned")) >= 5, "some measurements")
    nursery, forked = running.nursery(), running.workers()
    assert nursery is not None
    running.send(signal.SIGKILL)
    running.process.communicate(timeout=DEADLINE_S)
    eventually(lambda: not any(map(is_alive, [nursery, *forked])), "the workers' end")
    kept = len(slow.kept("orphaned"))
    assert 5 <= kept < SLOTS
    done = slow.resume("orphaned")
    assert done["results_digest"] == truth
    assert len(slow.measurements("orphaned")) == SLOTS


def test_a_worker_whose_runner_is_gone_before_it_begins_does_not_begin(slow: Bench, judge: Simulator) -> None:
    planned = json.loads(slow("plan", "suite.yaml", "--write", "--run-id", "early", "--json").out)
    plan = json.loads((slow.root("early") / "plan.json").read_text())
    assert planned
    assignment = {
        "kind": "assignment", "store": str(slow.store), "suite": "line", "run_id": "early",
        "plan_digest": plan["digest"], "attempt": "a", "folder": str(slow.folder),
    }  # fmt: skip
    orders = [assignment, *({"kind": "order", "shard": shard} for shard in range(len(plan["shards"])))]
    done = subprocess.run(
        [sys.executable, "-m", "evalfactory.worker"],
        input="".join(json.dumps(order) + "\n" for order in orders),
        capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 143, done.stderr
    assert not list(slow.root("early").glob("shards/*/commit.json"))
    assert judge.requests <= 3 * IN_FLIGHT * MOST_CALLS


@pytest.mark.parametrize(("how", "code"), [("Ctrl-C", 130), ("SIGTERM", 143)])
def test_a_stopped_run_says_once_how_to_go_on_and_goes_on(slow: Bench, truth: str, how: str, code: int) -> None:
    slow.store_name = "my $tore"
    running = slow.start("run", "suite.yaml", "--run-id", "stopped", "--quiet", "--store", slow.store_name)
    running.until(lambda: len(slow.kept("stopped")) >= 3, "some measurements")
    workers = running.workers()
    running.interrupt() if how == "Ctrl-C" else running.send(signal.SIGTERM)
    stopped = running.ended()
    assert stopped.code == code
    assert not any(map(is_alive, workers))
    assert stopped.err.count("evalfactory resume stopped") == 1
    assert len(stopped.err.splitlines()) <= 3
    line = next(line for line in stopped.err.splitlines() if "evalfactory resume" in line)
    words = shlex.split(line[line.index("evalfactory resume") :])
    done = verdict(slow(*words[1:], "--json"))
    assert done["results_digest"] == truth


OWN = """
from deepeval.metrics import BaseMetric

class Slow(BaseMetric):
    def __init__(self, threshold=0.5, model=None):
        self.threshold, self.model = threshold, model

    async def a_measure(self, case, **_):
        await self.model.a_generate("How is the weather?")
        self.score, self.success = 1.0, True
        return self.score

    def is_successful(self):
        return True
"""


def test_the_command_that_resumes_finds_a_metric_of_ones_own(slow: Bench, tmp_path: Path) -> None:
    slow.module("own", OWN)
    slow.suite(metrics=[{"own:Slow": {"name": "slow"}}], execution={"shards": 6}, judge={"max_in_flight": 2})
    suite = slow.folder
    slow.folder = tmp_path / "else where"
    slow.folder.mkdir()
    slow.store_name = str(suite / "store")
    running = slow.start("run", suite / "suite.yaml", "--run-id", "stopped", "--quiet")
    running.until(lambda: len(slow.kept("stopped")) >= 3, "some measurements")
    running.interrupt()
    message = running.ended().err
    words = shlex.split(message[message.index("evalfactory resume") :].splitlines()[0])
    done = verdict(slow(*words[1:], "--json"))
    assert (done["scored"], done["missing"]) == (24, 0)


def test_ctrl_c_ends_a_run_that_is_still_planning(bench: Bench) -> None:
    with simulator("--fault", "hang=1", "--max-faults", "99") as judge:
        bench.base_url = judge.base_url
        polite = {"name": "polite", "criteria": "Is it polite?", "evaluation_params": ["actual_output"]}
        bench.suite(metrics=[{"geval": polite}], judge={"timeout_s": 500})
        running = bench.start("run", "suite.yaml", "--run-id", "planning")
        eventually(lambda: judge.requests, "the question for the steps")
        running.interrupt()
        stopped = running.ended()
    assert stopped.code == 130
    assert stopped.err.splitlines() == ["evalfactory: stopped before anything was measured"]


def test_a_second_ctrl_c_waits_for_nothing_and_loses_nothing(bench: Bench) -> None:
    with simulator("--fault", "hang=0.08", "--max-faults", "99") as judge:
        bench.base_url = judge.base_url
        bench.suite(execution={"grace_s": 500}, judge={"timeout_s": 500})
        running = bench.start("run", "suite.yaml", "--run-id", "impatient", "--quiet")
        running.until(lambda: len(bench.kept("impatient")) >= 3, "some measurements")
        workers = running.workers()
        running.interrupt()
        running.interrupt()
        assert running.ended().code == 130
        assert not any(map(is_alive, workers))
    assert len(bench.kept("impatient")) >= 3
