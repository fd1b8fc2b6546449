"""The page on made-up answers shows what was measured, and nothing is measured where the answers are not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.halueval import PAGE, RESULTS, SHARES, with_tables


def test_the_tables_are_those_that_were_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page, json.loads(RESULTS.read_text())), "make it anew: benchmarks/halueval.py --seeds 0"


def test_every_seed_has_every_share_once() -> None:
    rows = json.loads(RESULTS.read_text())
    seen = [(row["judge"], row["seed"], row["share"]) for row in rows]
    assert len(seen) == len(set(seen))
    assert set(seen) == {(judge, seed, share) for judge, seed, _ in seen for share in SHARES}


def test_without_the_answers_nothing_is_measured_and_that_is_said(tmp_path: Path) -> None:
    program = Path(RESULTS).with_suffix(".py")
    words = [sys.executable, str(program), str(tmp_path / "none.jsonl")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "skipped: there is no none.jsonl; name the file on the command line\n"
