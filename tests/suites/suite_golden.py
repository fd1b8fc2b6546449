"""Committed texts made by code. `UPDATE_GOLDEN=1 pytest tests/suites` writes them anew."""

from __future__ import annotations

from pathlib import Path

from evalfactory.settings import environment

ROOT = Path(__file__).parents[2]


def check_golden(path: Path, text: str) -> None:
    """Assert that the file holds the text; with UPDATE_GOLDEN=1 make it so."""
    if environment().get("UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == text, "write it anew with UPDATE_GOLDEN=1 pytest tests/suites"
