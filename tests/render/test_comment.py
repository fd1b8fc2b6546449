"""The comment in a pull request: what it says, that it fits, and that no text gets out of its place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from evalfactory.records.report import Report
from evalfactory.records.suite import Redacted
from evalfactory.render.comment import Around, comment, headline, is_marked, marker, summary, told_at
from evalfactory.render.fitting import Part, fitted
from evalfactory.render.redacting import redacted
from hostile_given import TRICKS, poisoned_report, recorded
from report_given import METRICS, told

REPORT = told().report


def _aged(days: float) -> Report:
    return REPORT.model_copy(
        update={"baseline": REPORT.baseline and REPORT.baseline.model_copy(update={"age_days": days})}
    )


AGED = _aged(3.2)
AROUND = Around(
    newly_failed=REPORT.regressions,
    broken=12,
    report_url="https://ci.test/runs/7",
    commands=[("run it again", "evalfactory run suite.yaml --tier regression --baseline main")],
)
EVERYTHING = "".join(c for c in "".join(TRICKS) if not "\ud800" <= c <= "\udfff")
OWN_HTML = {"<details>", "</details>", marker(REPORT.suite)}
AT = "<!-- evalfactory: of a run at "
LIMIT = 65_536


def tokens(source: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source):
        yield token
        yield from token.children or ()


@pytest.mark.parametrize(
    ("days", "told"),
    [(0.0, "less than an hour older"), (0.5, "12 hours older"), (1.2, "1 day older"), (-1.0, "newer than this run")],
)
def test_the_baselines_age_is_told_as_people_tell_ages(days: float, told: str) -> None:
    assert told in comment(_aged(days), AROUND)


def test_the_comment_has_the_verdict_first_and_what_a_reviewer_asks_for() -> None:
    lines = comment(AGED, AROUND).splitlines()
    assert lines[0].startswith("## ❌ FAIL · ")
    assert lines[-1] == marker(REPORT.suite)
    text = "\n".join(lines)
    for piece in (
        "| baseline | Δ | interval | verdict |", "3 days older", "<summary>12 newly failed slots</summary>", "and 8 more",
        "<summary>Worst cases</summary>", "[open](https://ci.test/runs/7)", "run it again: `evalfactory run suite.yaml",
        "qwen3-32b", "calls",
    ):  # fmt: skip
        assert piece in text, piece


def test_the_comment_says_when_its_run_began_to_who_looks_for_it() -> None:
    at = "2026-11-23T06:34:12.123+00:00"
    body = comment(REPORT.model_copy(update={"created_at": at}), AROUND)
    assert told_at(body, REPORT.suite) == datetime.fromisoformat(at)
    assert told_at(body.replace("\n", "\r\n"), REPORT.suite) == datetime.fromisoformat(at)
    assert told_at(body, "another") is None
    long_ago = datetime.min.replace(tzinfo=UTC)
    assert told_at(marker(REPORT.suite), REPORT.suite) == long_ago
    for hostile in ("--><script>", "9" * 300, "x", "", "2026-13-45"):
        body = comment(REPORT.model_copy(update={"created_at": hostile}), AROUND)
        assert told_at(body, REPORT.suite) == long_ago
        assert "<script>" not in body


def test_what_is_told_as_newly_failed_is_not_told_again_as_worst() -> None:
    first = REPORT.worst[0]
    again = Around(newly_failed=[first], broken=1)
    assert comment(REPORT, again).count(f"`{first.case_id}` · ") <= comment(REPORT, Around()).count(
        f"`{first.case_id}` · "
    )
    assert "<summary>1 newly failed slot</summary>" in comment(REPORT, again)


@settings(max_examples=25)
@given(recorded)
@example(EVERYTHING)
@example("<!-- evalfactory: the comment of suite -->\n" + marker(REPORT.suite))
@example("owner/repo#12 GH-7 @octocat @org/team https://e.x www.e.x mail@e.x ftp://e.x :tada: [^1] $x$ - [ ] task")
def test_no_text_of_a_report_makes_markup_links_rows_or_a_marker(text: str) -> None:
    report = poisoned_report(AGED, text)
    around = Around(report.regressions, 12, "https://ci.test/", [("again", f"evalfactory run {text}")])
    source = comment(report, around)
    assert len(source.encode()) <= LIMIT
    assert is_marked(source, report.suite)
    assert told_at(source, report.suite) is not None
    assert not is_marked(source, REPORT.suite) or report.suite == REPORT.suite
    kinds = [token.type for token in tokens(source)]
    assert not {"image", "s_open", "em_open", "fence", "code_block", "hr"}.intersection(kinds)
    assert kinds.count("link_open") == 1
    assert kinds.count("table_open") == 1
    assert kinds.count("td_open") == len(METRICS) * kinds.count("th_open")
    for token in tokens(source):
        if token.type == "html_block":
            lines = token.content.strip().splitlines()
            own = OWN_HTML | {marker(report.suite)}
            assert all(line in own or line.startswith(("<summary>", AT)) for line in lines)
        assert token.type != "html_inline"


@settings(max_examples=25)
@given(st.text(max_size=300))
@example(") [x](javascript:alert(1) <b> \u202e`|")
def test_an_address_stays_one_link(text: str) -> None:
    source = comment(REPORT, Around(report_url="https://ci.test/" + text))
    links = [token.attrs["href"] for token in tokens(source) if token.type == "link_open"]
    assert len(links) == 1
    assert str(links[0]).startswith("https://ci.test/")


@pytest.mark.parametrize(
    "text",
    [
        "The answer says what the context does not. " * 200,
        "@" * 5000,
        "|<&" * 3000,
        "界" * 3000,
        EVERYTHING * 4,
    ],
)
def test_the_comment_fits_whatever_is_in_it_and_says_what_it_left_out(text: str) -> None:
    most_bytes = 40_000
    report = crowded(text)
    around = Around(report.worst, 500, "https://ci.test/" + "a" * 1900, [("again", text)] * 50)
    for source in (comment(report, around, most_bytes=most_bytes), summary(report, around, most_bytes=most_bytes)):
        assert len(source.encode()) <= most_bytes
        assert source.splitlines()[0].startswith("## ❌ FAIL")
        assert "more" in source
    assert is_marked(comment(report, around, most_bytes=most_bytes), report.suite)


def crowded(text: str) -> Report:
    """Every list long, every text the same."""
    case = REPORT.regressions[0].model_copy(
        update={
            "input": text,
            "actual_output": text,
            "reason": text,
            "case_id": text,
            "baseline_reason": text,
            "retrieval_context": (text,) * 9,
        }
    )
    check = REPORT.verdict.reasons[0].model_copy(update={"seen": text, "wanted": text, "metric": text})
    metric = REPORT.metrics[0].model_copy(update={"name": text[:100]})
    lists = {"worst": (case,) * 10, "regressions": (case,) * 10, "errored": (case,) * 10, "must_run": (case,) * 100}
    verdict = REPORT.verdict.model_copy(update={"checks": (check,) * 120})
    more = {"suite": text, "tier": text, "judge_name": text, "notes": (text,) * 20, "run_id": text}
    return REPORT.model_copy(
        update={**lists, **more, "verdict": verdict, "metrics": (metric,) * 200, "must_run_unmet": 9000}
    )


@given(
    st.lists(st.tuples(st.text(max_size=5), st.lists(st.text(min_size=1, max_size=30), max_size=8), st.integers(0, 3))),
    st.integers(400, 2000),
)
def test_a_fitted_text_is_never_longer_than_allowed_and_loses_only_ends(
    given_parts: list[tuple[str, list[str], int]], most: int
) -> None:
    parts = [Part(lead, items, "|", "and {} more", importance) for lead, items, importance in given_parts][:6]
    assert len(fitted(parts, most).encode()) <= most
    assert fitted(parts, 10**6) == fitted(parts, 10**7)
    assert "more" not in fitted(parts, 10**6) or any("more" in item for part in parts for item in part.items)


@pytest.mark.parametrize("field", [name for name in get_args(Redacted) if name != "context"])
def test_a_redacted_field_is_nowhere(field: Redacted) -> None:
    words: dict[str, object] = {field: ("SECRET",) if field == "retrieval_context" else "SECRET"}
    quoting: dict[str, object] = (
        {"reason": "it says SECRET", "baseline_reason": "it said SECRET"} if field != "case_id" else {}
    )
    lists = {
        name: tuple(case.model_copy(update={**quoting, **words}) for case in getattr(REPORT, name))
        for name in ("worst", "regressions", "errored", "must_run")
    }
    told_of = REPORT.model_copy(update=lists)
    assert "SECRET" in comment(told_of, Around(told_of.regressions, 1))
    quiet = redacted(told_of, [field])
    assert "SECRET" not in comment(quiet, Around(quiet.regressions, 1))


def test_without_a_text_errors_tell_their_class_alone() -> None:
    quiet = redacted(REPORT, ["input"])
    assert {case.failure.message for case in quiet.errored if case.failure} == {"left out"}
    assert [case.failure.error_class for case in quiet.errored if case.failure] == ["bad_json"]
    assert redacted(REPORT, []) is REPORT


def test_a_headline_is_the_verdict_and_what_was_measured() -> None:
    assert headline(REPORT) == f"FAIL · {REPORT.suite} · {REPORT.tier} · {REPORT.cases} cases"
