from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sim_server import simulated

HERE = Path(__file__).parent
HALUEVAL = HERE.parents[2] / "shared" / "data" / "halueval-qa.jsonl"


def measure(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, str(HERE / "sim_measure.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=HERE,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[str, dict[str, Any]]]:
    with simulated() as base_url:
        measured: dict[str, dict[str, dict[str, Any]]] = measure("every", base_url)
    return measured


@pytest.mark.parametrize("response_format", ["json_schema", "json_object", "none"])
def test_every_text_metric_of_deepeval_completes_with_a_score_between_0_and_1(
    outcomes: dict[str, dict[str, dict[str, Any]]], response_format: str
) -> None:
    some = outcomes[response_format]
    assert len(some) == 35
    for name, outcome in some.items():
        assert outcome["error"] is None, name
        assert 0 <= outcome["score"] <= 1, name
        assert outcome["reason"] or name.startswith(("tool_correctness", "json_correctness")), name


def test_halueval_scores_spread_and_fail_like_a_real_judges_and_depend_on_the_seed() -> None:
    if not HALUEVAL.is_file():
        pytest.skip("halueval-qa.jsonl is not beside this checkout: the spread of the scores is not measured")
    by_seed = measure("halueval", str(HALUEVAL), "0:500", "1:60")
    for column in (0, 1):
        scores = [row[column] for row in by_seed["0"]]
        assert len(set(scores)) >= 5
        assert 0.2 <= sum(score < 0.5 for score in scores) / len(scores) <= 0.4
        assert 0.5 <= sum(scores) / len(scores) <= 0.8
    assert sum(a != b for a, b in zip(by_seed["0"], by_seed["1"], strict=False)) > 30
