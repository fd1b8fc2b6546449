"""Whatever is changed or cut short in a store is found and named, by everybody who reads it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalfactory.records.plan import Plan, content_digest
from line_tools import Bench, Ran, Simulator, made_up_cases, simulator, verdict

OFFLINE: dict[str, Any] = {"judge": "offline", "execution": {"shards": 3, "workers": 1}}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A finished run, to be copied and damaged."""
    bench = Bench(tmp_path_factory.mktemp("whole"))
    bench.cases(made_up_cases(12))
    bench.suite(**OFFLINE)
    bench.run("--run-id", "whole")
    assert bench.here("verify", "whole", "--store", "store").code == 0
    return bench


@pytest.fixture
def copy(whole: Bench, tmp_path: Path) -> Bench:
    shutil.copytree(whole.folder, tmp_path, dirs_exist_ok=True)
    return Bench(tmp_path)


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def turn(path: Path) -> None:
    """Change one score or text and leave it a readable file."""
    body = path.read_bytes()
    changed = body.replace(b'"score":1.0', b'"score":0.9', 1).replace(b'"faithfulness"', b'"faithfulnes5"', 1)
    assert changed != body
    path.write_bytes(changed)


def garble(path: Path) -> None:
    path.write_bytes(b"\xff\xfe not json \x1b[2J")


def remove(path: Path) -> None:
    path.unlink()


def named(ran: Ran, path: Path) -> None:
    """The command ended for that file's sake, and says so without passing its bytes on to the terminal."""
    assert ran.code == 65, ran.err
    assert path.name in ran.err
    assert "\x1b" not in ran.err


def named_by(bench: Bench, path: Path, *commands: str) -> None:
    for command in commands:
        named(bench.here(command, "whole", "--store", "store"), path)


def work(bench: Bench, shard: int) -> Ran:
    return bench("work", "--store", "store", "--run-id", "whole", "--shard-index", str(shard))


@pytest.mark.parametrize("damage", [shorten, turn, garble, remove])
def test_a_damaged_part_is_found(copy: Bench, damage: Callable[[Path], None]) -> None:
    part = sorted(copy.root("whole").glob("shards/00001/parts/*"))[0]
    damage(part)
    named_by(copy, part, "collect", "verify")


def untime(path: Path) -> None:
    """Break a time in a file: nothing is counted by it, and all the same it is not what was written."""
    path.write_bytes(re.sub(rb'(_at": "\d{4})-', rb"\1x", path.read_bytes()))


@pytest.mark.parametrize("damage", [shorten, garble, untime])
def test_a_damaged_commit_is_found(copy: Bench, damage: Callable[[Path], None]) -> None:
    commit = copy.root("whole") / "shards/00001/commit.json"
    damage(commit)
    named_by(copy, commit, "collect", "verify", "status")


def test_a_damaged_commit_is_no_commit_for_a_worker_and_can_be_made_anew(copy: Bench) -> None:
    commit = copy.root("whole") / "shards/00001/commit.json"
    shorten(commit)
    named(work(copy, 1), commit)
    named(copy("resume", "whole", "--store", "store"), commit)
    commit.unlink()
    assert work(copy, 1).code == 0
    copy.here("collect", "whole", "--store", "store")
    assert copy.here("verify", "whole", "--store", "store").code == 0


def test_a_commit_of_another_shard_is_found(copy: Bench) -> None:
    commits = [copy.root("whole") / f"shards/0000{index}/commit.json" for index in (0, 1)]
    shutil.copy(*commits)
    named_by(copy, commits[1], "collect", "verify", "status")


def rename(path: Path) -> None:
    """What a digest over the content of a plan does not cover."""
    path.write_bytes(path.read_bytes().replace(b'"run_id": "whole"', b'"run_id": "hole"', 1))


@pytest.mark.parametrize("damage", [shorten, turn, garble, rename, untime])
def test_a_damaged_plan_is_found(copy: Bench, damage: Callable[[Path], None]) -> None:
    plan = copy.root("whole") / "plan.json"
    damage(plan)
    named_by(copy, plan, "collect", "verify", "status", "resume")


@pytest.mark.parametrize("damage", [shorten, turn, garble, remove])
def test_damaged_cases_are_found(copy: Bench, damage: Callable[[Path], None]) -> None:
    (cases,) = copy.root("whole").glob("cases/*")
    damage(cases)
    named_by(copy, cases, "collect", "verify")


def test_damaged_cases_are_not_measured(copy: Bench) -> None:
    (cases,) = copy.root("whole").glob("cases/*")
    cases.write_bytes(cases.read_bytes().replace(b"Nobody knows", b"We all know."))
    shutil.rmtree(copy.root("whole") / "shards")
    named(work(copy, 0), cases)
    named(copy("resume", "whole", "--store", "store"), cases)
    assert not copy.kept("whole")


