from __future__ import annotations

import json

import pytest

from command_line import Desk, Simulator


def test_a_case_is_told_with_its_texts_recorded_scores_prompts_and_raw_answers(desk: Desk) -> None:
    told = desk("explain", "ja-delivery-time", "--run", "first")
    assert told.code == 0
    for words in (
        "case ja-delivery-time of run first",
        "配達の時間帯を夜に指定することはできますか。",
        "answer_relevancy, recorded: 0.000, threshold 0.5",
        "── faithfulness in the run, call 1 of 4",
        "prompt",
        "answer",
        "in short, case ja-delivery-time of run first:",
        "  faithfulness: recorded 0.000; above is what the judge said then (4 calls)",
    ):
        assert words in told.out


def test_what_was_recorded_is_shown_without_asking_anybody(desk: Desk) -> None:
    told = desk("explain", "plan-cancel", "--run", "first", "--recorded", "--json").json
    assert list(told) == ["run_id", "case", "skipped", "recorded", "said", "asked_now", "not_asked"]
    assert told["run_id"] == "first"
    assert told["case"]["id"] == "plan-cancel"
    assert set(told["recorded"]) == {"answer_relevancy", "faithfulness"}
    assert told["recorded"]["answer_relevancy"][0]["score"] == 0.0
    assert told["asked_now"] == {}


def test_asking_again_measures_the_same_with_every_call(desk: Desk) -> None:
    told = desk("explain", "plan-cancel", "--run", "first", "--metric", "faithfulness", "--again", "--json").json
    assert set(told["recorded"]) == set(told["asked_now"]) == {"faithfulness"}
    now, then = told["asked_now"]["faithfulness"], told["recorded"]["faithfulness"][0]
    assert {key: now["measurement"][key] for key in ("state", "score", "reason", "threshold", "fingerprint")} == {
        key: then[key] for key in ("state", "score", "reason", "threshold", "fingerprint")
    }
    assert len(now["calls"]) == then["usage"]["calls"] > 1
    assert all(call["prompt"] and call["answer"] for call in now["calls"])


def test_a_simulated_judge_is_asked_over_http_and_its_raw_answers_are_shown(
    new_desk: Desk, simulator: Simulator
) -> None:
    new_desk.suite(judge=simulator.judge(), metrics=["answer_relevancy"])
    new_desk.run("--run-id", "sim", "--case", "plan-cancel")
    before = simulator.requests()
    told = new_desk("explain", "plan-cancel", "--again", "--json").json
    asked = told["asked_now"]["answer_relevancy"]
    assert simulator.requests() - before == len(asked["calls"]) >= 2
    assert asked["measurement"]["score"] == told["recorded"]["answer_relevancy"][0]["score"]
    assert all(json.loads(str(call["answer"])) for call in asked["calls"])
    recorded = simulator.requests()
    assert new_desk("explain", "plan-cancel", "--recorded").code == 0
    assert simulator.requests() == recorded


def test_a_case_that_is_not_in_the_run_is_refused_with_the_nearest(desk: Desk) -> None:
    ran = desk("explain", "delivery-time", "--run", "first")
    assert ran.code == 64
    assert "run first has no case 'delivery-time'" in ran.err
    assert "try: ja-delivery-time" in ran.err
    far = desk("explain", "qqqqqqq", "--run", "first")
    assert "evalfactory runs" in far.err


def test_a_metric_that_does_not_measure_the_case_is_refused_with_those_that_do(desk: Desk) -> None:
    ran = desk("explain", "plan-cancel", "--metric", "faithfullness")
    assert ran.code == 64
    assert "try: faithfulness" in ran.err


def test_the_newest_run_is_explained_when_none_is_named(desk: Desk) -> None:
    desk.run("--run-id", "look", "--case", "plan-cancel")
    assert desk("explain", "plan-cancel", "--recorded", "--json").json["run_id"] == "look"
    assert desk("explain", "ja-delivery-time", "--recorded").code == 64


def test_a_run_without_a_report_has_nothing_recorded_and_can_be_explained(desk: Desk) -> None:
    desk("plan", "suite.yaml", "--write", "--run-id", "later")
    told = desk("explain", "plan-cancel", "--run", "later", "--metric", "faithfulness", "--json").json
    assert told["recorded"] == {}
    assert told["asked_now"]["faithfulness"]["measurement"]["state"] == "scored"


def test_a_conversation_is_told_turn_by_turn_and_tools_as_calls(new_desk: Desk) -> None:
    turns = [
        {"role": "user", "content": "お返事はいつですか。"},
        {
            "role": "assistant",
            "content": "Tomorrow.",
            "tools_called": [{"name": "clock", "input_parameters": {"zone": "JST"}}],
        },
    ]
    new_desk.cases({"id": "talk", "turns": turns, "metadata": {"topic": "返金"}})
    new_desk.suite(judge={"model": "m", "base_url": "http://127.0.0.1:9/v1"}, metrics=["turn_relevancy"])
    new_desk("plan", "suite.yaml", "--write", "--run-id", "talks")
    told = new_desk("explain", "talk", "--recorded").out
    assert "    user: お返事はいつですか。\n    assistant: Tomorrow.\n" in told
    assert 'called: clock({"zone": "JST"})' in told
    assert '    {"topic": "返金"}' in told
    assert "{'" not in told


@pytest.mark.parametrize("words", [(), ("--again",)])
def test_a_case_without_an_output_is_explained_without_asking_the_judge(new_desk: Desk, words: tuple[str, ...]) -> None:
    (new_desk.folder / "closed.py").write_text("def answer(case):\n    raise RuntimeError('the shop is closed')\n")
    new_desk.cases({"id": "opening", "input": "When do you open?"})
    new_desk.suite(target={"python": "closed:answer", "version": "1"})
    assert new_desk.run("--run-id", "one")["errored"] == 2
    told = new_desk("explain", "opening", *words)
    assert told.code == 0
    assert "the shop is closed" in told.out
    assert "answer_relevancy, not asked again" in told.out
    assert "no output of the target" in told.out
    assert "MissingTestCaseParams" not in told.out
