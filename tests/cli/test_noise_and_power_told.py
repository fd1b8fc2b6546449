from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

import evalfactory
from command_line import SUPPORT, Desk, json_lines

WORSE = "Our new winter collection has just arrived!"
COIN = """
import pathlib
from deepeval.metrics import BaseMetric
from deepeval.test_case import SingleTurnParams

TOSSED = pathlib.Path(__file__).parent / "tossed"


class Coin(BaseMetric):
    _required_params = [SingleTurnParams.INPUT, SingleTurnParams.ACTUAL_OUTPUT]

    def __init__(self, threshold=0.5):
        self.threshold = threshold

    async def a_measure(self, test_case, **_):
        with TOSSED.open("a") as tossed:
            tossed.write("x")
            self.score = float("refund" in test_case.input or tossed.tell() % 2)
        self.success = self.score >= self.threshold
        return self.score
"""


@pytest.fixture
def coin_desk(new_desk: Desk) -> Desk:
    """A judge that tosses a coin about every case but those of a refund."""
    module = f"coin_{new_desk.folder.parent.name}"
    (new_desk.folder / f"{module}.py").write_text(COIN)
    new_desk.suite(metrics=[{f"{module}:Coin": {"name": "coin"}}, "answer_relevancy"])
    return new_desk


def test_noise_judges_the_same_answers_again_and_names_the_shaky_cases(coin_desk: Desk) -> None:
    ran = coin_desk("noise", "suite.yaml", "--times", "4", "--json", "--quiet", "--run-id", "noisy")
    assert ran.code == 0
    noise = ran.json
    coin, relevancy = noise["metrics"]
    assert (noise["repeats"], noise["cases"], coin["draws"]) == (4, 20, 80)
    assert coin["deviation"] > 0.2
    assert 0.3 < coin["flip_rate"] < 0.7
    assert coin["flip_interval"]["low"] < coin["flip_rate"] < coin["flip_interval"]["high"]
    assert (relevancy["deviation"], relevancy["flip_rate"], relevancy["shaky"]) == (0.0, 0.0, 0)
    assert {each["metric"] for each in noise["shaky"]} == {"coin"}
    assert all(0 < each["passed"] < 4 for each in noise["shaky"])
    assert (coin_desk.folder / "tossed").read_text() == "x" * 80
    again = coin_desk("noise", "suite.yaml", "--of", "noisy", "--json")
    assert again.json == noise
    assert (coin_desk.folder / "tossed").read_text() == "x" * 80
    shown = coin_desk("noise", "suite.yaml", "--of", "noisy")
    assert noise["shaky"][0]["case_id"] in shown.out


def test_noise_reuses_nothing_and_is_no_baseline_for_the_next_run(desk: Desk) -> None:
    ran = desk("noise", "suite.yaml", "--times", "2", "--limit", "3", "--json", "--quiet", "--run-id", "noisy")
    assert ran.json["cases"] == 3
    assert desk.report("noisy")["counts"]["reused"] == 0
    desk.run("--run-id", "next", "--baseline", "previous")
    assert desk.report("next")["baseline"]["run_id"] == "first"


def test_judging_once_shows_no_noise(desk: Desk) -> None:
    once = desk("noise", "suite.yaml", "--times", "1")
    assert (once.code, "--times" in once.err) == (64, True)
    single = desk("noise", "suite.yaml", "--of", "first")
    assert (single.code, "judged every case once" in single.err) == (64, True)


def test_power_counts_on_one_run_then_on_two_then_on_the_judges_noise(desk: Desk) -> None:
    alone = desk("power", "suite.yaml", "--json").json
    assert (alone["run_id"], alone["compared"], alone["noise_run_id"]) == ("first", None, None)
    assert {metric["basis"] for metric in alone["metrics"]} == {"scores"}
    cases = json_lines(SUPPORT / "cases.jsonl")
    desk.cases(*({**case, "actual_output": WORSE} for case in cases[:8]), *cases[8:])
    desk.run("--run-id", "worse", "--baseline", "first")
    beside = desk("power", "suite.yaml", "--json").json
    assert beside["compared"] == ["worse", "first"]
    assert {metric["basis"] for metric in beside["metrics"]} == {"differences"}
    assert [each["repeats"] for each in beside["to_exclude"]] == [1]
    assert beside["to_exclude"][0]["judge_calls"] > beside["to_exclude"][0]["cases"]
    desk("noise", "suite.yaml", "--times", "2", "--quiet", "--run-id", "noisy")
    known = desk("power", "suite.yaml", "--json").json
    assert known["noise_run_id"] == "noisy"
    assert {metric["noise"] for metric in known["metrics"]} == {0.0}
    assert known["to_show"] == beside["to_show"]


def test_a_smaller_drop_needs_more_cases_and_twice_the_allowed_one_is_meant_without_one(desk: Desk) -> None:
    desk.suite(gate={"allowed_drop": 0.1})
    usual = desk("power", "suite.yaml", "--json").json
    assert usual["drop"] == 0.2
    finer = desk("power", "suite.yaml", "--drop", "0.15", "--json").json
    surer = desk("power", "suite.yaml", "--chance", "0.95", "--json").json
    assert finer["to_show"][0]["cases"] > 2 * usual["to_show"][0]["cases"]
    assert finer["to_exclude"] == usual["to_exclude"]
    assert surer["to_exclude"][0]["cases"] > usual["to_exclude"][0]["cases"]
    allowed = desk("power", "suite.yaml", "--drop", "0.1")
    assert allowed.out.count("so one of 0.1 is not meant to FAIL") == 2
    assert "evalfactory noise" in desk("power", "suite.yaml").out


def test_an_advisory_metric_needs_no_case(desk: Desk) -> None:
    desk.suite(gate={"metrics": {"answer_relevancy": {"tier": "advisory"}, "faithfulness": {"tier": "advisory"}}})
    assert desk("power", "suite.yaml", "--json").json["to_exclude"] == []


def test_power_without_a_run_says_which_command_makes_one(new_desk: Desk) -> None:
    ran = new_desk("power", "suite.yaml")
    assert ran.code in (64, 69)
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("words", [("--drop", "0"), ("--drop", "nan"), ("--drop", "two"), ("--chance", "1")])
def test_a_share_that_is_none_is_refused(desk: Desk, words: tuple[str, str]) -> None:
    ran = desk("power", "suite.yaml", *words)
    assert ran.code == 64
    assert "between 0 and 1" in ran.err


def test_both_are_functions_too(desk: Desk) -> None:
    with contextlib.chdir(desk.folder):
        noise = evalfactory.noise(Path("suite.yaml"), times=2, limit=2)
        assert noise.cases == 2
        power = evalfactory.power("suite.yaml", drop=0.2)
    assert power.model_dump(mode="json") == desk("power", "suite.yaml", "--drop", "0.2", "--json").json
