from __future__ import annotations

from typing import Any

import pytest

from evalfactory.records.case import ToolCall
from evalfactory.target.produced import Unfit, produced, produced_by_function


def test_an_answers_parts_come_in_their_types() -> None:
    answer = produced("hi\x00", ["a", {"b": 1}], [{"name": "search", "arguments": '{"q": "x"}'}])
    assert answer.actual_output == "hi\ufffd"
    assert answer.retrieval_context == ("a", '{"b": 1}')
    assert answer.tools_called == (ToolCall(name="search", input_parameters={"q": "x"}),)


@pytest.mark.parametrize(("output", "text"), [(12, "12"), (True, "true"), ({"a": "ü"}, '{"a": "ü"}'), (["x"], '["x"]')])
def test_an_output_that_is_no_text_becomes_json(output: Any, text: str) -> None:
    assert produced(output).actual_output == text


@pytest.mark.parametrize("output", ["", "  \n", None])
def test_an_empty_output_is_no_output(output: Any) -> None:
    with pytest.raises(Unfit, match="empty"):
        produced(output)


def test_a_single_text_is_a_retrieval_context_of_one() -> None:
    assert produced("x", "the page").retrieval_context == ("the page",)
    assert produced("x", []).retrieval_context == ()
    assert produced("x").retrieval_context is None


@pytest.mark.parametrize(
    ("item", "tool"),
    [
        ("search", ToolCall(name="search")),
        ({"name": "s", "inputParameters": {"q": 1}, "output": [1]}, ToolCall(name="s", input_parameters={"q": 1}, output=[1])),
        ({"type": "function", "id": "1", "function": {"name": "s", "arguments": "{}"}}, ToolCall(name="s", input_parameters={})),
        ({"name": "s", "args": "not json"}, ToolCall(name="s", input_parameters={"text": "not json"})),
        (ToolCall(name="s"), ToolCall(name="s")),
    ],
)  # fmt: skip
def test_tool_calls_are_read_in_the_shapes_in_use(item: Any, tool: ToolCall) -> None:
    assert produced("x", None, [item]).tools_called == (tool,)


@pytest.mark.parametrize(
    ("context", "tools", "words"),
    [
        (5, None, "the retrieval context is an int"),
        (None, {"name": "s"}, "the tools called are a dict"),
        (None, [5], "a tool call is an int"),
        (None, [{"title": "s"}], "a tool call cannot be read"),
        (None, [{"name": "s", "arguments": [1]}], "a tool call cannot be read"),
    ],
)
def test_parts_of_another_kind_are_refused_in_words(context: Any, tools: Any, words: str) -> None:
    with pytest.raises(Unfit, match=words):
        produced("x", context, tools)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (5, "returned an int"),
        (None, "returned nothing"),
        ({"output": "x"}, "did it mean 'actual_output'"),
        ({"actual_output": 5}, "is an int, not a text"),
        ({"retrieval_context": ["x"]}, "is nothing, not a text"),
        ({"actual_output": " "}, "empty"),
        ({"actual_output": "x", "retrieval_context": [object()]}, "which is no JSON"),
    ],
)
def test_what_a_function_must_not_return_is_said_in_words(said: Any, words: str) -> None:
    with pytest.raises(Unfit, match=words):
        produced_by_function(said)
