"""What has not changed is not measured again; what has, is."""

from __future__ import annotations

import shutil

import pytest

from line_tools import Bench, Simulator, made_up_cases

ALL = 48


@pytest.fixture
def measured(judged: Bench, judge: Simulator) -> Bench:
    """A store that knows the score of every slot."""
    judged.run("--run-id", "first")
    judge.reset()
    return judged


def test_an_unchanged_suite_asks_nothing_and_one_changed_case_asks_for_itself(
    measured: Bench, judge: Simulator
) -> None:
    before = measured.report("first")["results_digest"]
    again = measured.run("--run-id", "again")
    assert (again["reused"], again["results_digest"], judge.requests) == (ALL, before, 0)
    assert {line["reused_from"] for line in measured.measurements("again").values()} == {"first"}
    cases = made_up_cases(24)
    cases[7]["actual_output"] += " Or so they say."
    cases[9]["tags"] = ["of", "no", "interest"]
    measured.cases(list(reversed(cases)))
    changed = measured.run("--run-id", "changed")
    assert (changed["reused"], changed["judge"]["calls"]) == (ALL - 2, judge.requests)
    assert 0 < judge.requests <= 8
    fresh = {slot[0] for slot, line in measured.measurements("changed").items() if not line["reused_from"]}
    assert fresh == {"case-0007"}


def test_another_threshold_judges_the_old_scores_anew(measured: Bench, judge: Simulator) -> None:
    measured.suite(metrics=[{"answer_relevancy": {"threshold": 0.95}}, {"faithfulness": {"threshold": 0.05}}])
    measured.run("--run-id", "strict")
    assert judge.requests == 0
    lines = measured.measurements("strict").values()
    assert {line["threshold"] for line in lines} == {0.95, 0.05}
    assert all(line["success"] == (line["score"] >= line["threshold"]) for line in lines)
    assert len({line["success"] for line in lines}) == 2


@pytest.mark.parametrize("how", ["--fresh", "another model", "another seed"])
def test_nothing_is_reused_of_another_judge_or_when_asked_not_to(measured: Bench, judge: Simulator, how: str) -> None:
    if how == "another model":
        measured.suite(judge={"model": "other"})
    if how == "another seed":
        measured.suite(judge={"seed": 7})
    done = measured.run(*(["--fresh"] if how == "--fresh" else []))
    assert (done["reused"], done["judge"]["calls"]) == (0, judge.requests)
    assert judge.requests > 3 * 24


def test_transport_and_limits_of_the_judge_are_no_reason_to_ask_again(measured: Bench, judge: Simulator) -> None:
    measured.env["SOME_KEY"] = "k"
    measured.suite(judge={"max_in_flight": 3, "timeout_s": 9, "api_key_env": "SOME_KEY", "headers": {"X-Team": "a"}})
    assert measured.run()["reused"] == ALL
    assert judge.requests == 0


def test_a_run_that_was_deleted_has_nothing_to_offer(measured: Bench) -> None:
    shutil.rmtree(measured.root("first"))
    assert measured.run()["reused"] == 0
