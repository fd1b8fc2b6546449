"""Growing the suite: failed cases and traces of production into the dataset, with word of where they come from."""

from __future__ import annotations

import json
from collections.abc import Mapping

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


FIELDS = ("--field", "id=trace", "--field", "input=question", "--field", "actual_output=answer")


def log_of(desk: Desk, *lines: str | Mapping[str, object]) -> None:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (desk.folder / "traces.jsonl").write_text("".join(f"{text}\n" for text in texts))


def test_a_bad_line_of_a_log_is_named_and_keeps_no_good_one_out(desk: Desk) -> None:
    log_of(
        desk,
        {"trace": "t-1", "question": "Where?", "answer": "Here."},
        {"trace": "t-2", "question": "  ", "answer": "?"},
        {"trace": "t-3", "question": "Who?", "answer": 7},
        "{",
        *({"trace": f"u-{number}", "answer": "no question"} for number in range(60)),
        {"trace": "t-4", "question": "When?", "answer": "Now."},
    )
    done = desk("promote", "--from", "traces.jsonl", *FIELDS, "--to", "grown.jsonl", "--json")
    assert (done.code, done.json["added"]) == (0, ["t-1", "t-4"])
    assert [(each["line"], each["field"]) for each in done.json["skipped"]][:3] == [
        (2, "input"), (3, "actual_output"), (4, None),
    ]  # fmt: skip
    assert "63 lines of the log skipped" in done.err
    assert "traces.jsonl:2: input: is empty" in done.err
    assert "and 58 more" in done.err
    assert [line["id"] for line in json_lines(desk.folder / "grown.jsonl")] == ["t-1", "t-4"]
    strict = desk("promote", "--from", "traces.jsonl", *FIELDS, "--strict", "--to", "other.jsonl")
    assert (strict.code, "the dataset has 50 problems" in strict.err) == (65, True)
    assert not (desk.folder / "other.jsonl").exists()


def test_of_a_log_only_the_chosen_lines_are_looked_at(desk: Desk) -> None:
    log_of(desk, {"trace": "t-1", "question": "Where?", "answer": "Here."}, {"trace": "t-2", "answer": "?"})
    done = desk("promote", "--from", "traces.jsonl", *FIELDS, "--case", "t-1", "--to", "grown.jsonl")
    assert (done.code, done.err) == (0, "")
    bad = desk("promote", "--from", "traces.jsonl", *FIELDS, "--case", "t-2", "--to", "grown.jsonl")
    assert bad.code == 65
    assert "there is no case 't-2', and 1 of the log's lines cannot be read" in bad.err
    assert "traces.jsonl:2: input" in bad.err


def test_twins_inside_a_log_are_refused_like_those_of_the_file(desk: Desk) -> None:
    log_of(desk, *({"question": each, "answer": "x"} for each in ("Where?", "Who?", "Where?")))
    words = ("promote", "--from", "traces.jsonl", *FIELDS[2:], "--to", "grown.jsonl", "--json")
    done = desk(*words)
    assert (done.code, len(done.json["added"]), len(done.json["refused"])) == (0, 2, 1)
    assert done.json["refused"][0]["same_as"] == done.json["added"][0]
    assert len(desk(*words).json["refused"]) == 3


def test_a_log_without_one_good_line_is_an_error_and_adds_nothing(desk: Desk) -> None:
    log_of(desk, "[]", {"trace": "t-1"})
    done = desk("promote", "--from", "traces.jsonl", *FIELDS, "--to", "grown.jsonl")
    assert (done.code, "no line of the log is a case" in done.err, "traces.jsonl:1" in done.err) == (65, True, True)
    assert not (desk.folder / "grown.jsonl").exists()
    log_of(desk, "")
    assert "there is no case in it" in desk("promote", "--from", "traces.jsonl", *FIELDS, "--to", "grown.jsonl").err


def test_a_case_that_the_dataset_has_is_not_made_must_run_but_told_how(desk: Desk) -> None:
    first, second = sorted(worse(desk))[:2]
    words = ("promote", "worse", "--case", first, "--case", second, "--must-run", "--to")
    done = desk(*words, "cases.jsonl")
    assert done.code == 0
    assert f"in the suite: dataset.must_run: {{ids: [{first}, {second}]}}" in done.err
    assert "must_run" not in desk("promote", "worse", "--case", first, "--to", "cases.jsonl").err
    desk.suite(dataset={"path": "cases.jsonl", "must_run": {"ids": [first, second]}})
    assert desk.run("--run-id", "gated")["verdict"] == "FAIL"
    desk(*words, "grown.jsonl")
    assert "dataset.must_run" not in desk(*words, "grown.jsonl").err  # they are must-run there


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
