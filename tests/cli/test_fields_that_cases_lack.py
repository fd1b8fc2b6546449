from __future__ import annotations

from typing import Any

import pytest

from command_line import Desk, Simulator, simulated_judge
from evalfactory.target.needs import REQUEST

WHOLE = {
    "id": "whole",
    "input": "Where is my parcel?",
    "actual_output": "Your parcel is on its way.",
    "retrieval_context": ["Your parcel is on its way."],
}
BARE = {"id": "bare", "input": "Where is my parcel?", "actual_output": "Your parcel is on its way."}
TALK = {
    "id": "talk",
    "turns": [
        {"role": "user", "content": "Where is my parcel?"},
        {"role": "assistant", "content": "Your parcel is on its way.", "retrieval_context": ["It is on its way."]},
    ],
}
SKIP = {"missing_fields": "skip", "workers": 1}


def by_slot(desk: Desk, run_id: str) -> dict[tuple[str, str], Any]:
    return {(line["case_id"], line["metric"]): line for line in desk.measurements(run_id)}


def test_every_case_that_lacks_a_field_is_named_and_nothing_is_written(new_desk: Desk) -> None:
    new_desk.cases(WHOLE, *({**BARE, "id": f"bare-{number}"} for number in range(30)))
    new_desk.suite(metrics=["answer_relevancy", "faithfulness", "contextual_recall"])
    ran = new_desk("run", "suite.yaml", "--tier", "full", "--json")
    assert ran.code == 65
    problems = [problem["message"] for problem in ran.json["error"]["problems"]]
    assert len(problems) == 31
    bare = (
        "faithfulness: the case has no retrieval_context; contextual_recall: the case has no retrieval_context and no"
    )
    assert sum(bare in message for message in problems) == 30
    assert "missing_fields: skip" in ran.json["error"]["hint"]
    assert ran.err.splitlines()[-1].startswith("  try: complete the cases")  # below the list, where one looks
    assert not list(new_desk.folder.glob(".evalfactory/*/runs/*/plan.json"))
    assert "no runs" in new_desk("runs").out


def test_only_the_chosen_cases_must_have_the_fields(new_desk: Desk) -> None:
    new_desk.cases(WHOLE, BARE)
    assert new_desk("plan", "suite.yaml").code == 65
    assert new_desk("plan", "suite.yaml", "--case", "whole").code == 0


def test_the_list_of_problems_has_the_suites_limit(new_desk: Desk) -> None:
    new_desk.cases(*({**BARE, "id": f"bare-{number}"} for number in range(30)))
    new_desk.suite(dataset={"path": "cases.jsonl", "max_problems": 4})
    ran = new_desk("plan", "suite.yaml", "--tier", "full", "--json")
    assert len(ran.json["error"]["problems"]) == 4


def test_a_skipped_slot_is_counted_and_shown_and_never_passed(new_desk: Desk) -> None:
    new_desk.cases(WHOLE, BARE)
    new_desk.suite(execution=SKIP)
    run = new_desk.run("--run-id", "skips")
    assert (run["planned"], run["scored"], run["skipped"]) == (4, 3, 1)
    slot = by_slot(new_desk, "skips")["bare", "faithfulness"]
    assert (slot["state"], slot["score"], slot["success"]) == ("skipped", None, None)
    assert slot["reason"] == "the case has no retrieval_context"
    faithfulness = next(metric for metric in new_desk.report("skips")["metrics"] if metric["name"] == "faithfulness")
    assert (faithfulness["counts"]["scored"], faithfulness["counts"]["skipped"]) == (1, 1)
    assert "1 skipped" in new_desk("report", "skips").out
    assert "1 slots will be skipped" not in new_desk("plan", "suite.yaml").out
    assert "1 slot will be skipped" in new_desk("plan", "suite.yaml").out
    assert "<skipped" in (new_desk.report_folder("skips") / "junit.xml").read_text()
    assert (
        "skipped, the case has no retrieval_context" in new_desk("explain", "bare", "--run", "skips", "--recorded").out
    )


