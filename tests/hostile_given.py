"""Texts that try to get out of where they are shown, and reports full of them."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from evalfactory.records.report import Comparison, Report

TRICKS = (
    "\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\x00", "\r", "\n", "\r\n", "\t", "\x7f", "\u2028", "\u2029", "\x85", "\v", "\f",
    "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u200f", "\ufeff", "\ufffe", "\uffff", "\ud800", "\udfff", "\u00ad",
    "\U000e0041", "\u0301" * 40, "👩\u200d👩\u200d👧", "🇯🇵🇩🇪", "👍🏽", "日本語、。", "（「」）", "한국어", "ｶﾞ", "ไทย", "مرحبا", "שלום", "𝄞",
    "|", "||", "\\|", "\\", "`", "```", "``|``", "*", "**b**", "_i_", "~~s~~", "#", "# h", "- ", "+ ", "1. ", "1) ", "> ",
    "---", "===", "| --- |", "[l](http://e.x)", "![i](http://e.x/i.png)", "<b>", "</details>", "<!--", "<script>", "&lt;",
    "&", "<http://e.x>", "http://e.x", "https://e.x", "www.e.x", "a@e.x", "@user", "@org/team", "#12", "GH-3", "o/r#4", "$x$",
    ":smile:", "[^1]", "[x]: http://e.x", "]]>", "<![CDATA[", "<?xml", "<!DOCTYPE", "'", '"', "{{x}}", "{% x %}", "[bold]", "  ",
    "word", "two words", "1234", " ",
)  # fmt: skip

texts = st.one_of(
    st.text(max_size=20),
    st.lists(st.one_of(st.sampled_from(TRICKS), st.characters()), max_size=12).map("".join),
)
#: What a record can hold: records refuse lone surrogates, so those come to the escaping functions alone.
recorded = texts.map(lambda text: "".join(c for c in text if not "\ud800" <= c <= "\udfff"))

_FREE = frozenset(
    [
        "suite",
        "tier",
        "run_id",
        "case_id",
        "metric",
        "name",
        "reason",
        "input",
        "actual_output",
        "expected_output",
        "retrieval_context",
        "message",
        "note",
        "notes",
        "asked",
        "caveat",
        "changed",
        "field",
        "refused",
        "value",
        "judge_name",
        "baseline_reason",
        "wanted",
        "seen",
        "missing",
        "results_digest",
        "created_at",
    ]
)


def poisoned(value: object, text: str, *, free: bool = False) -> object:
    """A dumped record with `text` before and after every text that may come from outside."""
    match value:
        case str() if free:
            return text + value + text
        case Mapping():
            return {key: poisoned(inner, text, free=key in _FREE) for key, inner in value.items()}
        case list() | tuple():
            return [poisoned(inner, text, free=free) for inner in value]
        case _:
            return value


def poisoned_report(report: Report, text: str) -> Report:
    return Report.model_validate(poisoned(report.model_dump(), text))


def poisoned_comparison(comparison: Comparison, text: str) -> Comparison:
    return Comparison.model_validate(poisoned(comparison.model_dump(), text))
