from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, field_validator

from evalfactory.judge.answers import Misfit, shaped, without_thoughts


class Score(BaseModel):
    score: float
    reason: str


class Loose(BaseModel):
    note: str | None = None


GOOD = '{"score": 0.5, "reason": "fine"}'
WANTED = Score(score=0.5, reason="fine")


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"  {GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"Here you are:\n```\n{GOOD}\n```\nAnything else?",
        f"The answer is {GOOD} as you can see.",
        f'<think>{{"score": 0.1, "reason": "draft"}}</think>{GOOD}',
        f"<thinking>hm</thinking>\n\n{GOOD}",
        f"the prompt opened it, so {{braces}} … </think>{GOOD}",
        f"[THINK]a[/THINK]{GOOD}",
        f"◁think▷a◁/think▷{GOOD}",
        f"<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>{GOOD}",
        f'My first try was {{"score": 0.1, "reason": "draft"}}, but I settle on {GOOD}',
        f"In the set {{a, b}} I find {GOOD}",
        '{"score": 0.5, "reason": "fine",}',
        '{"score": "0.5", "reason": "fine"}',
    ],
)
def test_the_answer_is_found_in_what_surrounds_it(text: str) -> None:
    assert shaped(text, Score) == WANTED


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty"),
        ("I cannot say.", "it holds no complete JSON object"),
        ('{"score": 0.5, "reas', "it holds no complete JSON object"),
        ("<think>and then it broke off", "it holds no complete JSON object"),
        ('{"score": 0.5}', "reason: Field required"),
        ('{"score": "high", "reason": "x"}', "score: Input should be a valid number"),
        ('{"score": NaN, "reason": "x"}', "it holds no complete JSON object"),
        ("[0.5]", "it holds no complete JSON object"),
        ('{"a":' * 100_000, "it holds no complete JSON object"),
        ("{" * 1_000_000, "it holds no complete JSON object"),
        ('"\\' * 500_000 + "{}", "score: Field required"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_in_words(text: str, problem: str) -> None:
    found = shaped(text, Score)
    assert isinstance(found, Misfit)
    assert problem in found.problem


def test_the_inside_of_an_answer_that_was_cut_short_is_not_the_answer() -> None:
    assert isinstance(shaped('{"verdicts": [{"note": "yes"}, {"no', Loose), Misfit)
    assert isinstance(shaped('{"verdicts": [{"note": "yes"} {"note": "no"}]}', Loose), Misfit)


def test_an_answer_may_speak_of_thinking_blocks() -> None:
    text = json.dumps({"score": 0.5, "reason": "it forgot its </think> mark, and <think> too"})
    assert shaped(text, Score) == Score(score=0.5, reason="it forgot its </think> mark, and <think> too")


@pytest.mark.parametrize("escape", ["\\ud800", "\\u0000", "\\uDFFF"])
def test_what_cannot_be_stored_is_replaced_inside_the_json_too(escape: str) -> None:
    assert shaped(f'{{"score": 1, "reason": "a{escape}b"}}', Score) == Score(score=1, reason="a\ufffdb")


def test_a_real_pair_of_surrogates_stays_the_letter_it_is() -> None:
    assert shaped('{"score": 1, "reason": "\\ud83d\\ude00"}', Score) == Score(score=1, reason="😀")


def test_a_schema_with_a_mistake_of_its_own_makes_a_misfit_and_no_crash() -> None:
    class Faulty(BaseModel):
        verdict: str

        @field_validator("verdict")
        @classmethod
        def check(cls, value: str) -> str:
            return str(len(value) + value)  # type: ignore[operator]  # the mistake

    found = shaped('{"verdict": "yes"}', Faulty)
    assert isinstance(found, Misfit)
    assert "TypeError" in found.problem


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("plain", "plain"),
        ("<think>a</think> b <think>c</think> d", "b  d"),
        ("a <think>b", "a"),
        ("a</think>b", "b"),
        ("<think></think>", ""),
        ("x < y and <b>bold</b>", "x < y and <b>bold</b>"),
    ],
)
def test_thinking_blocks_are_taken_out_of_a_text(text: str, left: str) -> None:
    assert without_thoughts(text) == left


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "{", "}", '"', "\\", ",", "a", "[THINK]", "```\n"]), max_size=40)
)
def test_no_text_breaks_the_reading(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert len(without_thoughts(text)) <= len(text)
    assert isinstance(shaped(text, Score), Misfit)


@given(st.text(max_size=30), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=30))
def test_whatever_a_model_says_as_json_is_read_as_it_is(reason: str, score: float, around: str) -> None:
    answer = {"score": score, "reason": reason}
    found: Any = shaped(json.dumps(answer, ensure_ascii=False), Score)
    assert found.score == score
    assert found.reason == reason.replace("\x00", "\ufffd")
    assert isinstance(shaped(around.replace("{", ""), Score), Misfit)
