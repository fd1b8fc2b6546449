from __future__ import annotations

import re
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from evalfactory.render.safe import closed, isolated, markdown, markdown_code, one_line, visible, xml
from hostile_given import TRICKS, texts

BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
everything = "".join(TRICKS)


def is_quiet(text: str) -> bool:
    """No controls, no lone surrogates, no line breaks."""
    return all(unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"} for character in text)


@given(texts)
@example(everything)
def test_visible_text_moves_no_cursor_and_turns_no_direction(text: str) -> None:
    seen = visible(text)
    assert is_quiet(seen.replace("\n", ""))
    assert not BIDI_CONTROLS.intersection(seen)
    seen.encode()


@given(texts)
def test_making_text_visible_twice_changes_nothing(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(texts)
@example(everything)
def test_one_line_is_one_line(text: str) -> None:
    assert is_quiet(one_line(text))
    assert one_line(text) == one_line(text).strip(" ")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("moc\u202elive", "moc\\u202elive"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("日本語、한국어 مرحبا 👩\u200d👧", "日本語、한국어 مرحبا 👩\u200d👧"),
    ],
)
def test_what_is_not_shown_is_told_and_what_people_write_stays(text: str, seen: str) -> None:
    assert visible(text) == seen


@given(texts)
def test_right_to_left_text_is_isolated_and_other_text_is_not(text: str) -> None:
    seen = one_line(text)
    has_rtl = any(unicodedata.bidirectional(character) in {"R", "AL", "AN"} for character in seen)
    assert isolated(seen) == (f"\u2068{seen}\u2069" if has_rtl else seen)


@given(st.lists(st.text("a \u2068\u2069ش", max_size=6), max_size=5))
def test_isolates_end_with_their_line_and_go_on_in_the_next(lines: list[str]) -> None:
    balanced = [line for line in lines if _depths(line)[1] >= 0]
    told = closed(balanced)
    assert all(_depths(line)[0] <= 0 for line in told)
    assert [line.replace("\u2068", "").replace("\u2069", "") for line in told] == [
        line.replace("\u2068", "").replace("\u2069", "") for line in balanced
    ]


def _depths(line: str) -> tuple[int, int]:
    """How many isolates are open at the end, and at the lowest point."""
    depth = lowest = 0
    for character in line:
        depth += (character == "\u2068") - (character == "\u2069")
        lowest = min(lowest, depth)
    return depth, lowest


def tokens(source: str) -> list[Token]:
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source)
    return [inner for token in parsed for inner in (token, *(token.children or ()))]


@given(texts)
@example(everything)
def test_markdown_text_reads_as_itself_wherever_a_line_can_stand(text: str) -> None:
    wanted = one_line(text)
    for before in ("", "- ", "> ", "words before\n"):
        seen = [
            token for token in tokens(f"{before}{markdown(text)}\n") if token.type not in {"inline", "paragraph_open"}
        ]
        kinds = {token.type for token in seen}
        assert kinds <= {"text", "text_special", "softbreak", "paragraph_close"} | _around(before), (before, kinds)
        said = "".join(token.content for token in seen).removeprefix("words before")
        assert _bare(said).strip() == _bare(wanted).strip()


def _around(before: str) -> set[str]:
    lists = {"bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"}
    return {"- ": lists, "> ": {"blockquote_open", "blockquote_close"}}.get(before, set())


def _bare(text: str) -> str:
    return "".join(character for character in text if character not in "\u200b\u2068\u2069")


@given(texts, texts)
@example(everything, everything)
def test_markdown_cells_stay_two(one: str, other: str) -> None:
    rows = f"| a | b |\n| --- | --- |\n| {markdown(one)} | {markdown(other)} |\n"
    kinds = [token.type for token in tokens(rows)]
    assert kinds.count("td_open") == 2
    assert kinds.count("tr_open") == 2
    assert kinds[-1] == "table_close"


@given(texts)
@example(everything)
def test_markdown_text_has_nothing_that_github_links_mentions_or_pictures(text: str) -> None:
    seen = markdown(text)
    for magic in ("@u", "@o", "://", "www.", ":smile:", "GH-3"):
        assert magic not in seen
    assert re.search(r"(?<!&)#\d", seen) is None  # `&#124;` is a border that is none
    assert "<" not in seen


@given(texts)
@example(everything)
@example("``")
@example(" ` ")
def test_a_code_span_is_one_code_span(text: str) -> None:
    seen = [token for token in tokens(f"before {markdown_code(text)} after\n") if token.type != "inline"]
    spans = [token.content for token in seen if token.type == "code_inline"]
    assert [_bare(span).strip() for span in spans] == [_bare(one_line(text)).strip()]
    assert [token.content for token in seen if token.type == "text"] == ["before ", " after"]


@given(texts)
@example(everything)
def test_xml_parses_back_to_the_visible_text(text: str) -> None:
    root = ElementTree.fromstring(f'<a b="{xml(text)}">{xml(text)}</a>')
    wanted = visible(text.replace("\r\n", "\n").replace("\t", "    "))
    assert (root.text or "") == root.attrib["b"] == wanted