def test_a_run_of_skipped_slots_alone_passes_nothing(new_desk: Desk) -> None:
    new_desk.cases(BARE)
    new_desk.suite(metrics=["faithfulness"], execution=SKIP)
    ran = new_desk("run", "suite.yaml", "--json", "--quiet", "--run-id", "none")
    assert (ran.code, ran.json["verdict"], ran.json["skipped"], ran.json["scored"]) == (11, "INCONCLUSIVE", 1, 0)
    assert new_desk("verify", "none").code == 0


def test_a_must_run_case_that_is_skipped_does_not_pass_the_gate(new_desk: Desk) -> None:
    new_desk.cases(WHOLE, {**BARE, "must_run": True})
    new_desk.suite(execution=SKIP)
    run = new_desk.run("--run-id", "must")
    assert run["verdict"] == "INCONCLUSIVE"
    assert [slot["case_id"] for slot in new_desk.report("must")["must_run"]] == ["bare"]


def test_cases_of_both_kinds_are_each_measured_by_their_own_metrics(new_desk: Desk, simulator: Simulator) -> None:
    new_desk.cases(WHOLE, TALK, {**TALK, "id": "other", "turns": TALK["turns"] * 2})  # type: ignore[operator]
    metrics = ["answer_relevancy", "turn_relevancy", "conversation_completeness"]
    new_desk.suite(judge=simulator.judge(), metrics=metrics)
    run = new_desk.run("--run-id", "mixed")
    assert (run["planned"], run["scored"], run["errored"]) == (5, 5, 0)
    assert set(by_slot(new_desk, "mixed")) == {
        ("whole", "answer_relevancy"),
        *((case, metric) for case in ("talk", "other") for metric in metrics[1:]),
    }
    assert run["judge"]["calls"] > 0
    assert run["judge"]["input_tokens"] > 0
    explained = new_desk("explain", "talk", "--run", "mixed", "--metric", "turn_relevancy")
    assert explained.code == 0
    assert "Where is my parcel?" in explained.out
    assert "call 1 of" in explained.out


def test_a_kind_of_case_that_no_metric_measures_is_refused(new_desk: Desk) -> None:
    new_desk.cases(WHOLE, TALK)
    ran = new_desk("plan", "suite.yaml")
    assert ran.code == 65
    assert "case 'talk' is a conversation case, and no metric of the suite measures those" in ran.err


QUESTIONS = (
    {"id": "whole", "input": "Where is it?", "context": ["On its way."], "metadata": {"team": "post"}},
    {"id": "bare", "input": "Where is it?"},
    {"id": "answered", "input": "Where is it?", "actual_output": "On its way."},
    {"id": "teamless", "input": "And now?", "context": ["Still on its way."]},
)
CHAT = {"model": "bot", "base_url": "http://127.0.0.1:9/v1", "prompt": "prompt.txt", "system": "system.txt"}
HTTP = {
    "url": "http://127.0.0.1:9/ask",
    "request": {"q": "{{input}}\n{{context}}", "team": "{{metadata.team}}", "scene": "of {{metadata.team}}"},
}


def prompted(desk: Desk, target: dict[str, Any], **suite: Any) -> None:
    """Four questions, and a target whose templates want their context and team."""
    desk.cases(*QUESTIONS)
    (desk.folder / "prompt.txt").write_text("Answer {{input}} by\n{{context}}")
    (desk.folder / "system.txt").write_text("You are of team {{ metadata.team }}.")
    desk.suite(target=target, metrics=["answer_relevancy"], **suite)


