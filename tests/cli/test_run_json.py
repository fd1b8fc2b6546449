from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command_line import Desk, Ran, json_lines, process, support_desk

KEYS = [
    "run_id", "suite", "tier", "verdict", "report", "planned", "scored", "errored", "skipped", "missing", "reused",
    "results_digest", "judge", "wall_s",
]  # fmt: skip
JUDGE_KEYS = ["calls", "input_tokens", "output_tokens", "cost_usd"]


@pytest.fixture(scope="module")
def shown_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return support_desk(tmp_path_factory.mktemp("shown"))


@pytest.fixture(scope="module")
def ran(shown_desk: Desk) -> Ran:
    """The documented command, as a shell runs it."""
    return process("run", "suite.yaml", "--json", "--run-id", "in-json", cwd=shown_desk.folder)


def test_standard_output_is_exactly_one_object_with_the_documented_keys_in_order(ran: Ran) -> None:
    decoder = json.JSONDecoder()
    said, end = decoder.raw_decode(ran.out)
    assert ran.out[end:] == "\n"
    assert list(said) == KEYS
    assert list(said["judge"]) == JUDGE_KEYS


def test_every_value_is_of_the_documented_type(ran: Ran) -> None:
    said = ran.json
    assert all(isinstance(said[key], str) for key in ("run_id", "suite", "tier", "verdict", "report", "results_digest"))
    counts = ("planned", "scored", "errored", "skipped", "missing", "reused")
    assert all(type(said[key]) is int and said[key] >= 0 for key in counts)
    assert all(type(said["judge"][key]) is int for key in ("calls", "input_tokens", "output_tokens"))
    assert type(said["judge"]["cost_usd"]) is float
    assert type(said["wall_s"]) is float
    assert said["wall_s"] > 0
    assert re.fullmatch("[0-9a-f]{64}", said["results_digest"])


def test_slots_add_up(ran: Ran) -> None:
    said = ran.json
    assert said["planned"] == 40 == said["scored"] + said["errored"] + said["skipped"] + said["missing"]
    assert said["reused"] == 0


def test_the_report_is_the_folder_of_the_files(ran: Ran, shown_desk: Desk) -> None:
    folder = shown_desk.folder / ran.json["report"]
    assert {path.name for path in folder.iterdir()} >= {"report.json", "report.md", "junit.xml", "measurements.jsonl"}
    report = json.loads((folder / "report.json").read_text())
    assert report["run_id"] == "in-json"
    assert report["verdict"]["outcome"] == ran.json["verdict"]
    assert report["results_digest"] == ran.json["results_digest"]


def test_the_results_digest_is_the_documented_one(ran: Ran, shown_desk: Desk) -> None:
    lines = json_lines(shown_desk.folder / ran.json["report"] / "measurements.jsonl")
    assert digest_by_the_book(lines) == ran.json["results_digest"]


def digest_by_the_book(lines: list[Any]) -> str:
    """SHA-256 over the sorted slots, each with state, score and reason, or error class instead of the message."""
    rows = []
    for line in sorted(lines, key=lambda line: (line["case_id"], line["metric"], line["repeat"])):
        word = line["failure"]["error_class"] if line["state"] == "errored" else line["reason"]
        rows.append([line["case_id"], line["metric"], line["repeat"], line["state"], line["score"], word])
    text = "".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_line_of_measurements_begins_with_the_documented_keys(ran: Ran, shown_desk: Desk) -> None:
    path = shown_desk.folder / ran.json["report"] / "measurements.jsonl"
    for line in path.read_text().splitlines():
        row = json.loads(line)
        assert {"case_id", "metric", "state", "score", "reason"} <= set(row)
        assert row["state"] == "scored"
        assert 0 <= row["score"] <= 1


def test_talk_goes_to_standard_error_alone(ran: Ran) -> None:
    assert "run in-json · support-bot, tier smoke · 20 cases, 40 measurements in 2 shards" in ran.err
    assert "40/40 measured" in ran.err


def test_quiet_says_nothing_but_the_verdict(desk: Desk) -> None:
    loud, quiet = desk("run", "suite.yaml"), desk("run", "suite.yaml", "--quiet")
    assert loud.err
    assert quiet.err == ""
    assert "PASS" in quiet.out
    silent = desk("run", "suite.yaml", "--quiet", "--json")
    assert silent.err == ""
    assert silent.json["verdict"] == "PASS"


def test_the_terminal_ends_with_where_the_report_is_and_how_to_look_closer(desk: Desk) -> None:
    said = desk("run", "suite.yaml", "--run-id", "told", "--quiet").out
    (folder,) = re.findall(r"^  report  (\S+)$", said, re.MULTILINE)
    assert (desk.folder / folder / "report.json").is_file()
    (look,) = re.findall(r"^  look    evalfactory (explain .+)$", said, re.MULTILINE)
    assert desk(*look.split(), "--recorded").code == 0


GATES = {
    0: {"metrics": {"faithfulness": {"mean": 0.1}}},
    10: {"metrics": {"faithfulness": {"mean": 0.99}}},
    11: {"metrics": {"contextual_recall": {"mean": 0.1}}},
}


@pytest.mark.parametrize(("code", "verdict"), [(0, "PASS"), (10, "FAIL")])
def test_the_verdict_is_the_exit_code(desk: Desk, code: int, verdict: str) -> None:
    desk.suite(gate=GATES[code])
    ran = desk("run", "suite.yaml", "--json", "--quiet")
    assert (ran.code, ran.json["verdict"]) == (code, verdict)
    assert desk("collect", "--json").code == code
    assert verdict in desk("report").out


