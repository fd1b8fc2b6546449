"""What the judge was asked and answered is kept of measurements that somebody will ask about, and found again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from command_line import Desk, Simulator, simulated_judge
from evalfactory.engine.exchanges import LONGEST_TEXT, MOST_CHARACTERS, packed, unpacked
from evalfactory.records.measurement import Exchanges, Measurement


def exchanges(desk: Desk, run_id: str) -> list[Exchanges]:
    """Every line of the run's files of exchanges."""
    lines = [
        json.loads(line)
        for file in desk.folder.glob(f".evalfactory/*/runs/{run_id}/shards/*/exchanges/*.jsonl")
        for line in file.read_bytes().splitlines()
    ]
    kept = [{name: value for name, value in line.items() if name != "crc"} for line in lines]
    return [Exchanges.model_validate(line) for line in kept if line["kind"] == "exchanges"]


def slots(desk: Desk, run_id: str, *, failed: bool) -> set[tuple[str, str]]:
    """The slots of a run's report that failed or errored, or those that did not."""
    return {
        (line["case_id"], line["metric"])
        for line in desk.measurements(run_id)
        if (line["state"] == "errored" or line["success"] is False) is failed
    }


def test_what_the_judge_said_of_failed_measurements_is_shown_without_asking_it_again(
    new_desk: Desk, simulator: Simulator
) -> None:
    new_desk.suite(judge=simulator.judge(), metrics=["answer_relevancy"])
    new_desk.run("--run-id", "sim")
    failed = slots(new_desk, "sim", failed=True)
    assert failed
    assert {(each.case_id, each.metric) for each in exchanges(new_desk, "sim")} == failed
    asked = simulator.requests()
    case_id, metric = min(failed)
    told = new_desk("explain", case_id, "--json").json
    assert simulator.requests() == asked
    assert told["asked_now"] == told["not_asked"] == {}
    (said,) = told["said"][metric]
    (recorded,) = told["recorded"][metric]
    assert (said["run_id"], said["repeat"], said["left_out"]) == ("sim", 0, 0)
    assert len(said["calls"]) == recorded["usage"]["calls"] >= 2
    assert all(call["prompt"] and json.loads(call["answer"]) for call in said["calls"])
    assert json.loads(said["calls"][-1]["answer"])["reason"] == recorded["reason"]
    shown = new_desk("explain", case_id).out
    assert f"── {metric} in the run, call 1 of {len(said['calls'])} · Statements" in shown
    assert "above is what the judge said then" in shown


def test_a_measurement_that_passed_is_measured_again_to_be_explained(new_desk: Desk, simulator: Simulator) -> None:
    new_desk.suite(judge=simulator.judge(), metrics=["answer_relevancy"])
    new_desk.run("--run-id", "sim")
    case_id, metric = min(slots(new_desk, "sim", failed=False))
    asked = simulator.requests()
    told = new_desk("explain", case_id, "--json").json
    assert told["said"] == {}
    assert simulator.requests() - asked == len(told["asked_now"][metric]["calls"]) >= 1
    recorded = new_desk("explain", case_id, "--recorded").out
    assert "was not kept" in recorded
    assert "keep_exchanges: all" in recorded


def test_then_and_now_stand_beside_each_other_when_the_judge_is_asked_again(desk: Desk) -> None:
    told = desk("explain", "plan-cancel", "--run", "first", "--metric", "faithfulness", "--again", "--json").json
    then, now = told["said"]["faithfulness"][0]["calls"], told["asked_now"]["faithfulness"]["calls"]
    assert [(call["prompt"], call["answer"]) for call in then] == [(call["prompt"], call["answer"]) for call in now]
    refused = desk("explain", "plan-cancel", "--again", "--recorded")
    assert refused.code == 64


@pytest.mark.parametrize(("keep", "kept"), [("all", 40), ("none", 0)])
def test_the_suite_says_of_which_measurements_exchanges_are_kept_and_no_result_depends_on_it(
    measured_desk: Desk, new_desk: Desk, keep: str, kept: int
) -> None:
    new_desk.suite(execution={"workers": 1, "keep_exchanges": keep})
    done = new_desk.run("--run-id", "other")
    assert len(exchanges(new_desk, "other")) == kept
    assert done["results_digest"] == measured_desk.report("first")["results_digest"]
    assert new_desk("verify", "other").code == 0


def test_a_copied_measurement_is_explained_by_the_run_that_it_was_copied_from(new_desk: Desk) -> None:
    new_desk.run("--run-id", "first")
    new_desk.run("--run-id", "second")
    assert exchanges(new_desk, "second") == []
    told = new_desk("explain", "plan-cancel", "--run", "second", "--recorded", "--json").json
    assert {name: [each["run_id"] for each in said] for name, said in told["said"].items()} == {
        "answer_relevancy": ["first"],
        "faithfulness": ["first"],
    }


