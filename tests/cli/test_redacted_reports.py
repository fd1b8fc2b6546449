"""What a suite redacts is nowhere in the files that are made for others: proven by a search of their bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import Desk

EVERY_TEXT = ["input", "actual_output", "expected_output", "context", "reason", "case_id"]


def secret_case(number: int, **more: object) -> dict[str, object]:
    """A case whose every text holds a word that stands nowhere else."""
    return {
        "id": f"qqid{number}",
        "input": f"qqinput{number} of what",
        "actual_output": f"qqanswer{number} and nothing",
        "expected_output": f"qqexpected{number}",
        "retrieval_context": [f"qqfound{number}", "qqfound again"],
        "context": [f"qqcontext{number}"],
        "comments": "qqcomment qqinput",
        "name": f"qqname{number}",
        "metadata": {"note": f"qqmetadata{number}", "team": "kept"},
        "tags": ["kept-tag"],
        **more,
    }


@pytest.fixture
def private(new_desk: Desk) -> Desk:
    """A blessed run of 30 such cases and one with other answers, both told in full in the store."""
    dataset = {
        "path": "cases.jsonl",
        "slices": ["tags", "input", "metadata.team", "id"],
        "must_run": {"ids": ["qqid1"]},
    }
    new_desk.suite(dataset=dataset, publish={"redact": EVERY_TEXT}, metrics=[{"faithfulness": {"threshold": 0.9}}])
    new_desk.cases(*(secret_case(number, must_run=not number) for number in range(30)))
    new_desk.run("--run-id", "before")
    changed = {2: {"input": "qqother question"}, 1: {"actual_output": "qqbefore qqnow"}}
    new_desk.cases(*(secret_case(number, **changed.get(number, {})) for number in range(1, 32)))
    new_desk.run("--run-id", "private", "--baseline", "before")
    return new_desk


def made(desk: Desk, folder: Path) -> dict[str, str]:
    """Every file that is made for others, by its format."""
    page = folder / "page.html"
    assert desk("report", "private", "--redact", "--format", "html", "--out", str(page)).code == 0
    printed = {
        name: desk("report", "private", "--redact", "--format", name).out
        for name in ("markdown", "junit", "terminal", "json")
    }
    return printed | {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_no_redacted_text_is_anywhere_in_the_page_the_markdown_or_junit(private: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "public"
    folder.mkdir()
    files = made(private, folder)
    assert {"markdown", "junit", "page.html"} <= set(files)
    for name, text in files.items():
        assert "qq" not in text, (name, text[max(0, text.find("qq") - 80) :][:200])
    open_page = Path(private("report", "private", "--format", "html").out.strip()).read_text(encoding="utf-8")
    for word in ("qqid", "qqinput", "qqanswer", "qqexpected", "qqfound", "qqcontext", "qqmetadata"):
        assert word in open_page  # so the search above could have failed
    assert "kept-tag" in files["page.html"]
    assert files["junit"].count("<testcase") == private("report", "private", "--format", "junit").out.count("<testcase")


def test_what_the_suite_does_not_redact_is_told_all_the_same(new_desk: Desk) -> None:
    new_desk.suite(publish={"redact": ["input"]}, metrics=[{"faithfulness": {"threshold": 0.9}}])
    new_desk.cases(*(secret_case(number) for number in range(3)))
    new_desk.run("--run-id", "half")
    page = Path(new_desk("report", "half", "--redact", "--format", "html").out.strip())
    assert page.name == "report-redacted.html"
    text = page.read_text(encoding="utf-8")
    assert all(word in text for word in ("qqanswer1", "qqfound1", "qqcontext1", "qqid1"))
    assert not any(word in text for word in ("qqinput", "qqcomment", "qqname", "qqmetadata", "answer1 and nothing and"))


def test_a_suite_that_redacts_nothing_is_not_taken_for_private(desk: Desk) -> None:
    for name in ("html", "markdown", "junit", "terminal", "json"):
        ran = desk("report", "first", "--redact", "--format", name)
        assert (ran.code, ran.out if name != "json" else "") == (64, "")
        assert "redacted nothing when the run was planned" in ran.err