def test_a_run_of_which_too_little_is_known_exits_with_11(desk: Desk) -> None:
    desk.cases({"id": "a", "input": "Where is my parcel?", "actual_output": "On its way."})
    desk.suite(metrics=["faithfulness"], execution={"missing_fields": "skip", "workers": 1})
    ran = desk("run", "suite.yaml", "--json", "--quiet")
    assert (ran.code, ran.json["verdict"]) == (11, "INCONCLUSIVE")


def test_a_run_with_slots_missing_exits_with_12(desk: Desk) -> None:
    desk.suite(execution={"shards": 2, "workers": 1})
    desk.run("--run-id", "half")
    (commit,) = desk.folder.glob(".evalfactory/*/runs/half/shards/00001/commit.json")
    commit.unlink()
    ran = desk("collect", "half", "--json")
    assert (ran.code, ran.json["verdict"]) == (12, "INCOMPLETE")
    assert ran.json["missing"] > 0
    assert ran.json["planned"] == 40 == ran.json["scored"] + ran.json["missing"]


def test_incomplete_goes_before_fail_and_fail_before_inconclusive(desk: Desk) -> None:
    desk.suite(execution={"shards": 2, "workers": 1}, gate=GATES[10])
    assert desk.run("--run-id", "bad")["verdict"] == "FAIL"
    (commit,) = desk.folder.glob(".evalfactory/*/runs/bad/shards/00000/commit.json")
    commit.unlink()
    assert desk("collect", "bad", "--json").json["verdict"] == "INCOMPLETE"
    cases = [json.loads(line) for line in (desk.folder / "cases.jsonl").read_text().splitlines()]
    desk.cases(*({**case, "retrieval_context": None} if number < 2 else case for number, case in enumerate(cases)))
    metrics = ["answer_relevancy", "faithfulness", {"contextual_recall": {"name": "nobody"}}]
    gate = {"metrics": {"faithfulness": {"mean": 0.99}, "nobody": {"mean": 0.1}}}
    desk.cases(*({**case, "expected_output": None} for case in cases))
    desk.suite(metrics=metrics, gate=gate, execution={"workers": 1, "missing_fields": "skip"})
    both = desk.run("--run-id", "both")
    assert (both["verdict"], both["skipped"]) == ("FAIL", 20)
    outcomes = {check["outcome"] for check in desk.report("both")["verdict"]["checks"]}
    assert {"FAIL", "INCONCLUSIVE"} <= outcomes


def test_repeats_are_slots_of_their_own(desk: Desk) -> None:
    desk.suite(execution={"repeats": 2, "workers": 1})
    run = desk.run("--limit", "2", "--run-id", "twice")
    assert (run["planned"], run["scored"]) == (8, 8)
    assert {line["repeat"] for line in desk.measurements("twice")} == {0, 1}


def test_the_same_work_has_the_same_digest_however_it_is_dealt(desk: Desk) -> None:
    desk.suite(execution={"workers": 2, "shards": 5, "dealing": "modulo"})
    one = desk.run("--run-id", "one")
    desk.suite(execution={"workers": 1, "shards": 1, "dealing": "range"})
    other = desk.run("--run-id", "other")
    first = desk.report("first")["results_digest"]
    assert one["results_digest"] == other["results_digest"] == first


def test_running_the_same_run_again_measures_nothing_and_says_the_same(desk: Desk) -> None:
    one, two = desk.run("--run-id", "again"), desk.run("--run-id", "again")
    assert one["results_digest"] == two["results_digest"]
    assert one["scored"] == two["scored"]


def test_a_run_id_that_another_plan_has_is_refused(desk: Desk) -> None:
    desk.suite(metrics=["faithfulness"])
    ran = desk("run", "suite.yaml", "--run-id", "first", "--json")
    assert ran.code == 78
    assert "run first exists with another plan" in ran.json["error"]["message"]


def test_a_run_id_of_another_suite_is_refused(desk: Desk) -> None:
    desk.suite(name="another")
    ran = desk("run", "suite.yaml", "--run-id", "first")
    assert ran.code == 78
    assert "support-bot" in ran.err


@pytest.mark.parametrize("run_id", ["../up", "a b", ".hidden", "x" * 101, "", "a/b", "日本"])
def test_a_run_id_that_cannot_be_a_folder_is_refused(desk: Desk, run_id: str) -> None:
    ran = desk("run", "suite.yaml", "--run-id", run_id)
    assert ran.code == 64
    assert "not a run id" in ran.err


def test_no_file_is_left_where_the_command_ran(desk: Desk) -> None:
    before = {path.name for path in desk.folder.iterdir()}
    desk.run()
    assert {path.name for path in Path(desk.folder).iterdir()} == before


@pytest.mark.parametrize(
    "command",
    [
        ("plan", "suite.yaml"), ("status", "first"), ("runs",), ("report", "first"), ("verify", "first"),
        ("collect", "first"), ("compare", "first", "first"), ("bless", "first", "--name", "main"), ("metrics",),
        ("explain", "returns-window", "--run", "first", "--recorded"),
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_no_number_is_given_as_a_text(command: tuple[str, ...], desk: Desk) -> None:
    said = desk(*command, "--json")
    assert said.code == 0, said.err
    assert [place for place, text in texts_in(said.json) if is_number(text)] == []


def texts_in(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a JSON value, with where it stands."""
    match value:
        case str():
            yield place, value
        case list():
            for index, item in enumerate(value):
                yield from texts_in(item, f"{place}[{index}]")
        case dict():
            for key, item in value.items():
                yield from texts_in(item, f"{place}.{key}")


def is_number(text: str) -> bool:
    if re.fullmatch(r"[0-9a-f]{8,}", text):  # an attempt or a digest, which may happen to have no letter
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True