@pytest.mark.parametrize(
    ("target", "for_context", "for_team"), [(CHAT, "prompt.txt", "system.txt"), (HTTP, *[REQUEST] * 2)]
)
def test_a_case_without_what_the_targets_template_wants_is_refused_before_anything_is_sent(
    target: dict[str, Any], for_context: str, for_team: str, new_desk: Desk
) -> None:
    prompted(new_desk, target)
    ran = new_desk("plan", "suite.yaml", "--json")
    assert ran.code == 65
    assert [(p["file"], p["line"]) for p in ran.json["error"]["problems"]] == [("cases.jsonl", 2), ("cases.jsonl", 4)]
    bare, teamless = (problem["message"] for problem in ran.json["error"]["problems"])
    assert bare.startswith("case 'bare': ")
    assert f"the case has no context, which {for_context} wants" in bare
    assert f"the case has no metadata.team, which {for_team} wants" in bare
    assert teamless == f"case 'teamless': the case has no metadata.team, which {for_team} wants"


def test_a_target_that_is_always_asked_wants_its_fields_of_every_case(new_desk: Desk) -> None:
    prompted(new_desk, {**CHAT, "always": True})
    problems = new_desk("plan", "suite.yaml", "--json").json["error"]["problems"]
    assert [problem["line"] for problem in problems] == [2, 3, 4]


def test_what_becomes_null_in_a_request_may_be_lacking(new_desk: Desk) -> None:
    prompted(new_desk, {**HTTP, "request": {"q": "{{input}}", "documents": "{{context}}"}})
    assert new_desk("plan", "suite.yaml", "--json").json["planned"] == 4


def test_cases_that_the_target_cannot_be_asked_for_are_skipped_where_the_suite_says_so(new_desk: Desk) -> None:
    with simulated_judge() as endpoint:
        prompted(new_desk, {**CHAT, "base_url": endpoint.base_url}, execution=SKIP)
        run = new_desk.run("--run-id", "skips")
        assert endpoint.requests() == 1  # `whole`, of which nothing is lacking, and which has no output yet
    assert (run["planned"], run["scored"], run["errored"], run["skipped"]) == (4, 2, 0, 2)
    slots = by_slot(new_desk, "skips")
    assert slots["teamless", "answer_relevancy"]["reason"] == "the case has no metadata.team, which system.txt wants"
    assert new_desk("verify", "skips").code == 0


def test_problems_come_in_the_order_of_the_file_and_their_number_is_told(new_desk: Desk) -> None:
    new_desk.cases(*({**BARE, "id": f"bare-{number}"} for number in range(1_200)))
    new_desk.suite(dataset={"path": "cases.jsonl", "max_problems": 3})
    error = new_desk("plan", "suite.yaml", "--tier", "full", "--json").json["error"]
    assert error["message"] == "the dataset does not fit the suite: the first 3 of 1,200 cases"
    assert [problem["line"] for problem in error["problems"]] == [1, 2, 3]


BOT = "def answer(case):\n    return {'actual_output': 'On its way.', 'retrieval_context': ['On its way.'], 'tools_called': []}\n"


@pytest.mark.parametrize(("wanted", "code"), [("refuse", 65), ("skip", 0)])
def test_a_case_with_an_output_of_its_own_lacks_what_nobody_will_produce_for_it(
    wanted: str, code: int, new_desk: Desk
) -> None:
    new_desk.cases({"id": "asked", "input": "Where is it?"}, BARE)
    (new_desk.folder / "full.py").write_text(BOT)
    new_desk.suite(target={"python": "full:answer", "version": "1"}, execution={"missing_fields": wanted, "workers": 1})
    planned = new_desk("plan", "suite.yaml", "--json")
    assert planned.code == code
    if code:
        assert [problem["line"] for problem in planned.json["error"]["problems"]] == [2]
        assert "case 'bare': faithfulness: the case has no retrieval_context" in planned.err
    else:
        run = new_desk.run("--run-id", "half")
        assert (run["scored"], run["errored"], run["skipped"]) == (3, 0, 1)


def test_a_target_that_is_always_asked_produces_what_such_a_case_lacks(new_desk: Desk) -> None:
    new_desk.cases(BARE)
    (new_desk.folder / "full.py").write_text(BOT)
    new_desk.suite(target={"python": "full:answer", "version": "1", "always": True})
    assert new_desk("plan", "suite.yaml", "--json").json["skipped"] == 0
