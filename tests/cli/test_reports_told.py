from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from command_line import SUPPORT, Desk, json_lines


def test_a_report_is_shown_in_every_format_as_it_was_written(desk: Desk) -> None:
    folder = desk.report_folder("first")
    assert desk("report", "first", "--format", "markdown").out == (folder / "report.md").read_text()
    assert desk("report", "first", "--format", "junit").out == (folder / "junit.xml").read_text()
    as_json = desk("report", "first", "--format", "json").json
    assert as_json == desk("report", "first", "--json").json == json.loads((folder / "report.json").read_text())
    shown = desk("report", "first").out
    written = (folder / "report.txt").read_text()
    assert [line for line in shown.splitlines() if line.startswith("  0.")] == [
        line for line in written.splitlines() if line.startswith("  0.")
    ]


def test_the_report_that_is_shown_is_the_newest(desk: Desk) -> None:
    desk("bless", "first", "--name", "main")
    desk("collect", "first", "--baseline", "main")
    assert desk("report", "first", "--json").json["baseline"]["asked"] == "main"
    assert desk.report_folder("first").name == "0002"
    assert (desk.report_folder("first").parent / "0001" / "report.json").is_file()


def test_junit_has_a_test_for_each_slot_and_a_failure_for_each_that_failed(desk: Desk) -> None:
    root = ET.fromstring((desk.report_folder("first") / "junit.xml").read_text())
    cases = root.findall("testsuite[@name!='gate']/testcase")
    lines = desk.measurements("first")
    assert len(cases) >= len(lines) == 40
    failed = [line for line in lines if line["success"] is False]
    assert len([case for case in cases if case.find("failure") is not None]) == len(failed) > 0


def test_measurements_are_in_slot_order_each_slot_once(desk: Desk) -> None:
    slots = [(line["case_id"], line["metric"], line["repeat"]) for line in desk.measurements("first")]
    assert slots == sorted(set(slots))
    assert len(slots) == 40


def test_the_ten_worst_cases_come_with_reason_and_retrieval_context(desk: Desk) -> None:
    cases = json_lines(SUPPORT / "cases.jsonl")
    desk.cases(*({**case, "actual_output": "Good morning to all mountain friends!"} for case in cases))
    desk.run("--run-id", "bad")
    worst = desk.report("bad")["worst"]
    assert len(worst) == 10
    assert [slot["score"] for slot in worst] == sorted(slot["score"] for slot in worst)
    assert all(slot["reason"] and slot["retrieval_context"] and slot["input"] for slot in worst)
    lowest = sorted(line["score"] for line in desk.measurements("bad"))[:10]
    assert [slot["score"] for slot in worst] == lowest


def test_a_metrics_own_gate_counts_mean_and_share_of_passed_cases(desk: Desk) -> None:
    scores = [line["score"] for line in desk.measurements("first") if line["metric"] == "faithfulness"]
    mean, share = sum(scores) / len(scores), sum(score >= 0.5 for score in scores) / len(scores)
    for gate, verdict in (
        ({"mean": mean - 0.001}, "PASS"),
        ({"mean": mean + 0.001}, "FAIL"),
        ({"pass_rate": share}, "PASS"),
        ({"pass_rate": share + 0.01}, "FAIL"),
    ):
        desk.suite(gate={"metrics": {"faithfulness": gate}})
        assert desk.run()["verdict"] == verdict, gate


def test_a_threshold_changes_success_and_asks_nobody_again(desk: Desk) -> None:
    desk.suite(metrics=["answer_relevancy", {"faithfulness": {"threshold": 0.9}}])
    run = desk.run("--run-id", "strict")
    assert (run["reused"], run["verdict"]) == (40, "FAIL")
    for line in desk.measurements("strict"):
        threshold = 0.9 if line["metric"] == "faithfulness" else 0.5
        assert line["threshold"] == threshold
        assert line["success"] == (line["score"] >= threshold)


def test_fresh_reuses_nothing(desk: Desk) -> None:
    run = desk.run("--fresh", "--limit", "2")
    assert (run["reused"], run["judge"]["calls"] > 0) == (0, True)


def test_what_was_reused_says_from_which_run(desk: Desk) -> None:
    desk.run("--run-id", "second")
    assert desk.report("second")["reused_from"] == {"first": 40}
    assert {line["reused_from"] for line in desk.measurements("second")} == {"first"}
    assert "(40 reused)" in desk("report", "second").out


def test_a_changed_answer_alone_is_measured_again(desk: Desk) -> None:
    cases = json_lines(SUPPORT / "cases.jsonl")
    cases[3]["actual_output"] += " Indeed."
    desk.cases(*cases)
    run = desk.run("--run-id", "one-changed")
    assert (run["scored"], run["reused"]) == (40, 38)


def test_other_tags_and_names_judge_nothing_anew(desk: Desk) -> None:
    cases = json_lines(SUPPORT / "cases.jsonl")
    desk.cases(*({**case, "tags": ["x"], "name": "y", "id": f"new-{case['id']}"} for case in cases))
    assert desk.run()["reused"] == 40


@pytest.mark.parametrize("columns", ["40", "60", "200"])
def test_the_terminal_report_fits_its_width_but_for_what_is_copied(
    desk: Desk, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", columns)
    lines = desk("report", "first").out.splitlines()
    copied = [line for line in lines if line.startswith(("  report  ", "  page    ", "  look    "))]
    assert len(copied) == 3
    assert all(cell_len(line) <= int(columns) for line in lines if line not in copied)
