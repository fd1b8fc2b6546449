"""What the offline judge takes for a word, a number, a sentence and a denial, script by script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.judge.offline.compare import denies, passages, weigh
from evalfactory.judge.offline.sentences import sentences
from evalfactory.judge.offline.text import normal, passage, plain_number


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("returns", "return"),
        ("Cancelling", "cancelled"),
        ("deliveries", "delivery"),
        ("返品", "ご返品"),
        ("ｶｰﾄﾞ", "カード"),
        ("المستودع", "مستودعنا"),
        ("הזמנה", "ההזמנה"),
        ("반품은", "반품을"),
        ("１２３４円", "1,234円"),
        ("٣٠", "30"),
    ],
)
def test_forms_of_one_word_share_a_unit(one: str, other: str) -> None:
    assert passage(one).units.keys() & passage(other).units.keys()


@pytest.mark.parametrize(
    ("one", "other"), [("refund", "shipping"), ("返品", "送料"), ("30日", "14日間"), ("إرجاع", "شحن")]
)
def test_different_words_share_none(one: str, other: str) -> None:
    assert not ({*passage(one).units} - {"日"}) & {*passage(other).units}


def test_words_that_say_nothing_are_no_units() -> None:
    assert set(passage("You can have it within the day.").units) == {"day"}
    assert passage("Yes.").faint
    assert passage("はい。").faint


@pytest.mark.parametrize(
    ("number", "plain"),
    [("1,250.00", "1250"), ("30.0", "30"), ("4,90", "4.9"), ("007", "7"), ("1.2.3", "1.2.3"), ("0", "0")],
)
def test_a_number_has_one_spelling(number: str, plain: str) -> None:
    assert plain_number(number) == plain


def test_a_quantity_knows_what_it_counts() -> None:
    found = passage("送料は1,200円、5–7 days, $4.90 or 20% off").quantities
    labelled = [(one.number, one.label) for one in found]
    assert labelled == [("1200", "円"), ("5", "day"), ("7", "day"), ("4.9", "$"), ("20", "%")]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Call Mr. Sato at 1.5 km. He is there!", ("Call Mr. Sato at 1.5 km.", "He is there!")),
        ("「返品できます。」と言いました。次へ", ("「返品できます。」", "と言いました。", "次へ")),
        ("في أي وقت؟ الآن.", ("في أي وقت؟", "الآن.")),
        ("- one\n2. two\n・三", ("one", "two", "三")),
        ("in the 19th century.First for Women", ("in the 19th century.", "First for Women")),
        ("本当ですか?はい", ("本当ですか?", "はい")),
        (" \n ", ()),
    ],
)
def test_sentences_end_where_readers_end_them(text: str, cut: tuple[str, ...]) -> None:
    assert sentences(text) == cut


@given(st.text())
def test_cutting_into_sentences_loses_no_word(text: str) -> None:
    words = "".join(character for character in text if character.isalpha())
    kept = "".join(character for sentence in sentences(text) for character in sentence if character.isalpha())
    assert kept == words


@given(st.text())
def test_the_normal_form_is_stable(text: str) -> None:
    assert passage(normal(text)).units.keys() == passage(text).units.keys()


@pytest.mark.parametrize(
    "text",
    [
        "It cannot be returned.",
        "返品できません。",
        "返品はいたしかねます。",
        "不能退货",
        "لا يمكن إرجاعه",
        "אין החזר",
        "환불되지 않습니다",
    ],
)
def test_denials_are_seen(text: str) -> None:
    assert denies(text)


@pytest.mark.parametrize(
    "text",
    [
        "Please don't hesitate to write.",
        "申し訳ございません。",
        "ご記入いただかなければなりません。",
        "Write to no-reply@shop.example.",
    ],
)
def test_what_only_looks_like_a_denial_is_none(text: str) -> None:
    assert not denies(text)


def test_a_claim_may_be_put_together_from_several_sentences() -> None:
    sources = passages("Tents are covered for 2 years. Send a photo to support. Poles are made of steel.")
    assert weigh("Tents are covered for 2 years: send support a photo.", sources).standing == "supported"


def test_long_runs_of_marks_are_read_in_linear_time() -> None:
    for run in ("!", ".", "…", "(", "1,", "n't", "。", "’", " -"):
        text = run * 50_000 + "a"
        assert weigh(text, passages(text)).standing in ("supported", "unsupported")
