"""The reference page says what the code does."""

from __future__ import annotations

from pathlib import Path

import yaml

from evalfactory.datasets.clean import DEPTH_LIMIT
from evalfactory.datasets.json_list import FILE_LIMIT_BYTES
from evalfactory.datasets.lines import LINE_LIMIT_BYTES
from evalfactory.datasets.mapping import ID_LIMIT
from evalfactory.datasets.names import CASE_EXTRAS, TURN_EXTRAS
from evalfactory.records.case import Case, ToolCall, Turn
from evalfactory.records.suite import DatasetSpec

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "datasets.md").read_text(encoding="utf-8")


def test_the_page_names_every_field() -> None:
    fields = {*Case.model_fields, *Turn.model_fields, *ToolCall.model_fields, *CASE_EXTRAS}
    fields |= {name for name in TURN_EXTRAS if not name.startswith("mcp_")}
    assert [name for name in sorted(fields) if f"`{name}`" not in PAGE] == []


def test_the_page_states_the_limits() -> None:
    assert f"| {LINE_LIMIT_BYTES // 2**20} MiB |" in PAGE
    assert f"| {FILE_LIMIT_BYTES // 2**20} MiB |" in PAGE
    assert f"| {DEPTH_LIMIT} levels |" in PAGE
    assert f"| {ID_LIMIT} characters |" in PAGE


def test_the_suites_on_the_page_are_datasets() -> None:
    blocks = [yaml.safe_load(part.partition("```")[0]) for part in PAGE.split("```yaml\n")[1:]]
    specs = [DatasetSpec.model_validate(block["dataset"]) for block in blocks if isinstance(block["dataset"], dict)]
    assert len(specs) == 2
