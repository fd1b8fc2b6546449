from __future__ import annotations

import json
from typing import Any

import pytest

from command_line import SUPPORT, Desk, json_lines

BOT = """
import json, pathlib

HERE = pathlib.Path(__file__).parent

def answer(case):
    with (HERE / "asked.txt").open("a") as asked:
        print(case["id"], file=asked)
    if case["id"] in json.loads((HERE / "down.json").read_text()):
        raise RuntimeError("the shop is closed")
    found = case["context"]
    return {"actual_output": (HERE / "answer.txt").read_text() or found[0], "retrieval_context": found}
"""


@pytest.fixture
def bot_desk(new_desk: Desk) -> Desk:
    """Four cases without an output, and a bot that reads the answer from the documents."""
    cases = json_lines(SUPPORT / "cases.jsonl")[:4]
    new_desk.cases(*({"id": c["id"], "input": c["input"], "context": c["retrieval_context"]} for c in cases))
    (new_desk.folder / f"{bot(new_desk)}.py").write_text(BOT)
    new_desk.suite(target=target(new_desk), gate={"max_errored": 0.9})
    say(new_desk, "")
    down(new_desk)
    return new_desk


def bot(desk: Desk) -> str:
    """A module's name of its own: this process plans for many desks."""
    return f"bot_{desk.folder.parent.name}"


def target(desk: Desk, version: str = "1") -> dict[str, str]:
    return {"python": f"{bot(desk)}:answer", "version": version}


def say(desk: Desk, answer: str) -> None:
    (desk.folder / "answer.txt").write_text(answer)


def down(desk: Desk, *names: str) -> None:
    (desk.folder / "down.json").write_text(json.dumps(names))


def asked(desk: Desk) -> list[str]:
    path = desk.folder / "asked.txt"
    names = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return sorted(names)


def outputs(desk: Desk, run_id: str) -> list[Any]:
    return json_lines(desk.report_folder(run_id) / "outputs.jsonl")


def test_what_the_target_produced_is_a_file_in_the_order_of_cases_and_part_of_the_proof(bot_desk: Desk) -> None:
    bot_desk.suite(target=target(bot_desk), execution={"workers": 1, "shards": 3})
    run = bot_desk.run("--run-id", "one")
    assert (run["scored"], run["errored"]) == (8, 0)
    lines = outputs(bot_desk, "one")
    assert [line["case_id"] for line in lines] == sorted(bot_desk.ids("one")) == asked(bot_desk)
    assert all(line["actual_output"] and line["retrieval_context"] for line in lines)
    assert bot_desk("verify", "one").code == 0
    path = bot_desk.report_folder("one") / "outputs.jsonl"
    path.write_text(path.read_text().replace("30 days", "90 days"))
    checks = bot_desk("verify", "one", "--json").json["checks"]
    assert [check["name"] for check in checks if not check["holds"]] == ["outputs.jsonl, bytes"]


def test_a_run_without_a_target_has_no_such_file(desk: Desk) -> None:
    assert not (desk.report_folder("first") / "outputs.jsonl").exists()
    assert desk.report("first")["proof"]["outputs_sha256"] is None


def test_outputs_are_reused_until_the_target_is_another_or_fresh_is_said(bot_desk: Desk) -> None:
    bot_desk.run("--run-id", "one")
    assert len(asked(bot_desk)) == 4
    assert bot_desk.run("--run-id", "two")["reused"] == 8
    assert asked(bot_desk) == []
    assert all(line["reused_from"] == "one" for line in outputs(bot_desk, "two"))
    bot_desk.run("--fresh", "--run-id", "three")
    assert len(asked(bot_desk)) == 4
    bot_desk.suite(target=target(bot_desk, "2"))
    bot_desk.run()
    assert len(asked(bot_desk)) == 4


