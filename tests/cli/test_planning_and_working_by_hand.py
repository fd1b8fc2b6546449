from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from command_line import Desk, process


def test_a_plan_shows_cases_slots_and_calls_and_writes_nothing(new_desk: Desk) -> None:
    before = sorted(path.name for path in new_desk.folder.rglob("*"))
    shown = new_desk("plan", "suite.yaml")
    assert shown.code == 0
    assert "20 of 20 cases" in shown.out
    assert "40 slots" in shown.out
    assert "140 judge calls" in shown.out
    assert sorted(path.name for path in new_desk.folder.rglob("*")) == before


def test_a_plan_as_json_says_what_a_run_would_measure(new_desk: Desk) -> None:
    planned = new_desk("plan", "suite.yaml", "--limit", "3", "--json").json
    assert list(planned) == [
        "run_id", "suite", "tier", "plan_digest", "cases", "dataset_cases", "planned", "skipped", "must_run", "shards",
        "judge_calls_estimated", "least_s", "metrics",
    ]  # fmt: skip
    assert (planned["cases"], planned["dataset_cases"], planned["planned"]) == (3, 20, 6)
    assert [(metric["name"], metric["slots"]) for metric in planned["metrics"]] == [
        ("answer_relevancy", 3),
        ("faithfulness", 3),
    ]
    assert [metric["threshold"] for metric in planned["metrics"]] == [0.5, 0.5]
    assert planned["judge_calls_estimated"] == sum(metric["calls"] for metric in planned["metrics"])


def test_a_plan_tells_what_the_judges_limits_alone_take(new_desk: Desk) -> None:
    judge = {"model": "qwen", "base_url": "http://127.0.0.1:9/v1", "requests_per_minute": 60, "max_in_flight": 7}
    new_desk.suite(judge=judge)
    shown = new_desk("plan", "suite.yaml")
    assert shown.code == 0
    assert "judge qwen at http://127.0.0.1:9/v1: at most 7 in flight, 60 requests a minute" in shown.out
    assert "at least 2 min 20 s by the request limit alone" in shown.out
    assert new_desk("plan", "suite.yaml", "--json").json["least_s"] == 140


def test_two_plans_of_the_same_have_one_digest_and_another_seed_has_another(new_desk: Desk) -> None:
    one, two = (new_desk("plan", "suite.yaml", "--json").json for _ in range(2))
    assert one["plan_digest"] == two["plan_digest"]
    assert one["run_id"] != two["run_id"]
    new_desk.suite(dataset={"path": "cases.jsonl", "seed": 1}, tiers={"smoke": 19})
    assert new_desk("plan", "suite.yaml", "--json").json["plan_digest"] != one["plan_digest"]


def test_what_a_written_plan_suggests_can_be_pasted(desk: Desk) -> None:
    said = desk("plan", "suite.yaml", "--write", "--run-id", "later", "--store", "other store").out
    work, resume = (line.partition(": ")[2].partition("#")[0] for line in said.splitlines()[-2:])
    assert "N from 0 to 1" in said
    assert desk(*shlex.split(work.replace(" N ", " 0 "))[1:]).code == 0
    assert desk(*shlex.split(resume)[1:]).code == 0


def test_a_written_plan_is_a_run_that_is_planned_and_resume_begins_it(desk: Desk) -> None:
    written = desk("plan", "suite.yaml", "--write", "--run-id", "later", "--json").json
    status = desk("status", "later", "--json").json
    assert (status["state"], status["committed"], status["scored"], status["planned"]) == ("planned", 0, 0, 40)
    assert desk("resume", "later", "--json", "--quiet").json["scored"] == 40
    assert desk.report("later")["proof"]["plan_digest"] == written["plan_digest"]


def test_shards_worked_on_by_hand_and_collected_say_what_a_run_says(desk: Desk) -> None:
    for index in (2, 0, 1):
        work = desk(
            "work", "suite.yaml", "--run-id", "hand", "--shard-index", str(index), "--total-shards", "3", "--json"
        )
        assert work.code == 0, work.err
        assert work.json == {"run_id": "hand", "shard": index, "shards": 3, "exit_code": 0}
        status = desk("status", "hand", "--json").json
        assert status["shards"] == 3
        assert status["state"] == ("complete" if index == 1 else "begun")
    collected = desk("collect", "hand", "--json")
    assert collected.code == 0
    assert collected.json["results_digest"] == desk.report("first")["results_digest"]
    assert collected.json["planned"] == collected.json["scored"] == 40
    assert desk("verify", "hand").code == 0


