"""Answers of a word or two: told by their kind where words can tell, and called too short to tell where not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from deepeval_lab import case_of, measure
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.judge.offline.short import is_short
from evalfactory.judge.offline.verdicts import WHOLE, answer_statements, relevancy, statements

HALUEVAL = Path(__file__).parents[3] / "shared" / "data" / "halueval-qa.jsonl"

HOW_LONG, CAN_I, CAPITAL = (
    "How long do I have to return shoes?",
    "Can I return worn shoes?",
    "What is the capital of France?",
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (HOW_LONG, "14 days"), (HOW_LONG, "14"), (HOW_LONG, "Two weeks."), (HOW_LONG, "Until tomorrow."),
        ("When will I get my refund?", "On Monday."), ("How much is it?", "It's free."), ("How much is it?", "€ 4.90"),
        (CAN_I, "Yes."), (CAN_I, "No"), (CAN_I, "Of course."), (CAN_I, "Not yet."), (CAN_I, "No, you can't."),
        ("返品できますか？", "はい"), ("返品できますか？", "いいえ。"), ("返品は何日以内ですか？", "14日"), ("いつ届きますか", "明日です。"),
        ("送料はいくらですか？", "無料です。"), ("可以退货吗？", "可以。"), ("什么时候到？", "今天"), ("هل يمكنني الإرجاع؟", "نعم"),
        ("אפשר להחזיר? האם יש החזר?", "כן"), ("환불이 가능한가요?", "네"), ("คืนสินค้าได้ไหม", "ได้"), ("¿Cuándo llega?", "3 días"),
    ],
)  # fmt: skip
def test_a_short_answer_of_the_kind_that_is_asked_for_is_relevant(question: str, answer: str) -> None:
    assert measure("answer_relevancy", case_of(input=question, actual_output=answer)).score == 1


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (HOW_LONG, "Bananas."), (CAN_I, "Bananas."), (CAN_I, "Blue suede"), (CAPITAL, "Yes."), (CAPITAL, "Sorry."),
        ("返品できますか？", "バナナ"), ("いつ届きますか？", "バナナ"), ("首都はどこですか？", "はい"), ("可以退货吗？", "香蕉"),
        ("什么时候到？", "香蕉"), ("هل يمكنني الإرجاع؟", "موز"), ("متى يصل الطلب؟", "موز"), ("환불이 가능한가요?", "바나나"),
    ],
)  # fmt: skip
def test_a_short_answer_of_another_kind_is_irrelevant(question: str, answer: str) -> None:
    measured = measure("answer_relevancy", case_of(input=question, actual_output=answer))
    assert measured.score == 0
    assert measured.reason.count("occurs in the question") + measured.reason.count("not the kind of answer") == 1


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (CAPITAL, "Paris."), (CAPITAL, "Bananas."), (CAPITAL, "I like bananas."), ("Who wrote it?", "Mellon Collie and the Infinite Sadness"),
        ("How do I pay?", "Cash."), (HOW_LONG, "3 bananas"), ("My parcel has not arrived", "Bananas."),
        ("大統領は誰ですか？", "ドナルド・トランプ"), ("首都はどこですか", "パリ"), ("首都在哪里？", "巴黎"), ("ما عاصمة فرنسا؟", "باريس"),
        ("Which is it, and is it free?", "Yes."), (CAN_I, "Impossible to say"), (CAN_I, "Only unworn"),
    ],
)  # fmt: skip
def test_where_words_cannot_tell_the_score_is_a_half_and_the_reason_says_so(question: str, answer: str) -> None:
    measured = measure("answer_relevancy", case_of(input=question, actual_output=answer))
    assert measured.score == 0.5
    assert "too short to tell by words alone whether it answers" in measured.reason


def test_a_yes_in_front_of_something_else_does_not_make_that_relevant() -> None:
    off = case_of(input=CAN_I, actual_output="Yes. Our café in Osaka serves cake.")
    assert measure("answer_relevancy", off).score == 0.5


def test_a_longer_answer_that_shares_nothing_with_the_question_is_irrelevant() -> None:
    off = case_of(input=CAPITAL, actual_output="Our summer sale begins soon, with new sandals.")
    assert measure("answer_relevancy", off).score == 0


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_short_answer_is_never_relevant_for_being_short(question: str, answer: str) -> None:
    stated = answer_statements(answer)
    one = statements(answer)
    assert stated == ((*one, WHOLE) if len(one) == 1 and is_short(one[0]) else one)
    verdicts = relevancy(question, stated)["verdicts"]
    assert isinstance(verdicts, list)
    assert len(verdicts) == len(stated)
    if stated[-1] == WHOLE:
        borderline = [verdict["verdict"] for verdict in verdicts] == ["borderline", "no"]
        assert borderline == ("too short" in str(verdicts[1]["reason"]))


@pytest.mark.skipif(not HALUEVAL.exists(), reason="the HaluEval sample is not beside the repository")
def test_short_right_answers_are_seldom_called_irrelevant_and_those_of_other_questions_seldom_relevant() -> None:
    with HALUEVAL.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    answers = [row["right_answer"] for row in rows]
    right = [relevance(row["question"], answer) for row, answer in zip(rows, answers, strict=True)]
    other = [relevance(row["question"], answer) for row, answer in zip(rows, answers[7:] + answers[:7], strict=True)]
    bananas = [relevance(row["question"], "Bananas.") for row in rows]
    assert right.count(0) <= len(rows) / 50
    assert right.count(1) > 8 * other.count(1)
    assert max(bananas) == 0.5


def relevance(question: str, answer: str) -> float:
    """The share of statements that count as relevant, as DeepEval takes it."""
    verdicts = relevancy(question, answer_statements(answer))["verdicts"]
    assert isinstance(verdicts, list)
    relevant = [verdict for verdict in verdicts if verdict["verdict"] != "no"]
    return len(relevant) / len(verdicts)
