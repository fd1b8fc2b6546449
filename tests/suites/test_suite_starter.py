"""The first suite that a newcomer gets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from evalfactory.errors import Exit, UsageError
from evalfactory.records.case import Case
from evalfactory.suites import load_suite
from evalfactory.suites.starter import write_starter


def test_the_starter_is_a_suite_that_needs_nothing(tmp_path: Path) -> None:
    written = write_starter(tmp_path / "new" / "folder")
    assert sorted(path.name for path in written) == ["cases.jsonl", "suite.schema.json", "suite.yaml"]
    loaded = load_suite(tmp_path / "new" / "folder")
    assert loaded.suite.judge.kind == "offline"
    assert (loaded.folder / loaded.suite.dataset.path).is_file()


def test_the_starters_first_line_names_the_schema_beside_it(tmp_path: Path) -> None:
    write_starter(tmp_path)
    text = (tmp_path / "suite.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=suite.schema.json\n")
    schema = json.loads((tmp_path / "suite.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(yaml.safe_load(text))


def test_the_starters_cases_have_what_its_metrics_need_and_speak_japanese_too(tmp_path: Path) -> None:
    write_starter(tmp_path)
    lines = (tmp_path / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [Case.model_validate_json(line) for line in lines]
    assert len(cases) == len({case.id for case in cases}) == 6
    assert all(case.input and case.actual_output and case.retrieval_context for case in cases)
    assert any("送料" in (case.input or "") for case in cases)


def test_what_the_starter_shows_as_comments_is_right_too(tmp_path: Path) -> None:
    write_starter(tmp_path)
    path = tmp_path / "suite.yaml"
    head, rest = path.read_text(encoding="utf-8").split("judge: offline\n")
    rest = rest.split("# A real judge")[1].split("\n", 1)[1]
    wanted = "\n".join(line.replace("# ", "", 1) if _is_code(line) else line for line in rest.splitlines())
    path.write_text(head + wanted, encoding="utf-8")
    suite = load_suite(path).suite
    assert suite.judge.model == "gpt-4o-mini"
    assert [metric.name for metric in suite.metrics] == ["answer_relevancy", "faithfulness", "politeness"]
    assert suite.target is not None
    assert suite.gate.metrics["faithfulness"].pass_rate == 0.9


def _is_code(line: str) -> bool:
    """Whether a commented line is a key, an item, or below one, rather than a sentence."""
    text = line.strip().removeprefix("# ")
    return line.strip().startswith("# ") and text.split(":")[0].lstrip("- ").replace("_", "").isalnum() and ":" in text


def test_nothing_is_written_over_and_nothing_is_half_written(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"already has cases\.jsonl") as caught:
        write_starter(tmp_path)
    assert caught.value.exit_code == Exit.USAGE
    assert [path.name for path in tmp_path.iterdir()] == ["cases.jsonl"]
    assert (tmp_path / "cases.jsonl").read_text(encoding="utf-8") == "mine"


def test_with_force_the_starter_is_written_anew(tmp_path: Path) -> None:
    write_starter(tmp_path)
    (tmp_path / "suite.yaml").write_text("mine", encoding="utf-8")
    write_starter(tmp_path, force=True)
    assert load_suite(tmp_path).suite.name == "starter"


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be written"):
        write_starter(tmp_path / "file")
