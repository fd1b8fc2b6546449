"""The reference pages that are made from the code are fresh, and say something of everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from evalfactory.cli.reference import (
    ERROR_CLASSES,
    EXIT_CODES,
    FOLDER,
    cli_page,
    exit_codes_page,
    report_page,
)
from evalfactory.errors import Exit
from evalfactory.records.measurement import ErrorClass

MADE = {"cli.md": cli_page, "exit-codes.md": exit_codes_page, "report.md": report_page}


@pytest.mark.parametrize("name", MADE)
def test_a_page_that_is_made_from_the_code_is_fresh(name: str) -> None:
    page: Callable[[], str] = MADE[name]
    committed = (FOLDER / name).read_text(encoding="utf-8")
    assert committed == page(), "make it anew: python -m evalfactory.cli.reference"


def test_every_exit_code_and_every_class_of_errors_is_explained() -> None:
    assert {name for name in vars(Exit) if name.isupper()} == set(EXIT_CODES)
    assert set(get_args(ErrorClass)) == set(ERROR_CLASSES)


@pytest.mark.parametrize("name", MADE)
def test_every_row_has_its_meaning(name: str) -> None:
    rows = [line for line in MADE[name]().splitlines() if line.startswith("| ") and line != "| | |"]
    assert len(rows) > 10
    assert [row for row in rows if not row.rstrip("| ").strip() or row.endswith("|  |")] == []
