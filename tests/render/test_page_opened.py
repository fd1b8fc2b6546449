"""The page about a run in a real browser: read, searched, opened by keyboard, printed, without scripts and in the dark."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsers import browser
from page_given import TOLD, many, small_page, timed
from playwright.sync_api import Browser, Page, expect

from evalfactory.render.page.html import BESIDE, PAGE, html
from report_given import FAITHFULNESS, told

MANY = 700  # some of them beyond those whose texts are inside
DIFFERING = (
    ("返品は三十日以内に承ります。", "返品は十四日以内に承ります。"), ("", "new"), ("old", ""), ("a b c", "c b a"), ("same", "same"),
    ("one two three four", "zero one three four five"), ("x " * 300, "y " * 300), ("👩‍👩‍👧 a", "a 👩‍👩‍👧"),
)  # fmt: skip
Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages by name, each alone in a folder."""
    incomplete = told(whole=False, offline=False, compared=False)
    made = {
        "small": html(timed(TOLD.report), small_page()),
        "incomplete": html(incomplete.report, small_page(incomplete)),
        "many": html(TOLD.report, many(MANY)),
        "torn": html(TOLD.report, many(MANY)),
    }
    folder = tmp_path_factory.mktemp("pages")
    for name, (page, beside) in made.items():
        (folder / name).mkdir()
        (folder / name / PAGE).write_text(page, encoding="utf-8")
        if beside and name != "torn":
            (folder / name / BESIDE).write_text(beside, encoding="utf-8")
    return {name: folder / name / PAGE for name in made}


@pytest.fixture
def opened(chromium: Browser, places: dict[str, Path]) -> Iterator[Opened]:
    """Opens a page; at the end nothing may have been asked of a network, and nothing been refused or thrown."""
    said: list[str] = []
    asked: list[str] = []
    contexts = []

    def go(name: str, link: str = "", **options: object) -> Page:
        context = chromium.new_context(reduced_motion="reduce", **options)  # type: ignore[arg-type]  # whatever the test wants
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(places[name].as_uri() + link)
        return page

    yield go
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith("file://")] == []
    lacking = "Failed to load resource: net::ERR_FILE_NOT_FOUND"  # the file beside, which one test takes away
    assert [text for text in said if text != lacking] == []


def rows(page: Page) -> list[str]:
    return page.locator("#lines tbody tr a").all_inner_texts()


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [("small", 1280, "light"), ("small", 390, "dark"), ("incomplete", 1280, "dark")],
)
def test_nothing_stands_in_the_way_of_a_screen_reader(opened: Opened, name: str, width: int, scheme: str) -> None:
    page = opened(name, color_scheme=scheme, viewport={"width": width, "height": 900})
    assert_accessible(page)
    page.locator("#lines tbody tr a").first.click()
    expect(page.locator("#case-body table")).to_be_visible()
    assert_accessible(page)


def assert_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", ["small", "incomplete", "many"])
def test_no_page_is_wider_than_its_window(opened: Opened, name: str) -> None:
    page = opened(name)
    for width in (320, 390, 768, 1024, 1280, 2200):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_reason_can_be_read_on_a_phone(opened: Opened) -> None:
    page = opened("small", "#case=refund-017", viewport={"width": 360, "height": 800})
    for cell in page.locator("#case-body td[data-label=because]").all():
        box = cell.bounding_box()
        assert box is not None
        assert box["width"] > 300


def test_the_verdict_with_its_reasons_comes_first(opened: Opened) -> None:
    page = opened("small")
    assert page.locator("main").inner_text().split()[1] == "FAIL"
    expect(page.locator("h1")).to_be_in_viewport()
    expect(page.locator(".reasons li").first).to_be_in_viewport()


def test_a_case_is_found_by_typing_and_opened_and_closed_by_keyboard(opened: Opened) -> None:
    page = opened("small")
    page.keyboard.press("/")
    page.keyboard.type("lamp")
    expect(page.locator("#status")).to_have_text("1 of 8 cases")
    assert rows(page) == ["refund-017"]
    expect(page.locator("#lines tbody tr")).to_be_in_viewport()
    page.locator("#lines tbody tr a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#case-title")).to_be_focused()
    expect(page).to_have_url(re.compile("#case=refund-017$"))
    body = page.locator("#case-body").inner_text()
    for text in (
        "You can return it within 30 days",
        "Goods bought in a sale",
        "the central claim, on which the customer",
    ):
        assert text in body
    page.keyboard.press("Escape")
    expect(page.locator("#case")).to_be_hidden()
    expect(page.locator("#lines tbody tr a")).to_be_focused()
    expect(page).not_to_have_url(re.compile("#case"))


def test_arrows_go_through_the_cases_as_they_are_sorted(opened: Opened) -> None:
    page = opened("small")
    page.locator("#sort").select_option(label="id")
    order = rows(page)
    assert order == sorted(order)
    page.locator("#lines tbody tr").first.click()
    expect(page.locator("#case-title")).to_have_text(order[0])
    for expected in order[1:3]:
        page.keyboard.press("ArrowRight")
        expect(page.locator("#case-title")).to_have_text(expected)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#case-title")).to_have_text(order[1])


