"""The page as text, without a browser: its verdict, its rules against foreign texts, its size."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from page_given import HOSTILE, TOLD, hostile, many, page_with, small_page, timed

from evalfactory.records.page import CaseLine, CaseText, Cell, Draw, Spread, Text
from evalfactory.records.report import Outcome
from evalfactory.render import words
from evalfactory.render.page.html import BESIDE, html
from hostile_given import poisoned_report, recorded
from report_given import METRICS, told


class Seen(HTMLParser):
    """The elements of a page, and the text of each script and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.bodies: dict[str, str] = {}
        self.meta: dict[str, str] = {}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        given_ = dict(attrs)
        assert not any(name.startswith("on") or name == "style" for name in given_), (tag, attrs)
        self._inside = f"{tag} {given_.get('id', '')}".strip() if tag in ("script", "style") else ""
        if tag == "meta":
            self.meta[given_.get("http-equiv") or given_.get("name") or ""] = given_.get("content") or ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.bodies[self._inside] = self.bodies.get(self._inside, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


@pytest.mark.parametrize("outcome", ["PASS", "FAIL", "INCONCLUSIVE", "INCOMPLETE"])
def test_the_page_begins_with_its_verdict_and_says_what_it_means(outcome: Outcome) -> None:
    verdict = TOLD.report.verdict
    check = verdict.checks[0].model_copy(update={"outcome": outcome})
    report = TOLD.report.model_copy(
        update={"verdict": verdict.model_copy(update={"outcome": outcome, "checks": (check,)})}
    )
    text = html(report, small_page()).page
    assert f"<title>{outcome} · support-bot" in text
    assert re.search(rf"<h1[^>]*>.*{words.MARKS[outcome]}.*{outcome}</h1>", text)
    assert words.meaning(report.verdict).capitalize() in text
    assert (check.wanted in text) == (outcome != "PASS")


@settings(max_examples=15, deadline=None)
@given(recorded)
def test_no_text_of_a_report_makes_an_element(text: str) -> None:
    report = poisoned_report(timed(TOLD.report), text)
    clean, given_ = Seen(html(timed(TOLD.report), small_page()).page), Seen(html(report, small_page()).page)
    assert given_.elements["script"] == 4
    assert given_.elements - clean.elements <= Counter(p=2)  # what a moment that is none leaves out, or says
    assert set(given_.elements) <= set(clean.elements)


def test_hostile_texts_are_data_and_come_back_whole() -> None:
    report, page = hostile(HOSTILE)
    seen = Seen(html(report, page).page)
    rows = json.loads(seen.bodies["script rows"])
    texts = [json.loads(each) for each in json.loads(seen.bodies["script texts"])]
    assert len(rows) == len(texts) == len(HOSTILE)
    for number, text in enumerate(HOSTILE):
        if text.isprintable():
            assert rows[number][0] == f"{text}#{number}"
            assert texts[number][1] == f"{text} now"


def test_the_page_allows_its_own_script_and_style_and_nothing_else() -> None:
    seen = Seen(html(TOLD.report, small_page()).page)
    policy = seen.meta["Content-Security-Policy"]
    for body in (seen.bodies["script"], seen.bodies["style"]):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_page_names_no_place_outside_itself() -> None:
    text = html(timed(TOLD.report), small_page()).page
    own = re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.DOTALL)
    assert re.findall(r'(?:href|src)="(?!#|data:,)[^"]*"', own) == []
    assert "url(" not in own
    assert "@import" not in own


def test_the_same_run_makes_the_same_page() -> None:
    assert html(TOLD.report, small_page()) == html(told().report, small_page())


def test_what_is_not_known_is_said() -> None:
    incomplete = told(whole=False, offline=False, compared=False)
    text = html(incomplete.report, small_page(incomplete)).page
    assert "There is no baseline named main yet" in text
    assert "Not complete: 2 slots of the plan are missing." in text
    assert "so there is no time line" in text
    assert "Compared with nothing" in html(incomplete.report.model_copy(update={"baseline": None}), small_page()).page


def test_the_texts_that_matter_most_are_inside_and_the_others_beside() -> None:
    made = html(TOLD.report, many(700))
    assert len(json.loads(Seen(made.page).bodies["script texts"])) == 500
    assert made.beside is not None
    begin, _, rest = made.beside.partition("evalfactory.take(500, ")
    assert begin == '"use strict";\n'
    packed = json.loads(rest.removesuffix(");\n"))
    assert len(packed) == 200
    assert json.loads(packed[-1])[0][0][0] == "input"
    assert html(TOLD.report, many(300)).beside is None


def test_a_page_of_5000_cases_stays_below_four_megabytes_with_500_of_their_texts() -> None:
    some = many(500)
    lines = tuple(line._replace(id=f"{line.id}-{copy}") for copy in range(10) for line in some.lines)
    made = html(TOLD.report, some._replace(lines=lines, texts=some.texts * 10))
    assert len(made.page.encode()) <= 4_000_000
    assert len(json.loads(Seen(made.page).bodies["script rows"])) == 5_000
    assert len(json.loads(Seen(made.page).bodies["script texts"])) == 500


def test_a_page_stays_below_four_megabytes_however_long_the_texts_are() -> None:
    text = "返" * 20_000
    draws = (Draw(0, 0, "scored", 0.5, True),)
    cells = (Cell("scored", 0.5, True), *(Cell("not planned"),) * (len(METRICS) - 1))
    cases = [
        (CaseLine(f"case-{number}", cells, asked=text[:160]), CaseText((Text("input", (text,)),), draws, text, text))
        for number in range(60)
    ]
    flat = Spread(0.0, 1.0, (0,) * 20, (), ())
    made = html(TOLD.report, page_with(cases, (flat,) * len(METRICS)), beside="x-cases.js")
    assert 2_000_000 < len(made.page.encode()) <= 4_000_000
    assert made.beside is not None
    assert json.loads(Seen(made.page).bodies["script about"])["beside"] == "x-cases.js"
    assert BESIDE not in made.page


def test_what_the_exit_code_makes_of_an_inconclusive_is_said_with_the_tiers_own_name() -> None:
    verdict = TOLD.report.verdict.model_copy(update={"outcome": "INCONCLUSIVE", "taken_as": "PASS"})
    report = TOLD.report.model_copy(update={"verdict": verdict, "tier": "Nightly-EU"})
    assert "Exit code 0: the tier Nightly-EU passes" in html(report, small_page()).page
