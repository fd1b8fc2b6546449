"""The page of a run: what it takes to make, how large it is, and how long a person waits for it in a real browser."""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from .processes import COMMAND, Cost, cost_of

METRICS = ("answer_relevancy", "faithfulness", "contextual_precision", "contextual_recall", "contextual_relevancy")
CHARACTERS = 3_000  # of a case
LOADS = 7  # of which the median counts
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

#: Milliseconds until the browser says that the first content was painted.
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
#: Milliseconds from a click to the frame after everything that it caused was laid out and painted.
_CLICK = """(selector) => new Promise((done) => {
  const element = document.querySelector(selector), begun = performance.now();
  element.click();
  const look = () => byId("case-body").querySelector("section h3") ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun))) : requestAnimationFrame(look);
  look();
})"""
#: Waits by a function of the page: its policy lets nobody evaluate a text, and so nobody wait for one.
_UNTIL = "() => new Promise((done) => { const look = () => (IS_SO ? done() : setTimeout(look, 5)); look(); })"
_SEARCH = """(word) => new Promise((done) => {
  const field = byId("search"), begun = performance.now();
  field.value = word;
  field.dispatchEvent(new Event("input"));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
})"""


def in_a_browser(folder: Path, sizes: tuple[int, ...] = (500, 5_000)) -> list[dict[str, Any]]:
    """A row a size."""
    return [_row(folder / str(cases), cases) for cases in sizes]


def _row(folder: Path, cases: int) -> dict[str, Any]:
    _two_runs(folder, cases)
    page, beside = folder / "page.html", folder / "page-cases.js"
    made = _done(
        [*COMMAND, "report", "candidate", "--store", str(folder / "store"), "--format", "html", "--out", str(page)]
    )
    return {
        "cases": cases,
        "command_s": made.wall_s,
        "memory_mb": made.peak_rss_mb,
        "page_mb": page.stat().st_size / 1e6,
        "file_beside_mb": beside.stat().st_size / 1e6 if beside.exists() else 0.0,
        **_looked_at(page),
    }


def _two_runs(folder: Path, cases: int) -> None:
    """A baseline and a candidate with made-up scores: nobody is asked."""
    folder.mkdir(parents=True)
    store = str(folder / "store")
    for run_id in ("synthetic", "candidate"):
        suite = _suite(folder / run_id, store, cases, changed=run_id == "candidate")
        _done([*COMMAND, "plan", str(suite), "--tier", "all", "--write", "--run-id", run_id, "--json"])
        _done([sys.executable, "-m", "benchmarks.scaling", store, run_id])
        _done(
            [
                *COMMAND,
                "collect",
                run_id,
                "--store",
                store,
                "--json",
                *(["--baseline", "synthetic"] if run_id == "candidate" else []),
            ]
        )


def _suite(folder: Path, store: str, cases: int, *, changed: bool) -> Path:
    folder.mkdir()
    judge = {"model": "none", "base_url": "http://127.0.0.1:9/v1"}
    suite = {
        "name": "bench",
        "store": store,
        "dataset": "cases.jsonl",
        "judge": judge,
        "metrics": list(METRICS),
        "tiers": {"all": "all"},
    }
    (folder / "suite.yaml").write_text(json.dumps(suite))
    with (folder / "cases.jsonl").open("w", encoding="utf-8") as file:
        for number in range(cases):
            file.write(json.dumps(_case(number, changed=changed and number % 4 == 0), ensure_ascii=False) + "\n")
    return folder / "suite.yaml"


def _case(number: int, *, changed: bool) -> dict[str, Any]:
    dice = random.Random(number)
    words = [
        "the",
        "shop",
        "takes",
        "back",
        "goods",
        "within",
        "fourteen",
        "days",
        "返品",
        "承ります",
        "after",
        "delivery",
    ]
    text = " ".join(dice.choice(words) for _ in range(CHARACTERS // 5))
    answer = text[: CHARACTERS // 6]
    return {
        "id": f"case-{number:05}",
        "input": text[:120],
        "actual_output": answer.replace("goods", "nothing", 3) if changed else answer,
        "expected_output": text[200:400],
        "retrieval_context": [text[: CHARACTERS // 3], text[CHARACTERS // 3 : 2 * CHARACTERS // 3]],
        "tags": [dice.choice(["billing", "shipping", "returns"])],
    }


def _looked_at(file: Path) -> dict[str, float]:
    """Medians over several loads, each in a browser context of its own."""
    program = next(filter(None, map(shutil.which, _BROWSERS)))
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=arguments)
        looks = []
        for _ in range(LOADS):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            looks.append(_look(context.new_page(), file))
            context.close()
        browser.close()
    return {name: round(statistics.median(look[name] for look in looks), 1) for name in looks[0]}


def _look(page: Page, file: Path) -> dict[str, float]:
    page.goto(file.as_uri())
    page.evaluate(_UNTIL.replace("IS_SO", "performance.getEntriesByName('first-contentful-paint').length"))
    seen = {"first_paint_ms": page.evaluate(_PAINT)}
    page.wait_for_load_state("load")
    seen["first_case_ms"] = page.evaluate(_CLICK, "#lines tbody tr:nth-child(1) a")
    page.evaluate("byId('case').close()")
    seen["next_case_ms"] = page.evaluate(_CLICK, "#lines tbody tr:nth-child(2) a")
    page.evaluate("byId('case').close()")
    seen["search_ms"] = page.evaluate(_SEARCH, "case-04")
    page.evaluate("reset()")
    if page.evaluate("run.beside !== null"):
        page.evaluate(_UNTIL.replace("IS_SO", "outside !== null"))
        page.evaluate("order = { by: 'weight', up: false }, select()")  # what matters least comes first
        seen["case_beside_ms"] = page.evaluate(_CLICK, "#lines tbody tr:nth-child(3) a")
    return seen


def _done(command: list[str]) -> Cost:
    cost = cost_of(command)
    assert cost.exit_code in (0, 10, 11), (command, cost)
    return cost