def test_cases_are_filtered_by_what_became_of_them_in_a_metric(opened: Opened) -> None:
    page = opened("small")
    page.locator("#show").select_option("lost")
    assert rows(page) == ["account-06"]
    page.locator("#show").select_option("broken")
    page.locator("#metric").select_option(label=FAITHFULNESS)
    assert "refund-017" in rows(page)
    assert "delivery-04" not in rows(page)
    page.locator("#reset").click()
    assert len(rows(page)) == 8


def test_a_heading_sorts_by_its_metric_and_says_so(opened: Opened) -> None:
    page = opened("small")
    head = page.locator("#lines thead th", has_text=FAITHFULNESS)
    scores = []
    for expected in ("ascending", "descending"):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == expected
        cells = page.locator("#lines tbody tr td:nth-child(3)").all_inner_texts()
        known = [text.split()[-1 if text.split()[0] == "✗" and len(text.split()) == 2 else 0] for text in cells]
        scores.append([float(text) for text in known if text[0].isdigit()])
        assert cells[-1] == "skipped"  # what has no score comes last, either way
    assert scores[0] == sorted(scores[0])
    assert scores[1] == sorted(scores[1], reverse=True)


def test_a_link_opens_its_case_whatever_its_id_is(opened: Opened) -> None:
    page = opened("small")
    links = page.locator("#first .result a:visible").all()
    assert len(links) >= 4
    for link in links:
        link.click()
        expect(page.locator("#case")).to_be_visible()
        assert page.locator("#case-title").text_content() == link.text_content()
        page.locator("#close").click()
    direct = opened("small", "#case=%E8%BF%94%E5%93%81-002")
    expect(direct.locator("#case-title")).to_have_text("返品-002")


def test_the_answers_differences_are_marked_word_by_word(opened: Opened) -> None:
    page = opened("small", "#case=refund-017")
    assert page.locator("#case ins").all_inner_texts() == ["30"]
    assert page.locator("#case del").all_inner_texts() == ["14"]


def test_a_word_diff_holds_both_texts_whole(opened: Opened) -> None:
    page = opened("small")
    for older, newer in DIFFERING:
        pieces = page.evaluate("([older, newer]) => differ(older, newer)", [older, newer])
        assert "".join(text for kind, text in pieces if kind != "come") == older
        assert "".join(text for kind, text in pieces if kind != "gone") == newer
        assert all(one[0] != other[0] for one, other in itertools.pairwise(pieces))


def test_what_changed_in_japanese_is_a_word_not_the_sentence(opened: Opened) -> None:
    pieces = opened("small").evaluate(
        "() => differ('返品は三十日以内に限り承ります。', '返品は十四日以内に限り承ります。')"
    )
    assert sum(len(text) for kind, text in pieces if kind == "same") >= 10


def test_two_long_texts_with_nothing_in_common_are_not_compared(opened: Opened) -> None:
    page = opened("small")
    assert page.evaluate("() => differ('a '.repeat(3000), 'b '.repeat(3000))") is None


def test_every_case_of_thousands_is_in_the_table(opened: Opened) -> None:
    page = opened("many")
    assert len(rows(page)) == 100
    page.locator("#more").click()
    assert len(rows(page)) == 200
    page.locator("#everything").click()
    assert len(set(rows(page))) == MANY


def test_a_case_beyond_those_inside_is_read_from_the_file_beside(opened: Opened) -> None:
    page = opened("many")
    page.locator("#everything").click()
    page.locator("#lines tbody tr a").last.click()
    expect(page.locator("#case-body h3", has_text="Asked")).to_be_visible()


def test_without_the_file_beside_it_is_said_where_the_texts_are(opened: Opened) -> None:
    page = opened("torn")
    page.locator("#everything").click()
    page.locator("#lines tbody tr a").last.click()
    expect(page.locator("#case-body")).to_contain_text(f"Its texts are in {BESIDE}, which is not beside this page.")
    expect(page.locator("#case-body table")).to_contain_text(FAITHFULNESS)


def test_the_theme_can_be_chosen(opened: Opened) -> None:
    page = opened("small", color_scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.locator("#theme").click()
    dark = page.evaluate(paper)
    assert light != dark
    page.locator("#theme").click()
    assert page.evaluate(paper) == light


def test_print_shows_the_report_and_no_controls(opened: Opened) -> None:
    page = opened("small", color_scheme="dark", viewport={"width": 703, "height": 1032})  # A4 inside its margins
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    for control in ("#theme", ".tools", "#more"):
        expect(page.locator(control)).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".brand")).to_contain_text(TOLD.report.suite)
    for metric in TOLD.report.metrics:
        expect(page.locator("#lines thead button", has_text=metric.name)).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_without_scripts_all_but_the_table_can_be_read(opened: Opened) -> None:
    page = opened("small", java_script_enabled=False)
    for text in ("FAIL", "Look at these first", "Is it complete?", "need JavaScript"):
        assert text in page.locator("body").inner_text()
    expect(page.locator("#table")).to_be_hidden()
    assert page.locator(".result").count() > 0
