from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.records.case import Case
from evalfactory.target.fields import seen
from evalfactory.target.paths import NoSuchPath, at, problem_in
from evalfactory.target.templates import MissingField, filled, filled_text, placeholders, texts_of, unknown_in

FIELDS = seen(
    Case(
        id="c1", input="What {{context}} now?", context=("one", "two"), metadata={"team": {"name": "blue"}, "n": 3},
        actual_output="recorded before", tags=("a",),
    )
)  # fmt: skip


def test_a_target_sees_nothing_of_what_it_is_there_to_produce() -> None:
    assert "actual_output" not in FIELDS
    assert "tools_called" not in FIELDS
    assert FIELDS["id"] == "c1"
    assert FIELDS["expected_output"] is None


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Q: {{input}}", "Q: What {{context}} now?"),
        ("{{ context }}!", "one\n\ntwo!"),
        ("{{metadata.team.name}} {{metadata.n}} {{metadata.team}}", 'blue 3 {"name": "blue"}'),
        ('{{"a": 1}} {{ }} {input} {{{id}}}', '{{"a": 1}} {{ }} {input} {c1}'),
        ("", ""),
    ],
)
def test_placeholders_in_a_text_are_replaced_once_and_nothing_else_is(template: str, text: str) -> None:
    assert filled_text(template, FIELDS) == text


def test_a_text_that_is_one_placeholder_keeps_the_fields_type() -> None:
    template = {
        "q": "{{input}}",
        "docs": "{{context}}",
        "all": ["{{tags}}", "n={{metadata.n}}", 7, None],
        "gone": "{{scenario}}",
    }
    assert filled(template, FIELDS) == {
        "q": "What {{context}} now?",
        "docs": ["one", "two"],
        "all": [["a"], "n=3", 7, None],
        "gone": None,
    }


@pytest.mark.parametrize("name", ["expected_output", "metadata.city", "metadata.team.name.first"])
def test_a_field_that_the_case_lacks_is_never_an_empty_place_in_a_text(name: str) -> None:
    with pytest.raises(MissingField, match=name):
        filled_text(f"x {{{{{name}}}}}", FIELDS)


def test_an_unknown_placeholder_is_told_with_its_line_and_the_nearest_field() -> None:
    found = list(unknown_in("Hello\n{{input}} {{inptu}}\n\n{{metadata.any.thing}} {{actual_output}} {{xyz}}"))
    assert [(unknown.name, unknown.line) for unknown in found] == [("inptu", 2), ("actual_output", 4), ("xyz", 4)]
    assert found[0].hint == "did you mean {{input}}?"
    assert "metadata.NAME" in found[2].hint
    assert placeholders("{{a}} {{ b.c }}") == ("a", "b.c")


def test_every_text_of_a_template_is_found_with_its_path() -> None:
    template = {"messages": [{"content": "a"}, "b"], "n": 1, "deep": {"er": "c"}}
    assert list(texts_of(template)) == [("messages[0].content", "a"), ("messages[1]", "b"), ("deep.er", "c")]


@given(st.text(max_size=60))
def test_no_text_breaks_the_filling(text: str) -> None:
    if not placeholders(text):
        assert filled_text(text, FIELDS) == text


ANSWER = {
    "output": "hi",
    "choices": [{"message": {"content": "a"}}, {"message": {"content": "b"}}],
    "chunks": [{"text": "x", "tags": ["p", "q"]}, {"text": "y", "tags": ["r"]}],
    "0": "zero",
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("output", "hi"),
        ("choices.0.message.content", "a"),
        ("choices.-1.message.content", "b"),
        ("chunks.*.text", ["x", "y"]),
        ("chunks.*.tags.*", ["p", "q", "r"]),
        ("chunks.*", ANSWER["chunks"]),
        ("0", "zero"),
    ],
)
def test_a_path_finds_what_it_names(path: str, found: Any) -> None:
    assert at(ANSWER, path) == found


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("answer", "the answer has no 'answer', only 'output', 'choices', 'chunks', '0'"),
        ("choices.2.message", "`choices` is a list of 2, which has no '2'"),
        ("choices.first", "`choices` is a list of 2, which has no 'first'"),
        ("output.text", "`output` is no object, and has no 'text'"),
        ("output.*", "`output` is no list"),
        ("chunks.*.title", "`chunks.*` has no 'title'"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_it_stopped(path: str, words: str) -> None:
    with pytest.raises(NoSuchPath) as caught:
        at(ANSWER, path)
    assert words in str(caught.value)


def test_a_path_with_a_hole_is_refused_as_it_is_written() -> None:
    assert problem_in("a.0.*.b") is None
    assert all(problem_in(path) for path in ("", ".", "a..b", "a."))
