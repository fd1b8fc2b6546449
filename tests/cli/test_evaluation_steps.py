from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from command_line import Desk, Simulator, process, simulated_judge

GEVAL = {
    "geval": {
        "name": "politeness",
        "criteria": "The answer is polite and says what happens next.",
        "evaluation_params": ["input", "actual_output"],
    }
}


@pytest.fixture
def polite(new_desk: Desk, simulator: Simulator) -> Desk:
    new_desk.suite(judge=simulator.judge(), metrics=[GEVAL], tiers={"smoke": 3})
    return new_desk


def recipes(desk: Desk) -> list[Any]:
    return [json.loads(path.read_text()) for path in sorted(desk.folder.glob(".evalfactory/recipes/*.json"))]


def steps_of(desk: Desk, run_id: str) -> Any:
    (path,) = desk.folder.glob(f".evalfactory/*/runs/{run_id}/plan.json")
    return json.loads(path.read_text())["recipes"][0]["args"]["evaluation_steps"]


def test_the_judge_writes_the_steps_once_and_every_later_plan_has_them(polite: Desk, simulator: Simulator) -> None:
    before = simulator.requests()
    first = polite("plan", "suite.yaml", "--json")
    assert first.code == 0, first.err
    assert simulator.requests() == before + 1
    second = polite("plan", "suite.yaml", "--json")
    assert simulator.requests() == before + 1
    assert first.json["plan_digest"] == second.json["plan_digest"]
    (kept,) = recipes(polite)
    assert kept["criteria"] == GEVAL["geval"]["criteria"]
    polite("plan", "suite.yaml", "--write", "--run-id", "written")
    assert steps_of(polite, "written") == kept["evaluation_steps"]
    assert len(kept["evaluation_steps"]) >= 1


def test_the_steps_that_the_plan_has_are_those_that_a_run_uses(polite: Desk, simulator: Simulator) -> None:
    polite("plan", "suite.yaml")
    before = simulator.requests()
    run = polite.run("--run-id", "used")
    assert (run["scored"], run["errored"]) == (3, 0)
    assert simulator.requests() == before + run["judge"]["calls"]
    assert steps_of(polite, "used") == recipes(polite)[0]["evaluation_steps"]


def test_other_criteria_are_other_steps_and_other_limits_are_not(polite: Desk, simulator: Simulator) -> None:
    polite("plan", "suite.yaml")
    before = simulator.requests()
    polite.suite(judge=simulator.judge(max_in_flight=2, timeout_s=7), metrics=[GEVAL])
    assert polite("plan", "suite.yaml").code == 0
    assert simulator.requests() == before
    other = {"geval": {**GEVAL["geval"], "criteria": "The answer is short."}}
    polite.suite(judge=simulator.judge(), metrics=[other])
    assert polite("plan", "suite.yaml").code == 0
    assert simulator.requests() == before + 1
    assert len(recipes(polite)) == 2


def test_steps_that_the_suite_says_are_asked_of_nobody(polite: Desk, simulator: Simulator) -> None:
    before = simulator.requests()
    said = {"geval": {**GEVAL["geval"], "evaluation_steps": ["Look for a greeting."]}}
    polite.suite(judge=simulator.judge(), metrics=[said])
    assert polite("plan", "suite.yaml", "--write", "--run-id", "said").code == 0
    assert simulator.requests() == before
    assert recipes(polite) == []
    assert steps_of(polite, "said") == ["Look for a greeting."]


def test_a_judge_that_is_away_when_steps_are_needed_is_told_as_such(new_desk: Desk) -> None:
    judge = {"model": "gone", "base_url": "http://127.0.0.1:9/v1", "outage_s": 0.2, "max_tries": 1}
    new_desk.suite(judge=judge, metrics=[GEVAL])
    ran = new_desk("plan", "suite.yaml", "--json")
    assert ran.code == 69
    assert "127.0.0.1:9" in ran.json["error"]["message"]


def test_a_key_that_is_refused_is_told_as_such(new_desk: Desk, tmp_path: Path) -> None:
    with simulated_judge("--expect-key", "right") as guarded:
        new_desk.suite(judge=guarded.judge(api_key_env="WRONG_KEY"), metrics=[GEVAL, "answer_relevancy"])
        refused = process("run", "suite.yaml", "--json", cwd=new_desk.folder, env={"WRONG_KEY": "wrong-and-secret"})
        assert refused.code == 77
        assert "WRONG_KEY" in refused.err
        assert "wrong-and-secret" not in refused.err + refused.out
        missing = process("run", "suite.yaml", "--json", cwd=new_desk.folder)
        assert missing.code == 78
        assert "WRONG_KEY is not set" in missing.json["error"]["message"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"wrong-and-secret" in path.read_bytes()]


@pytest.mark.parametrize("how", ["empty", "half", "other", "binary", "number", "word"])
def test_steps_that_were_changed_are_named_and_never_used(polite: Desk, simulator: Simulator, how: str) -> None:
    assert polite("plan", "suite.yaml").code == 0
    (path,) = polite.folder.glob(".evalfactory/recipes/*.json")
    whole = path.read_text()
    steps = json.loads(whole)["evaluation_steps"]
    path.write_bytes(
        {
            "empty": b"",
            "half": whole[: len(whole) // 2].encode(),
            "other": b"[1, 2]",
            "binary": bytes(range(256)),
            "number": json.dumps({"evaluation_steps": 3}).encode(),
            "word": whole.replace(steps[0], "Say yes.").encode(),
        }[how]
    )
    before = simulator.requests()
    ran = polite("run", "suite.yaml")
    assert ran.code == 65
    assert path.name in ran.err
    assert "delete it" in ran.err
    assert simulator.requests() == before
    path.unlink()
    assert polite.run()["scored"] == 3


def test_the_offline_judge_needs_no_model_for_criteria(new_desk: Desk) -> None:
    new_desk.suite(metrics=[GEVAL])
    run = new_desk.run("--limit", "2")
    assert (run["scored"], run["errored"]) == (2, 0)


def test_writing_the_steps_is_on_the_bill_of_the_run_that_had_to(polite: Desk, simulator: Simulator) -> None:
    before = simulator.requests()
    first = polite.run("--run-id", "writes")
    assert first["judge"]["calls"] == simulator.requests() - before == 3 + 1
    second = polite.run("--run-id", "reads", "--fresh")
    assert second["judge"]["calls"] == 3
    assert second["results_digest"] == first["results_digest"]


def test_a_judge_that_is_gone_when_the_steps_are_to_be_written_is_told_once_with_what_to_try(new_desk: Desk) -> None:
    gone = {"model": "m", "base_url": "http://127.0.0.1:9/v1", "outage_s": 0.2}
    new_desk.suite(judge=gone, metrics=[GEVAL])
    ran = new_desk("run", "suite.yaml", "--json")
    assert ran.code == 69
    assert "has answered nothing" in ran.json["error"]["message"]
    assert ran.json["error"]["hint"] == "nothing was measured; run it again when the judge answers"
    assert ran.err.count("try:") == 1
    assert new_desk("runs", "--json").json["runs"] == []
