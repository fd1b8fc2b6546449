"""What commands say about runs that are finished, stopped, retried or looked at, to somebody who will act on it."""

from __future__ import annotations

import re
import shlex

from command_line import Desk, simulated_judge
from evalfactory.cli.progress import in_words
from evalfactory.engine.events import Finished
from evalfactory.records.measurement import Slot
from evalfactory.runners.progress import Progress, WorkerProgress


def test_a_run_that_is_finished_already_says_that_nothing_was_measured(desk: Desk) -> None:
    again = desk("run", "suite.yaml", "--run-id", "first")
    assert again.code == 0
    assert "nothing was measured: all of 40 slots had been measured before" in again.err
    assert "nothing was measured" in desk("resume", "first").err


def test_what_was_measured_before_counts_neither_for_the_rate_nor_for_the_cost() -> None:
    progress, worker = Progress(planned=10, started_s=0.0), WorkerProgress("worker 1")
    progress.workers = [worker]
    for number in range(8):
        earlier = number < 6
        event = Finished(Slot(f"case-{number}", "m"), "scored", 3, 0.5, reused=False, earlier=earlier)
        progress.note(worker, event)
    line = in_words(progress, now_s=2.0)
    assert line == "8/10 measured · 6 of them before · 6 judge calls · 3.0/s · $1.00 · about 2 s left"
    assert (worker.done, worker.calls) == (2, 6)


def test_a_resumed_run_tells_its_own_work_alone(new_desk: Desk) -> None:
    new_desk.suite(execution={"workers": 1, "shards": 1})
    new_desk.run("--run-id", "cut")
    (shard,) = new_desk.folder.glob(".evalfactory/*/runs/cut/shards/*")
    (shard / "commit.json").unlink()
    for part in shard.glob("parts/*"):
        lines = part.read_bytes().splitlines(keepends=True)
        part.with_name(part.name + ".partial").write_bytes(b"".join(lines[:31]))
        part.unlink()
    said = new_desk("resume", "cut").err
    assert "40/40 measured · 30 of them before" in said
    assert int(re.findall(r"(\d+) judge calls", said)[-1]) <= 10 * 4


def test_a_stopped_run_that_is_collected_says_how_to_go_on(desk: Desk) -> None:
    desk("work", "suite.yaml", "--run-id", "half", "--shard-index", "0", "--total-shards", "2")
    told = desk("collect", "half")
    assert told.code == 12
    (line,) = [line for line in told.out.splitlines() if "evalfactory resume" in line]
    assert desk(*shlex.split(line)[3:], "--quiet").code == 0
    assert "evalfactory resume" not in desk("collect", "half").out


def test_collect_takes_quiet_like_every_command_that_gives_a_verdict(desk: Desk) -> None:
    ran = desk("collect", "first", "--quiet")
    assert (ran.code, ran.err) == (0, "")


def test_a_retry_counts_the_cases_that_it_tells_of(new_desk: Desk) -> None:
    with simulated_judge("--fault", "filtered=0.05", "--max-faults", "99", "--seed", "3") as judge:
        new_desk.suite(judge=judge.judge())
        assert 0 < new_desk.run("--run-id", "parent")["errored"] < 20
        (line,) = [line for line in new_desk("report", "parent").out.splitlines() if "evalfactory retry" in line]
        new_desk(*shlex.split(line)[2:], "--run-id", "child", "--json", "--quiet")
    assert new_desk.report("child")["counts"]["planned"] == 40
    assert new_desk.report("child")["cases"] == 20


def test_many_errored_slots_make_a_weak_baseline_and_that_is_said(new_desk: Desk) -> None:
    with simulated_judge("--fault", "filtered=0.05", "--max-faults", "99", "--seed", "3") as judge:
        new_desk.suite(judge=judge.judge())
        errored = new_desk.run("--run-id", "parent")["errored"]
    blessed = new_desk("bless", "parent", "--name", "main", "--json")
    assert blessed.json["run_id"] == "parent"
    assert f"a weak baseline: {errored} of 40 slots are errored" in blessed.err
    assert "evalfactory retry parent --errored" in blessed.err


def test_a_sound_baseline_is_blessed_without_a_word_more(desk: Desk) -> None:
    assert desk("bless", "first", "--name", "main").err == ""


def test_the_suggested_command_finds_a_case_whose_id_looks_like_an_option(new_desk: Desk) -> None:
    new_desk.cases(
        {"id": "--json", "input": "How?", "actual_output": "Cheese sells well.", "retrieval_context": ["Like so."]}
    )
    new_desk("run", "suite.yaml", "--run-id", "odd", "--quiet")
    (line,) = [line for line in new_desk("report", "odd").out.splitlines() if "evalfactory explain" in line]
    told = new_desk(*shlex.split(line)[2:])
    assert told.code == 0
    assert told.out.startswith("case --json of run odd")


def test_a_suite_in_another_script_can_be_read_in_the_path_of_its_report(new_desk: Desk) -> None:
    new_desk.suite(name="返品受付・夜間")
    done = new_desk.run("--run-id", "first")
    assert "/返品受付・夜間/runs/first/report/0001" in done["report"]
    assert new_desk("verify", "first").code == 0
    assert new_desk("run", "suite.yaml", "--run-id", "second", "--json", "--quiet").json["reused"] == 40
