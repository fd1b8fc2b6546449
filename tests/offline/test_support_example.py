"""The support example is what its comments say it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deepeval_lab import case_of, measure

from evalfactory.suites import load_suite

SUPPORT = Path(__file__).parents[2] / "examples" / "support"


def cases_in(name: str) -> dict[str, dict[str, Any]]:
    lines = (SUPPORT / name).read_text(encoding="utf-8").splitlines()
    return {case.pop("id"): case for case in map(json.loads, lines)}


def failing(name: str, metric: str) -> set[str]:
    return {id_ for id_, case in cases_in(name).items() if measure(metric, case_of(**case)).score < 0.5}


def test_both_files_hold_the_same_twenty_cases() -> None:
    recorded, candidate = cases_in("cases.jsonl"), cases_in("candidate.jsonl")
    assert list(recorded) == list(candidate)
    assert len(recorded) == 20
    for id_, case in recorded.items():
        assert {**case, "actual_output": ""} == {**candidate[id_], "actual_output": ""}
    languages = [case["tags"][-1] for case in recorded.values()]
    assert {language: languages.count(language) for language in set(languages)} == {"en": 13, "ja": 6, "ar": 1}


def test_the_recorded_answers_fail_where_they_are_wrong() -> None:
    unfaithful = {"returns-worn-boots", "shipping-canada-price", "warranty-tent", "ja-cancel-shipped"}
    off_topic = {"plan-cancel", "ja-delivery-time"}
    assert failing("cases.jsonl", "faithfulness") == unfaithful | off_topic
    assert failing("cases.jsonl", "answer_relevancy") == off_topic | {"invoice-company"}
    assert measure("faithfulness", case_of(**cases_in("cases.jsonl")["ja-shipping-free"])).score == 0.5


def test_the_candidate_repairs_eight_answers_and_spoils_three() -> None:
    assert failing("candidate.jsonl", "answer_relevancy") == set()
    assert failing("candidate.jsonl", "faithfulness") == {"payment-methods", "ja-points-expiry"}
    assert measure("faithfulness", case_of(**cases_in("candidate.jsonl")["data-export"])).score == 0.5


def test_both_suites_share_a_name_and_floors() -> None:
    recorded, candidate = (load_suite(SUPPORT / name).suite for name in ("suite.yaml", "candidate.yaml"))
    assert recorded.name == candidate.name
    assert [{name: gate.pass_rate for name, gate in suite.gate.metrics.items()} for suite in (recorded, candidate)] == [
        {"answer_relevancy": 0.8, "faithfulness": 0.8}
    ] * 2
    assert recorded.dataset.path == "cases.jsonl"
    assert candidate.dataset.path == "candidate.jsonl"
