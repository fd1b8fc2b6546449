"""The page on made-up answers shows what was measured, and nothing is measured where the answers are not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.halueval import JUDGES, PAGE, RESULTS, SHARES, with_rows, with_tables


def test_the_tables_are_those_that_were_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page, json.loads(RESULTS.read_text())), "make it anew: benchmarks/halueval.py --seeds 0"


def test_no_seed_of_a_share_is_left_out_and_none_comes_twice() -> None:
    rows = json.loads(RESULTS.read_text())
    for judge in JUDGES:
        for share in SHARES:
            seeds = sorted(row["seed"] for row in rows if (row["judge"], row["share"]) == (judge, share))
            assert seeds == list(range(1, len(seeds) + 1))
            assert len(seeds) >= 20


def test_a_seed_that_is_measured_again_takes_the_place_of_what_was() -> None:
    old = [{"judge": "simulated", "seed": seed, "share": 0.0, "mean": 0.1} for seed in (1, 2)]
    new = {"judge": "simulated", "seed": 1, "share": 0.0, "mean": 0.2}
    assert with_rows(old, [new]) == [new, old[1]]


def test_without_the_answers_nothing_is_measured_and_that_is_said(tmp_path: Path) -> None:
    program = Path(RESULTS).with_suffix(".py")
    words = [sys.executable, str(program), str(tmp_path / "none.jsonl")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "skipped: there is no none.jsonl; name the file on the command line\n"
