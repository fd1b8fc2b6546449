from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from evalfactory.render.layout import ELLIPSIS, clusters, cut, wrap
from evalfactory.render.safe import one_line
from hostile_given import texts

safe_texts = texts.map(one_line)
JAPANESE = (
    "返品は14日以内にお願いします。「開封済みの商品」は返品できませんので、ご了承ください。（第3条）ちょっとお待ちを。"
)


@given(safe_texts, st.integers(1, 30))
def test_what_is_cut_fits(text: str, cells: int) -> None:
    assert sum(cell_len(cluster) for cluster in clusters(cut(text, cells))) <= cells


@given(safe_texts, st.integers(2, 30), st.integers(1, 5))
def test_what_is_wrapped_fits_both_ways(text: str, cells: int, lines: int) -> None:
    wrapped = wrap(text, cells, lines=lines)
    assert len(wrapped) <= lines
    assert all(cell_len(line) <= cells for line in wrapped)


@given(st.text("ab 、。（日本شは", max_size=60), st.integers(2, 12))
def test_wrapping_loses_nothing_but_blanks(text: str, cells: int) -> None:
    wrapped = wrap(one_line(text), cells, lines=999)
    assert "".join(wrapped).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("cells", range(10, 40))
def test_no_japanese_line_begins_with_closing_punctuation_or_ends_with_an_opening_bracket(cells: int) -> None:
    for line in wrap(JAPANESE, cells, lines=99):
        assert line[0] not in "、。」）っょー"
        assert line[-1] not in "「（"


@pytest.mark.parametrize("cells", range(10, 40))
def test_japanese_lines_are_filled_to_the_edge(cells: int) -> None:
    *full, _ = wrap(JAPANESE, cells, lines=99)
    assert all(cell_len(line) >= cells - 7 for line in full)  # a glued group of three characters, and half a cell


@pytest.mark.parametrize(
    ("text", "cells", "wanted"),
    [
        ("hello", 5, "hello"),
        ("hello!", 5, "hell…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("👩\u200d👩\u200d👧x", 2, "…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("abc def", 5, "abc…"),
        ("", 5, ""),
        ("x", 0, ""),
    ],
)
def test_text_is_cut_by_what_is_seen(text: str, cells: int, wanted: str) -> None:
    assert cut(text, cells) == wanted


def test_words_stay_whole_where_they_fit() -> None:
    assert wrap("the quick brown fox", 10, lines=9) == ["the quick", "brown fox"]
    assert wrap("a verylongwordindeed b", 8, lines=9) == ["a", "verylong", "wordinde", "ed b"]


def test_more_than_the_lines_hold_ends_in_an_ellipsis() -> None:
    assert wrap("the quick brown fox", 10, lines=1) == ["the quick…"]
    assert wrap("日本語の長い文章です", 6, lines=2) == ["日本語", "の長…"]


def test_a_megabyte_and_endless_combining_marks_are_cut_like_any_text() -> None:
    assert cut("x" * 1_000_000, 5) == "xxxx…"
    assert wrap("日" * 1_000_000, 4, lines=2) == ["日日", "日…"]
    assert len(cut("e" + "\u0301" * 1_000_000, 5)) < 20
    assert wrap("x" * 1_000_000, 4, lines=1)[0].endswith(ELLIPSIS)
