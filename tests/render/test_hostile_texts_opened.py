"""Texts that try to run, to load, to hide or to break out, in every field of a page that a real browser shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsers import browser
from page_given import HOSTILE, MARKUP, hostile
from playwright.sync_api import Page

from evalfactory.render.page.html import BESIDE, PAGE, html

#: Elements of our own that no text may add to; and those that we have none of.
COUNTED = ["script", "style", "link", "meta", "base", "head title", "main", "dialog", "form"]
NONE_OF = [
    "iframe",
    "img",
    "object",
    "embed",
    "video",
    "audio",
    "form",
    "base",
    "template",
    "textarea",
    "plaintext",
    "xmp",
    "math",
    "animate",
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("hostile")
    made = html(*hostile(HOSTILE))
    (folder / PAGE).write_text(made.page, encoding="utf-8")
    if made.beside:
        (folder / BESIDE).write_text(made.beside, encoding="utf-8")
    with browser() as started:
        shown = started.new_page(viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
        asked: list[str] = []
        said: list[str] = []
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("console", lambda message: said.append(message.text))
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.on("dialog", lambda dialog: said.append(dialog.message))
        shown.goto((folder / PAGE).as_uri())
        yield shown
        assert shown.url.partition("#")[0] == (folder / PAGE).as_uri()
        assert all(url.startswith(folder.as_uri()) for url in asked), asked
        assert said == []


def assert_tame(page: Page) -> None:
    assert page.evaluate("window.pwned") is None
    here = {name: page.locator(name).count() for name in (*COUNTED, *NONE_OF)}
    assert here == dict.fromkeys(NONE_OF, 0) | {
        "script": 4 + page.locator("#outside").count(), "style": 1, "link": 1, "meta": 5, "base": 0, "head title": 1, "main": 1,
        "dialog": 1, "form": 0,
    }  # fmt: skip
    inline = "[...document.querySelectorAll('*:not(#lines)')].flatMap((e) => [...e.attributes]).filter((a) => /^on|^style$/.test(a.name)).length"
    assert page.evaluate(inline) == 0
    links = page.evaluate(
        "[...document.querySelectorAll('[href],[src]')].map((e) => e.getAttribute('href') ?? e.getAttribute('src'))"
    )
    assert [link for link in links if not (link.startswith("#") or link in ("data:,", BESIDE))] == []


def test_there_are_more_than_a_hundred_of_them() -> None:
    assert len(set(HOSTILE)) > 150
    assert len(set(MARKUP)) > 75


def test_none_runs_loads_or_makes_an_element_in_the_report_and_the_table(page: Page) -> None:
    page.locator("#everything").click() if page.locator("#everything").is_visible() else None
    assert page.locator("#lines tbody tr").count() == len(HOSTILE)
    assert_tame(page)


def test_none_breaks_the_layout_at_any_width(page: Page) -> None:
    for width in (360, 1000, 1800):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        tallest = page.evaluate(
            "Math.max(...[...document.querySelectorAll('#lines tbody tr')].map((e) => e.offsetHeight))"
        )
        assert tallest < 2400
    page.set_viewport_size({"width": 1000, "height": 800})


def test_none_runs_or_breaks_out_when_its_case_is_opened(page: Page) -> None:
    """All in one go inside the browser: each case opened, and what it shows held against what it was given."""
    told = page.evaluate(
        """() => run.lines.map(([id], place) => {
          open(place);
          const dialog = byId("case");
          return { text: byId("case-body").textContent, title: byId("case-title").textContent, wide: dialog.scrollWidth > dialog.clientWidth,
                   foreign: dialog.querySelectorAll("script, img, iframe, svg, style, form, input, object, embed, link, meta").length };
        })"""
    )
    assert len(told) == len(HOSTILE)
    for number, (text, seen) in enumerate(zip(HOSTILE, told, strict=True)):
        assert seen["foreign"] == 0, text
        assert not seen["wide"], text
        if text.isprintable() and "<" in text:
            assert f"{text} now" in seen["text"]
            assert seen["title"] == f"{text}#{number}"
    assert_tame(page)
    page.evaluate("byId('case').close()")