def test_collecting_half_the_shards_is_incomplete_and_the_other_half_completes_it(desk: Desk) -> None:
    words = ("work", "suite.yaml", "--run-id", "half", "--total-shards", "2", "--shard-index")
    assert desk(*words, "0").code == 0
    half = desk("collect", "half", "--json")
    assert (half.code, half.json["verdict"]) == (12, "INCOMPLETE")
    assert 0 < half.json["scored"] < 40
    assert half.json["scored"] + half.json["missing"] == 40
    assert "missing" in desk("report", "half").out
    assert desk(*words, "1").code == 0
    assert desk("collect", "half", "--json").json["verdict"] == "PASS"


def test_a_pod_needs_no_suite_and_takes_its_index_from_the_environment(desk: Desk) -> None:
    assert desk("plan", "suite.yaml", "--write", "--run-id", "pods").code == 0
    store = str(desk.folder / ".evalfactory")
    env = {"JOB_COMPLETION_INDEX": "1"}
    pod = process("work", "--store", store, "--run-id", "pods", "--json", cwd=desk.folder.parent, env=env)
    assert pod.code == 0, pod.err
    assert pod.json["shard"] == 1
    again = process("work", "--store", store, "--run-id", "pods", "--json", cwd=desk.folder.parent, env=env)
    assert again.code == 0
    assert desk("status", "pods", "--json").json["committed"] == 1


@pytest.mark.parametrize("index", ["", "one", "-1"])
def test_an_index_that_the_environment_says_wrongly_is_refused(desk: Desk, index: str) -> None:
    env = {"JOB_COMPLETION_INDEX": index}
    pod = process("work", "--store", ".evalfactory", "--run-id", "first", cwd=desk.folder, env=env)
    assert pod.code == 64
    assert "JOB_COMPLETION_INDEX" in pod.err


def test_an_index_out_of_range_is_refused(desk: Desk) -> None:
    refused = desk("work", "suite.yaml", "--run-id", "hand", "--shard-index", "3", "--total-shards", "3")
    assert refused.code == 64
    assert "shard 3 does not exist" in refused.err
    assert "0 to 2" in refused.err


def test_another_number_of_shards_is_another_plan_and_refused(desk: Desk) -> None:
    assert desk("work", "suite.yaml", "--run-id", "hand", "--shard-index", "0", "--total-shards", "3").code == 0
    refused = desk("work", "suite.yaml", "--run-id", "hand", "--shard-index", "1", "--total-shards", "2")
    assert refused.code == 78
    assert "another plan" in refused.err


def test_a_worker_of_another_suite_text_is_refused(desk: Desk) -> None:
    assert desk("work", "suite.yaml", "--run-id", "hand", "--shard-index", "0", "--total-shards", "2").code == 0
    desk.suite(gate={"max_errored": 0.5})
    refused = desk("work", "suite.yaml", "--run-id", "hand", "--shard-index", "1", "--total-shards", "2")
    assert refused.code == 78


def test_a_worker_that_was_started_for_another_plan_digest_is_refused(desk: Desk) -> None:
    refused = desk(
        "work", "--run-id", "first", "--shard-index", "0", "--plan-digest", "0" * 64, "--store", ".evalfactory"
    )
    assert refused.code == 78
    digest = desk.report("first")["proof"]["plan_digest"]
    right = desk("work", "--run-id", "first", "--shard-index", "0", "--plan-digest", digest, "--store", ".evalfactory")
    assert right.code == 0


def test_a_worker_beside_its_suite_finds_the_store_itself(desk: Desk) -> None:
    assert desk("work", "--run-id", "first", "--shard-index", "0").code == 0


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("work suite.yaml --shard-index 0 --total-shards 2", "--run-id"),
        ("work suite.yaml --run-id x --total-shards 2", "--shard-index"),
        ("work suite.yaml --run-id nobody --shard-index 0", "--total-shards"),
        ("work --run-id frist --shard-index 0", "first"),
    ],
)
def test_a_worker_that_is_not_told_enough_is_told_what_is_lacking(desk: Desk, words: str, hint: str) -> None:
    refused = desk(*words.split())
    assert refused.code == 64
    assert hint in refused.err


def test_in_a_worker_a_wrong_suite_is_not_its_shards_data(desk: Desk) -> None:
    desk.suite(metrics=["no_such_metric"])
    words = ("suite.yaml", "--run-id", "hand")
    assert desk("run", *words).code == 65
    refused = desk("work", *words, "--shard-index", "0", "--total-shards", "2")
    assert refused.code == 78
    assert "no_such_metric" in refused.err


def test_a_shard_whose_cases_were_changed_is_its_data(desk: Desk) -> None:
    desk("plan", "suite.yaml", "--write", "--run-id", "hurt")
    (file,) = desk.folder.glob(".evalfactory/*/runs/hurt/cases/*")
    file.write_bytes(file.read_bytes().replace(b"jacket", b"jumper"))
    codes = [desk("work", "--run-id", "hurt", "--shard-index", str(index)).code for index in range(2)]
    assert sorted(codes) in ([0, 65], [65, 65])


