"""One raw row to one case: the pure rules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evalfactory.datasets import Reading, case_from
from evalfactory.datasets.field_map import Mapped, field_map
from evalfactory.datasets.names import CASE_EXTRAS
from evalfactory.records.case import Case, ToolCall, Turn, derived_id


def made(row: dict[str, Any], reading: Reading | None = None) -> Case:
    case = case_from(row, reading or Reading())
    assert isinstance(case, Case), [str(problem) for problem in case]
    return case


def said(row: dict[str, Any], reading: Reading | None = None) -> list[str]:
    case = case_from(row, reading or Reading())
    assert not isinstance(case, Case), case
    return [str(problem) for problem in case]


def mapping(**fields: str) -> Reading:
    entries = [entry for entry in field_map(fields) if isinstance(entry, Mapped)]
    assert len(entries) == len(fields)
    return Reading(tuple(entries))


def test_a_row_becomes_a_case_under_its_own_id() -> None:
    row = {"id": "a-1", "input": "hi", "actual_output": "yo", "tags": ["x"], "must_run": True}
    assert made(row) == Case(id="a-1", input="hi", actual_output="yo", tags=("x",), must_run=True)


def test_a_row_without_id_gets_the_one_derived_from_its_input_side() -> None:
    case = made({"input": "hi", "actual_output": "yo"})
    assert case.id == derived_id(case)
    assert case.id == made({"input": "hi", "actual_output": "another answer", "retrieval_context": ["x"]}).id


def test_a_number_as_id_becomes_a_text() -> None:
    assert made({"id": 17, "input": "a"}).id == "17"


def test_camel_case_means_the_same_as_snake_case() -> None:
    camel = {
        "input": "a",
        "actualOutput": "b",
        "expectedOutput": "c",
        "retrievalContext": ["d"],
        "toolsCalled": [{"name": "t", "inputParameters": {"q": 1}}],
        "expectedTools": [{"name": "u"}],
        "additionalMetadata": {"k": 1},
        "mustRun": True,
    }
    snake = {
        "input": "a",
        "actual_output": "b",
        "expected_output": "c",
        "retrieval_context": ["d"],
        "tools_called": [{"name": "t", "input_parameters": {"q": 1}}],
        "expected_tools": [{"name": "u"}],
        "metadata": {"k": 1},
        "must_run": True,
    }
    assert made(camel) == made(snake)


def test_a_conversation_keeps_its_turns_and_what_is_around_them() -> None:
    row = {
        "turns": [
            {"role": "user", "content": "hi", "userId": "u1"},
            {
                "role": "assistant",
                "content": "yo",
                "retrievalContext": ["c"],
                "toolsCalled": ["search"],
                "latencyMs": 12,
            },
        ],
        "scenario": "greeting",
        "chatbotRole": "host",
    }
    assert made(row).turns == (
        Turn(role="user", content="hi", user_id="u1"),
        Turn(
            role="assistant",
            content="yo",
            retrieval_context=("c",),
            tools_called=(ToolCall(name="search"),),
            metadata={"latency_ms": 12},
        ),
    )
    assert made(row).chatbot_role == "host"


def test_turns_may_be_written_as_json_in_a_text() -> None:
    turns = [{"role": "user", "content": "hi"}]
    assert made({"turns": json.dumps(turns)}) == made({"turns": turns})


def test_a_table_of_both_kinds_leaves_the_other_kind_empty() -> None:
    turns = [{"role": "user", "content": "hi"}]
    assert made({"input": "", "turns": turns}).kind == "conversation"
    assert made({"input": "a", "turns": []}).kind == "single"


def test_a_text_where_a_list_is_due_becomes_a_list_of_one() -> None:
    case = made({"input": "a", "context": "x | y", "retrieval_context": "z", "tags": "t", "tools_called": "search"})
    assert case.context == ("x | y",)
    assert case.retrieval_context == ("z",)
    assert case.tags == ("t",)
    assert case.tools_called == (ToolCall(name="search"),)


def test_a_piece_of_context_with_a_source_becomes_the_text_that_a_judge_is_shown() -> None:
    row = {
        "input": "a",
        "retrieval_context": ["deepeval_source=faq,deepeval_context=x,\ny", {"source": "s", "context": "c"}],
    }
    assert made(row).retrieval_context == ("faq: x,\ny", "s: c")


def test_a_row_saved_by_deepeval_as_json_lines_has_its_lists_split_again() -> None:
    saved = {"source_file": None, "additional_metadata": None, "tools_called": None, "expected_tools": None}
    assert made({"input": "a", "context": "x|y", **saved}).context == ("x", "y")
    assert made({"input": "a", "context": "[see note]", **saved}).context == ("[see note]",)


def test_a_cell_holds_a_list_as_json_or_split_at_deepevals_marks() -> None:
    cells = Reading(cells=True)
    assert made({"input": "a", "context": "x|y z"}, cells).context == ("x", "y z")
    assert made({"input": "a", "context": '["x|y", "z"]'}, cells).context == ("x|y", "z")
    assert made({"input": "a", "context": "[1] says so"}, cells).context == ("[1] says so",)
    mapped = mapping(context="docs")._replace(cells=True)
    assert made({"input": "a", "docs": "x|y"}, mapped).context == ("x|y",)
    assert made({"input": "a", "docs": '["x", "y"]'}, mapped).context == ("x", "y")
    assert made({"input": "a", "tools_called": "search; book"}, cells).tools_called == (
        ToolCall(name="search"),
        ToolCall(name="book"),
    )
    assert made({"input": "a", "metadata": '{"k": [1]}'}, cells).metadata == {"k": [1]}
    assert made({"input": "a", "must_run": "true"}, cells).must_run
    assert made({"input": "a", "token_cost": "0.5"}, cells).metadata == {"token_cost": 0.5}


def test_a_column_that_is_no_field_is_kept_in_metadata() -> None:
    assert made({"input": "a", "topic": "refunds", "metadata": {"k": 1}}).metadata == {"k": 1, "topic": "refunds"}


@pytest.mark.parametrize("name", CASE_EXTRAS)
def test_what_deepeval_keeps_beside_a_case_goes_to_metadata_when_it_holds_a_value(name: str) -> None:
    assert made({"input": "a", name: {"x": 1}}).metadata == {name: {"x": 1}}
    assert made({"input": "a", name: None}).metadata == {}
    assert made({"input": "a", name: False}).metadata == {}


def test_a_persona_is_the_user_description_of_a_conversation_that_has_none() -> None:
    row = {"turns": [{"role": "user", "content": "hi"}], "persona": {"characteristics": "grumpy"}}
    assert made(row).user_description == "grumpy"
    assert made({**row, "user_description": "cheerful"}).user_description == "cheerful"


def test_a_name_like_a_fields_is_kept_when_the_row_has_that_field_too() -> None:
    assert made({"input": "a", "inputs": "b"}).metadata == {"inputs": "b"}


def test_a_map_takes_their_columns_and_leaves_the_others_to_metadata() -> None:
    row = {"question": "a", "knowledge": "b | c", "wrong": "d"}
    case = made(row, mapping(input="question", retrieval_context="knowledge"))
    assert case == Case(id=case.id, input="a", retrieval_context=("b | c",), metadata={"wrong": "d"})


def test_a_map_reaches_into_objects_and_lists_and_leaves_the_rest_of_them() -> None:
    row = {"data": {"q": "a", "level": 3}, "answers": [{"text": "b"}], "only": {"x": "c"}}
    case = made(row, mapping(input="data.q", actual_output="answers.0.text", expected_output="only.x"))
    assert (case.input, case.actual_output, case.expected_output) == ("a", "b", "c")
    assert case.metadata == {"data": {"level": 3}, "answers": [{"text": "b"}]}


def test_a_column_whose_name_has_a_dot_comes_before_a_path() -> None:
    assert made({"a.b": "x", "a": {"b": "y"}}, mapping(input="a.b")).input == "x"


def test_a_map_may_put_a_column_under_a_name_of_metadata() -> None:
    case = made({"input": "a", "tag": "x"}, mapping(**{"metadata.topic": "tag"}))
    assert case.metadata == {"topic": "x"}


def test_a_column_named_like_a_mapped_field_is_not_that_field() -> None:
    case = made({"input": "theirs", "prompt": "ours"}, mapping(input="prompt"))
    assert case.input == "ours"
    assert case.metadata == {"input": "theirs"}


def test_fields_that_are_not_mapped_are_read_by_their_own_names() -> None:
    assert made({"q": "a", "actual_output": "b"}, mapping(input="q")).actual_output == "b"


def test_null_in_a_mapped_column_is_an_absent_field() -> None:
    assert made({"q": "a", "answer": None}, mapping(input="q", actual_output="answer")).actual_output is None


def test_the_row_itself_is_left_as_it_was() -> None:
    row = {"data": {"q": "a"}, "context": "x", "turns": None, "metadata": {"k": 1}, "extra": 2}
    before = json.dumps(row)
    made(row, mapping(input="data.q"))
    assert json.dumps(row) == before


def test_every_problem_of_a_row_is_told() -> None:
    told = said({"id": "", "input": 3, "actual_ouput": "x", "context": [1], "turns": [{"role": "bot", "content": "x"}]})
    assert len(told) == 5


def test_a_map_with_mistakes_tells_them_all() -> None:
    told = [
        str(problem)
        for problem in field_map({"inputt": "q", "context": " ", "actual_output": "a", "actualOutput": "b"})
    ]
    assert told == [
        "dataset.fields.inputt: not a field of a case (did you mean input?)",
        "dataset.fields.context: names no column (write the column's name)",
        "dataset.fields.actualOutput: `actual_output` is mapped twice (keep one of them)",
    ]