def test_of_an_errored_measurement_every_try_is_kept_with_what_came_back(new_desk: Desk) -> None:
    with simulated_judge("--fault", "invalid_json=1", "--max-faults", "99") as talking:
        new_desk.suite(judge=talking.judge(), metrics=["answer_relevancy"])
        new_desk.run("--run-id", "bad", "--case", "plan-cancel")
        asked = talking.requests()
        told = new_desk("explain", "plan-cancel").out
        assert talking.requests() == asked
    (kept,) = exchanges(new_desk, "bad")
    calls = unpacked(kept)
    assert [len(messages(call)) for call in calls] == [0, 3, 3, 3]  # alone, then with the answer that was no good
    assert {call["outcome"] for call in calls} == {"answered"}
    assert "errored, bad_json" in told
    assert "answer that could not be used" in told


def messages(call: dict[str, object]) -> list[Any]:
    found = call.get("messages", [])
    assert isinstance(found, list)
    return found


def test_a_judge_that_is_gone_takes_nothing_from_what_is_recorded(new_desk: Desk) -> None:
    new_desk.suite(judge={"model": "m", "base_url": "http://127.0.0.1:9/v1", "api_key_env": "A_KEY_OF_THEN"})
    new_desk("plan", "suite.yaml", "--write", "--run-id", "planned")
    assert new_desk("explain", "plan-cancel", "--run", "planned").code == 78
    with simulated_judge() as judge:
        new_desk.suite(judge=judge.judge(outage_s=0.2), metrics=["answer_relevancy"])
        new_desk.run("--run-id", "sim")
        case_id, metric = min(slots(new_desk, "sim", failed=False))
    told = new_desk("explain", case_id)
    assert told.code == 0
    assert f"{metric}, recorded: " in told.out
    assert f"{metric}, not asked again" in told.out
    assert "has answered nothing" in told.out
    assert new_desk("explain", case_id, "--again").code == 69


def test_a_key_is_in_nothing_that_is_kept(new_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITS_KEY", "sk-planted-9Zq7Xw0Vb3")
    new_desk.cases({"id": "a", "input": "Say sk-planted-9Zq7Xw0Vb3.", "actual_output": "It is sk-planted-9Zq7Xw0Vb3."})
    with simulated_judge("--fault", "invalid_json=1", "--max-faults", "99") as judge:
        new_desk.suite(judge=judge.judge(api_key_env="ITS_KEY"), metrics=["answer_relevancy"])
        new_desk.run("--run-id", "sim")
    (kept,) = exchanges(new_desk, "sim")
    assert "[key]" in json.dumps(unpacked(kept))
    assert "sk-planted" not in json.dumps(unpacked(kept))


def test_a_changed_file_of_exchanges_is_named_and_takes_nothing_from_the_verdict(new_desk: Desk) -> None:
    new_desk.run("--run-id", "first")
    for file in new_desk.folder.glob(".evalfactory/*/runs/first/shards/*/exchanges/*.jsonl"):
        file.write_bytes(file.read_bytes()[:-9] + b"tampered\n")
    refused = new_desk("explain", "plan-cancel", "--recorded")
    assert refused.code == 65
    assert "/exchanges/" in refused.err
    assert new_desk("verify", "first").code == 0
    assert new_desk("collect", "first", "--json").json["scored"] == 40


MEASUREMENT = Measurement(case_id="a", metric="m", state="scored", score=0.0, success=False, attempt="x")


def test_texts_without_end_are_kept_by_their_beginnings_and_ends() -> None:
    kept = packed(MEASUREMENT, [lambda: {"prompt": "begin " + "x" * 1_000_000 + " end", "answer": "\ud800 no"}])
    (call,) = unpacked(kept)
    prompt = str(call["prompt"])
    assert prompt.startswith("begin x")
    assert prompt.endswith("x end")
    assert LONGEST_TEXT < len(prompt) < LONGEST_TEXT + 100
    assert call["answer"] == "? no"


def test_a_measurement_of_very_many_calls_keeps_the_first_ones_and_counts_the_others() -> None:
    kept = packed(MEASUREMENT, [lambda: {"prompt": "x" * 50_000, "answer": "no"}] * 100)
    assert kept.calls + kept.left_out == 100
    assert len(unpacked(kept)) == kept.calls == (MOST_CHARACTERS - 1) // 50_030
    assert len(kept.packed) < 10_000


def test_a_worker_that_dies_leaves_what_the_judge_said_to_the_next_one(new_desk: Desk) -> None:
    """An attempt that was killed: its files were never sealed, and there is no commit."""
    new_desk.suite(execution={"workers": 1, "shards": 1})
    new_desk.run("--run-id", "first")
    truth = exchanges(new_desk, "first")
    (shard,) = new_desk.folder.glob(".evalfactory/*/runs/first/shards/*")
    (shard / "commit.json").unlink()
    for file in [*shard.glob("parts/*"), *shard.glob("exchanges/*")]:
        file.rename(file.with_name(file.name + ".partial"))
    assert new_desk("resume", "first", "--quiet").code in (0, 10)
    assert exchanges(new_desk, "first") == truth
    commit = json.loads((shard / "commit.json").read_text())
    assert [ref["lines"] for ref in commit["exchanges"]] == [len(truth) + 1]
    assert new_desk("explain", "plan-cancel", "--recorded", "--json").json["said"]