def test_resuming_a_complete_run_changes_nothing(desk: Desk) -> None:
    run_folder = next(desk.folder.glob(".evalfactory/*/runs/first"))
    before = {path: path.read_bytes() for path in run_folder.rglob("*") if path.is_file()}
    resumed = desk("resume", "first", "--json", "--quiet")
    assert resumed.code == 0
    assert resumed.json["results_digest"] == desk.report("first")["results_digest"]
    assert (
        resumed.json["judge"]["calls"] == json.loads(before[run_folder / "report/0001/report.json"])["judge"]["calls"]
    )
    assert {path: path.read_bytes() for path in before} == before
    assert desk("verify", "first").code == 0


def test_a_run_continues_where_its_shards_were_left(desk: Desk) -> None:
    desk("work", "suite.yaml", "--run-id", "left", "--shard-index", "1", "--total-shards", "4")
    commit = next(desk.folder.glob(".evalfactory/*/runs/left/shards/00001/commit.json"))
    before = commit.read_bytes()
    resumed = desk("resume", "left", "--json", "--quiet", "--workers", "2").json
    assert resumed["scored"] == 40
    assert commit.read_bytes() == before


def test_status_is_a_picture_of_the_store(desk: Desk) -> None:
    status = desk("status", "first", "--json").json
    assert list(status) == [
        "run_id", "suite", "tier", "selection", "created_at", "state", "planned", "scored", "errored", "skipped", "kept", "pending",
        "shards", "committed", "verdict", "aggregator",
    ]  # fmt: skip
    assert status["planned"] == sum(status[key] for key in ("scored", "errored", "skipped", "kept", "pending"))
    assert status["verdict"] == "PASS"
    assert "PASS" in desk("status", "first").out
    desk("plan", "suite.yaml", "--write", "--run-id", "later")
    later = desk("status", "later", "--json").json
    assert (later["pending"], later["verdict"]) == (40, None)
    assert "evalfactory resume later" in desk("status", "later").out


def test_status_counts_what_a_worker_has_kept_and_not_committed(desk: Desk) -> None:
    desk("work", "suite.yaml", "--run-id", "kept", "--shard-index", "0", "--total-shards", "2")
    next(desk.folder.glob(".evalfactory/*/runs/kept/shards/00000/commit.json")).unlink()
    status = desk("status", "kept", "--json").json
    assert (status["state"], status["committed"], status["scored"]) == ("begun", 0, 0)
    assert status["kept"] > 0
    assert status["kept"] + status["pending"] == 40


def test_runs_are_listed_newest_first_with_their_verdicts(desk: Desk) -> None:
    for number in range(3):
        desk.run("--run-id", f"z{9 - number}", "--limit", "1")
    desk.suite(gate={"metrics": {"faithfulness": {"mean": 1.0}}})
    desk.run("--run-id", "aa")
    desk("plan", "suite.yaml", "--write", "--run-id", "bb")
    listed = desk("runs", "--json").json["runs"]
    assert [(run["run_id"], run["verdict"]) for run in listed] == [
        ("bb", None), ("aa", "FAIL"), ("z7", "PASS"), ("z8", "PASS"), ("z9", "PASS"), ("first", "PASS"),
    ]  # fmt: skip
    rows = [line.split() for line in desk("runs").out.splitlines() if line.strip()]
    assert [row[0] for row in rows[2:]] == ["bb", "aa", "z7", "z8", "z9", "first"]
    assert desk("status", "--json").json["run_id"] == "bb"


def test_a_folder_without_a_store_has_no_runs_and_says_where_it_looked(tmp_path: Path) -> None:
    ran = Desk(tmp_path)("runs")
    assert ran.code == 69
    assert ".evalfactory" in ran.err


def test_a_run_that_is_not_there_is_refused_with_the_nearest(desk: Desk) -> None:
    for command in ("status", "report", "verify", "collect", "resume"):
        ran = desk(command, "frist")
        assert ran.code == 64
        assert "there is no run frist" in ran.err
        assert "first" in ran.err


def test_an_index_from_the_environment_that_is_none_is_named(new_desk: Desk) -> None:
    words = ("work", "suite.yaml", "--run-id", "odd", "--total-shards", "2")
    ran = process(*words, cwd=new_desk.folder, env={"JOB_COMPLETION_INDEX": "two"})
    assert ran.code == 64
    assert "JOB_COMPLETION_INDEX is no index from 0: 'two'" in ran.err
