"""The page on performance shows what was measured."""

from __future__ import annotations

import json

from benchmarks.pages import PAGE, with_tables

RESULTS = json.loads((PAGE.parents[2] / "benchmarks" / "results.json").read_text(encoding="utf-8"))


def test_the_tables_are_those_that_were_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page, RESULTS), "make it anew: python benchmarks/run.py"


def test_every_table_was_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    begun = {line.removeprefix("<!-- ").removesuffix(" -->") for line in page.splitlines() if line.startswith("<!-- ")}
    assert {name for name in begun if not name.startswith("end of ")} == set(RESULTS)
