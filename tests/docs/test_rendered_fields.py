"""The page of what Kubernetes is asked for names every field that is rendered, and none that is not."""

from __future__ import annotations

import re
from pathlib import Path

from rendered_fields import PASSED_ON, documents, fields

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "kubernetes.md").read_text(encoding="utf-8")


def rows() -> set[str]:
    """The fields that the page names, those of a pod as they lie in a Job."""
    found: set[str] = set()
    for section in PAGE.split("\n## ")[1:]:
        title = section.partition("\n")[0]
        named = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
        found |= {f"spec.template.{name}" if title == "The pod" else name for name in named}
    return found


def rendered() -> set[str]:
    every = {path for kind in {document["kind"] for document in documents()} for path in fields(kind)}
    return every - {"apiVersion", "kind"}


def covers(row: str, path: str) -> bool:
    return path == row or path.startswith((f"{row}.", f"{row}[]"))


def test_no_rendered_field_is_missing_on_the_page() -> None:
    told = rows()
    assert [path for path in sorted(rendered()) if not any(covers(row, path) for row in told)] == []


def test_the_page_names_no_field_that_is_not_rendered() -> None:
    paths = rendered()
    passed_on = {f"spec.template.spec.{name}" for name in PASSED_ON}
    assert [row for row in sorted(rows() - passed_on) if not any(covers(row, path) for path in paths)] == []