def test_a_failed_output_errs_its_slots_and_retry_asks_for_it_alone(bot_desk: Desk) -> None:
    down(bot_desk, "returns-window")
    run = bot_desk.run("--run-id", "one")
    assert (run["scored"], run["errored"]) == (6, 2)
    (failed, *_) = [line for line in bot_desk.measurements("one") if line["state"] == "errored"]
    assert "the shop is closed" in failed["failure"]["message"]
    assert "Errored slots" in bot_desk("report", "one").out
    asked(bot_desk)
    down(bot_desk)
    retried = bot_desk("retry", "one", "--errored", "--run-id", "two", "--json", "--quiet")
    assert retried.code == 0, retried.err
    told = retried.json
    assert (told["planned"], told["scored"], told["errored"], told["reused"]) == (8, 8, 0, 6)
    assert asked(bot_desk) == ["returns-window"]
    assert bot_desk.report("one")["counts"]["errored"] == 2
    lines = outputs(bot_desk, "two")
    assert len(lines) == 4
    assert {line["case_id"]: line["reused_from"] for line in lines if line["reused_from"] is None} == {
        "returns-window": None
    }
    assert all(line["failure"] is None for line in lines)
    assert bot_desk("verify", "two").code == 0
    assert bot_desk("explain", "returns-window", "--run", "two", "--recorded").code == 0
    assert bot_desk("explain", "shipping-express", "--run", "two", "--metric", "faithfulness").code == 0
    again = bot_desk("retry", "two", "--errored")
    assert (again.code, "nothing to retry" in again.err) == (64, True)


def test_a_child_run_counts_no_skipped_slot_as_reused(bot_desk: Desk) -> None:
    down(bot_desk, "returns-window")
    metrics = ["answer_relevancy", "contextual_recall"]
    execution = {"missing_fields": "skip", "workers": 1}
    bot_desk.suite(target=target(bot_desk), metrics=metrics, execution=execution)
    bot_desk.run("--run-id", "one")
    down(bot_desk)
    told = bot_desk("retry", "one", "--errored", "--json", "--quiet").json
    assert (told["scored"], told["skipped"], told["reused"]) == (4, 4, 3)
    assert told["planned"] == told["scored"] + told["errored"] + told["skipped"] + told["missing"]


def test_regressions_show_what_the_target_answered_and_found(bot_desk: Desk) -> None:
    bot_desk.run("--run-id", "one")
    say(bot_desk, "Our new winter collection has just arrived!")
    bot_desk.suite(target=target(bot_desk, "2"))
    run = bot_desk.run("--run-id", "two", "--baseline", "one")
    assert run["verdict"] == "FAIL"
    told = bot_desk.report("two")["regressions"]
    assert told
    assert all(slot["actual_output"].startswith("Our new winter") and slot["retrieval_context"] for slot in told)
    compared = bot_desk("compare", "two", "one", "--json").json
    assert compared["regressions"] == [{**slot, "cause": None} for slot in told]  # that is the whole report's
    assert bot_desk("verify", "two").code == 0


def test_explaining_measures_the_output_that_the_run_produced(bot_desk: Desk) -> None:
    bot_desk.run("--run-id", "one")
    asked(bot_desk)
    told = bot_desk("explain", "returns-window", "--metric", "faithfulness", "--json").json
    assert asked(bot_desk) == []
    assert told["case"]["actual_output"] == outputs(bot_desk, "one")[0]["actual_output"]
    now, then = told["asked_now"]["faithfulness"]["measurement"], told["recorded"]["faithfulness"][0]
    assert (now["score"], now["fingerprint"]) == (then["score"], then["fingerprint"])


@pytest.mark.parametrize(("wanted", "state"), [("skip", "skipped"), ("refuse", "errored")])
def test_what_the_target_leaves_out_is_missing_as_the_suite_wants_it(bot_desk: Desk, wanted: str, state: str) -> None:
    (bot_desk.folder / "terse.py").write_text("def answer(case):\n    return 'Thirty days.'\n")
    bot_desk.suite(
        target={"python": "terse:answer", "version": "1"},
        execution={"missing_fields": wanted},
        gate={"max_errored": 0.9},
    )
    run = bot_desk.run("--run-id", "terse")
    assert (run["scored"], run[state]) == (4, 4)
    (line, *_) = [line for line in bot_desk.measurements("terse") if line["state"] == state]
    words = line["reason"] or line["failure"]["message"]
    assert words == "the case has no retrieval_context, and the target produced none"


def test_a_target_that_is_too_slow_fails_the_run_and_does_so_again_when_its_answers_are_reused(bot_desk: Desk) -> None:
    for run_id, limit, code in (("slow", 1e-9, 10), ("again", 1e-9, 10), ("patient", 600, 0)):
        bot_desk.suite(target=target(bot_desk), gate={"target": {"p95_s": limit}})
        assert bot_desk("run", "suite.yaml", "--run-id", run_id, "--quiet").code == code
    first, again = (bot_desk.report(run_id)["target_speed"] for run_id in ("slow", "again"))
    assert (first["outputs"], first["reused"], again["reused"]) == (4, 0, 4)
    assert again["p95_s"] == first["p95_s"] > 0
    assert bot_desk.report("again")["target"]["calls"] == 0
