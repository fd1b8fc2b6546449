"""Growing the suite: failed cases and traces of production into the dataset, with word of where they come from."""

from __future__ import annotations

import json

from command_line import SUPPORT, Desk, json_lines


def worse(desk: Desk) -> set[str]:
    """A run `worse` beside the blessed `first`, with three answers that fail now; their ids."""
    desk("bless", "first", "--name", "main")
    cases = json_lines(SUPPORT / "cases.jsonl")
    failing = {case["id"] for case in cases[:3]}
    desk.cases(*({**case, "actual_output": "Bananas!"} if case["id"] in failing else case for case in cases))
    desk.run("--run-id", "worse", "--baseline", "main")
    return failing


def test_failed_cases_are_promoted_with_their_provenance_and_refused_the_second_time(desk: Desk) -> None:
    failing = worse(desk)
    done = desk("promote", "worse", "--flipped", "--to", "grown.jsonl", "--tag", "regression", "--json")
    assert (done.code, set(done.json["added"])) == (0, failing)
    lines = json_lines(desk.folder / "grown.jsonl")
    scores = {(line["case_id"], line["metric"]): line["score"] for line in desk.measurements("worse")}
    for line in lines:
        told = line["metadata"]["promoted"]
        assert (told["run"], told["suite"], told["because"]) == ("worse", "support-bot", "failed, and passed in first")
        assert told["run_at"] == desk.report("worse")["created_at"]
        assert told["scores"] == {metric: scores[line["id"], metric] for metric in ("answer_relevancy", "faithfulness")}
        assert "regression" in line["tags"]
        assert line["actual_output"] == "Bananas!"
    again = desk("promote", "worse", "--failed", "--to", "grown.jsonl", "--json")
    assert {each["id"] for each in again.json["refused"]} >= failing
    assert failing.isdisjoint(again.json["added"])


def test_a_promoted_must_run_case_stays_in_every_tier(desk: Desk) -> None:
    failing = sorted(worse(desk))
    many = [
        {"id": f"filler-{number}", "input": f"question {number}", "actual_output": "a", "retrieval_context": ["a"]}
        for number in range(9)
    ]
    desk.cases(*many)
    assert desk("promote", "worse", "--case", failing[0], "--to", "cases.jsonl", "--must-run").code == 0
    desk.suite(tiers={"smoke": 1})
    run = desk.run("--run-id", "grown")
    assert failing[0] in desk.ids("grown")
    assert len(desk.ids("grown")) == 2
    assert run["verdict"] == "FAIL"


def test_traces_of_production_become_cases_by_a_mapping(desk: Desk) -> None:
    traces = [
        {"trace": "t-1", "request": {"question": "Wo ist es?"}, "answer": "Hier.", "docs": ["a", "b"], "user": {"plan": "pro"}},
        {"trace": "t-2", "request": {"question": "どこ？"}, "answer": "ここ。", "docs": [], "user": {"plan": "free"}},
    ]  # fmt: skip
    (desk.folder / "traces.jsonl").write_text("".join(json.dumps(trace) + "\n" for trace in traces))
    fields = ["id=trace", "input=request.question", "actual_output=answer", "retrieval_context=docs"]
    words = [word for field in fields for word in ("--field", field)]
    done = desk("promote", "--from", "traces.jsonl", *words, "--case", "t-2", "--to", "grown.jsonl", "--json")
    assert done.json["added"] == ["t-2"]
    desk("promote", "--from", "traces.jsonl", *words, "--to", "grown.jsonl")
    lines = json_lines(desk.folder / "grown.jsonl")
    assert [(line["id"], line["input"], line["actual_output"]) for line in lines] == [
        ("t-2", "どこ？", "ここ。"), ("t-1", "Wo ist es?", "Hier."),
    ]  # fmt: skip
    assert lines[1]["metadata"]["user"] == {"plan": "pro"}
    assert lines[1]["metadata"]["promoted"]["log"] == "traces.jsonl"


def test_what_cannot_be_promoted_is_said_with_what_to_try(desk: Desk) -> None:
    for words, code, said in (
        (("first",), 64, "which cases?"),
        (("first", "--flipped"), 64, "compared with nothing"),
        (("first", "--case", "nope"), 64, "there is no case 'nope'"),
        (("--from", "cases.jsonl", "--failed"), 64, "a log has no scores"),
        (("--from", "nope.jsonl",), 65, "does not exist"),
        (("first", "--failed", "--field", "input=x"), 64, "there is no --from"),
    ):  # fmt: skip
        ran = desk("promote", *words, "--to", "grown.jsonl")
        assert ran.code == code, words
        assert said in ran.err
    assert not (desk.folder / "grown.jsonl").exists()