@pytest.mark.parametrize("damage", [shorten, garble])
def test_a_damaged_entry_of_the_list_of_runs_is_found(copy: Bench, damage: Callable[[Path], None]) -> None:
    entry = copy.store / "runs" / "whole.json"
    damage(entry)
    for words in (["status", "whole"], ["runs"]):
        named(copy.here(*words, "--store", "store"), entry)


@pytest.mark.parametrize("damage", [turn, remove])
def test_a_score_from_a_damaged_part_is_never_reused(copy: Bench, damage: Callable[[Path], None]) -> None:
    before = copy.report("whole")["results_digest"]
    for part in copy.root("whole").glob("shards/*/parts/*"):
        if damage is not turn or b'"score":1.0' in part.read_bytes():
            damage(part)
    again = copy.run("--run-id", "again")
    assert again["reused"] < again["scored"] == 24
    assert again["results_digest"] == before


def test_a_plan_of_other_versions_is_refused_by_its_digest_and_then_by_its_versions(copy: Bench) -> None:
    path = copy.root("whole") / "plan.json"
    plan = json.loads(path.read_text())
    plan["versions"]["deepeval"] = "0.0.1"
    path.write_text(json.dumps(plan))
    refused = work(copy, 0)
    assert refused.code == 78
    assert path.name in refused.err
    other = Plan.model_validate(plan)
    path.write_text(
        other.model_copy(update={"digest": content_digest(other.model_dump(mode="json"))}).model_dump_json()
    )
    shutil.rmtree(copy.root("whole") / "shards")
    for refused in (work(copy, 0), copy("resume", "whole", "--store", "store")):
        assert refused.code == 78
        assert "deepeval 0.0.1" in refused.err
    assert not copy.kept("whole")


def garble_header(path: Path) -> None:
    path.write_bytes(b"\xff\xfe" + path.read_bytes()[2:])


@pytest.mark.parametrize("damage", [shorten, turn, garble, garble_header])
def test_a_changed_part_is_named_and_measured_again_when_its_commit_is_gone(
    copy: Bench, damage: Callable[[Path], None]
) -> None:
    """As the message about it says: delete the commit, and resume."""
    before = copy.report("whole")["results_digest"]
    part = sorted(copy.root("whole").glob("shards/00001/parts/*"))[0]
    damage(part)
    (copy.root("whole") / "shards/00001/commit.json").unlink()
    ran = copy("resume", "whole", "--store", "store", "--quiet")
    assert ran.code == 0, ran.err
    assert part.name in ran.err
    assert "\x1b" not in ran.err
    assert copy.report("whole")["results_digest"] == before
    assert copy.here("verify", "whole", "--store", "store").code == 0


def test_a_changed_line_of_a_journal_is_named_and_measured_again(bench: Bench, truth: str) -> None:
    with simulator("--latency", "constant", "--latency-mean-s", "0.03") as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"max_in_flight": 4})
        running = bench.start("run", "suite.yaml", "--run-id", "torn")
        running.until(lambda: len(bench.kept("torn")) >= 8, "some measurements")
        for pid in [running.pid, *running.workers()]:
            os.kill(pid, signal.SIGKILL)
        running.process.communicate()
        journal = max(bench.root("torn").glob("shards/*/parts/*.partial"), key=lambda path: path.stat().st_size)
        lines = journal.read_bytes().splitlines(keepends=True)
        changed = json.loads(lines[2])
        lines[2] = lines[2].replace(b'"score":', b'"score":0.5,"score":', 1).replace(b'"scored"', b'"scored" ', 1)
        journal.write_bytes(b"".join(lines))
        done = bench("resume", "torn", "--store", "store", "--quiet", "--json")
        assert journal.name.removesuffix(".partial") in done.err
        assert "line 3 was changed" in done.err
        assert verdict(done)["results_digest"] == truth
    slot = (changed["case_id"], changed["metric"], changed["repeat"])
    assert bench.measurements("torn")[slot]["attempt"] != changed["attempt"]


def test_parts_of_a_torn_run_are_taken_over_whatever_their_last_line_is(bench: Bench) -> None:
    def torn(judge: Simulator) -> None:
        bench.base_url = judge.base_url
        bench.suite(execution={"shards": 2})
        running = bench.start("run", "suite.yaml", "--run-id", "torn")
        running.until(lambda: len(bench.kept("torn")) >= 8, "some measurements")
        for pid in [running.pid, *running.workers()]:
            os.kill(pid, signal.SIGKILL)
        running.process.communicate()

    with simulator("--latency", "constant", "--latency-mean-s", "0.03") as judge:
        torn(judge)
        kept = len(bench.kept("torn"))
        for journal in bench.root("torn").glob("shards/*/parts/*.partial"):
            journal.write_bytes(journal.read_bytes()[:-7])
        lost = kept - len(bench.kept("torn"))
        assert lost
        judge.reset()
        done = bench.resume("torn")
        assert (done["scored"], done["missing"]) == (48, 0)
        assert len(bench.measurements("torn")) == 48
    assert bench.here("verify", "torn", "--store", "store").code == 0
