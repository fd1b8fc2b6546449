"""What is written as JSON Lines reads back equal; other people's files read through a map."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalfactory.datasets import case_from, read_cases
from evalfactory.datasets.names import camel
from evalfactory.errors import InputError
from evalfactory.records.case import Case, ToolCall, Turn
from evalfactory.records.suite import DatasetSpec

HALUEVAL = Path(__file__).parents[2].parent / "shared" / "data" / "halueval-qa.jsonl"

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
asked = texts.filter(lambda text: bool(text.strip()))
numbers = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
keys = texts.filter(lambda key: key != "__proto__")
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(keys, json_values, max_size=3)
several = st.lists(texts, max_size=3).map(tuple)
tools = st.builds(
    ToolCall,
    name=texts,
    description=st.none() | texts,
    type=st.sampled_from([None, "FUNCTION", "MCP"]),
    output=json_values,
    input_parameters=st.none() | objects,
)
tool_lists = st.lists(tools, max_size=2).map(tuple)
turns = st.builds(
    Turn,
    role=st.sampled_from(["user", "assistant"]),
    content=texts,
    user_id=st.none() | texts,
    retrieval_context=st.none() | several,
    tools_called=st.none() | tool_lists,
    metadata=st.none() | objects,
)
ids = st.from_regex(r"[^\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,20}", fullmatch=True)
around: dict[str, Any] = {
    "id": ids,
    "name": st.none() | texts,
    "comments": st.none() | texts,
    "context": st.none() | several,
    "tags": several,
    "metadata": objects,
    "must_run": st.booleans(),
    "scenario": st.none() | texts,
    "expected_outcome": st.none() | texts,
    "user_description": st.none() | texts,
    "chatbot_role": st.none() | texts,
}
questions = st.builds(
    Case,
    **around,
    input=asked,
    actual_output=st.none() | texts,
    expected_output=st.none() | texts,
    retrieval_context=st.none() | several,
    tools_called=st.none() | tool_lists,
    expected_tools=st.none() | tool_lists,
)
conversations = st.builds(Case, **around, turns=st.lists(turns, min_size=1, max_size=3).map(tuple))


def in_camel_case(case: Case) -> dict[str, Any]:
    """The case's row with every name of ours in camel case, and no name of the user's touched."""
    row = json.loads(case.to_json())
    for name in ("tools_called", "expected_tools"):
        if name in row:
            row[name] = [{camel(key): value for key, value in tool.items()} for tool in row[name]]
    for turn in row.get("turns", []):
        if turn.get("tools_called"):
            turn["tools_called"] = [{camel(key): value for key, value in tool.items()} for tool in turn["tools_called"]]
    if "turns" in row:
        row["turns"] = [{camel(key): value for key, value in turn.items()} for turn in row["turns"]]
    return {camel(key): value for key, value in row.items()}


@given(questions | conversations)
@settings(deadline=None)
def test_a_case_reads_back_equal_in_both_spellings(case: Case) -> None:
    assert case_from(json.loads(case.to_json())) == case
    assert case_from(in_camel_case(case)) == case


@given(st.lists(questions | conversations, min_size=1, max_size=5, unique_by=lambda case: case.id), st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_file_of_cases_reads_back_equal(cases: list[Case], ascii_only: bool) -> None:
    lines = [json.dumps(json.loads(case.to_json()), ensure_ascii=ascii_only) for case in cases]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
        assert [each.case for each in read_cases(DatasetSpec(path="cases.jsonl"), Path(folder))] == cases


@given(st.dictionaries(st.sampled_from(["input", "turns", "id", "context", "tags", "x", "tools_called"]), json_values))
@settings(deadline=None)
def test_any_json_object_is_a_case_or_has_problems(row: dict[str, Any]) -> None:
    case = case_from(row)
    assert isinstance(case, Case) or len(case) > 0


@given(st.binary(max_size=300), st.sampled_from(["jsonl", "json", "csv", "parquet"]))
@settings(deadline=None)
def test_any_bytes_are_cases_or_one_error_of_ours(content: bytes, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"cases.{kind}").write_bytes(content)
        try:
            told = [each.case.id for each in read_cases(DatasetSpec(path=f"cases.{kind}"), Path(folder))]
        except InputError as error:
            told = str(error).splitlines()
    assert told


def test_halueval_reads_through_a_map() -> None:
    if not HALUEVAL.exists():
        pytest.skip("the HaluEval file is not beside the repository")
    fields = {"input": "question", "actual_output": "right_answer", "retrieval_context": "knowledge"}
    cases = [each.case for each in read_cases(DatasetSpec(path=str(HALUEVAL), fields=fields), Path())]
    assert len(cases) == 500
    assert cases[0].actual_output == "Arthur's Magazine"
    assert all(len(case.retrieval_context or ()) == 1 for case in cases)
    assert all(set(case.metadata) == {"hallucinated_answer"} for case in cases)
