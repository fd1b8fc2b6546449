"""The page about a run: one HTML file, and a script beside it where not all texts fit into it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final, NamedTuple

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from ...records.page import Page
from ...records.report import Report
from .. import words
from ..safe import shown_text
from .embedded import about, lines_of, script_json, texts_of
from .pictures import differences, forest, histogram, reach, timeline

PAGE = "report.html"
BESIDE = "report-cases.js"
#: Cases whose texts are in the page itself, if so many fit into a page of so many bytes.
MOST_INSIDE = 500
MOST_BYTES = 4_000_000
_BYTES_BESIDE_CASES = 300_000  # style, script and report: a third of that as a rule
_BRIEF_CHARACTERS = 600
_DECISIONS: Final = {"excluded": "excluded", "shown": "✗ shown", "open": "? open"}
_TEMPLATES: Final = ("page.html.j2", "parts.html.j2")
_SCRIPTS: Final = ("diff.js", "case.js", "table.js")


class Html(NamedTuple):
    """The page, and the script beside it; none where all texts are inside."""

    page: str
    beside: str | None


def html(report: Report, page: Page, *, beside: str = BESIDE) -> Html:
    """The page about a run, and what goes into the file `beside` it.

    No text of a case can become markup, style or script, in neither.
    """
    lines, texts = script_json(lines_of(page)), texts_of(page.texts)
    inside = _fitting(texts, MOST_BYTES - _BYTES_BESIDE_CASES - len(lines.encode()))
    rest = texts[inside:] if any(page.texts[inside:]) else []
    style, script = _style(), _script()
    text = _environment().get_template("page.html.j2").render(
        **_told(report, page),
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
        about=Markup(script_json(about(report, inside=inside, beside=beside if rest else None))),
        lines=Markup(lines),
        texts=Markup(f"[{','.join(texts[:inside])}]"),
    )  # fmt: skip
    return Html(text + "\n", f'"use strict";\nevalfactory.take({inside}, [{",".join(rest)}]);\n' if rest else None)


def _fitting(texts: Sequence[str], room: int) -> int:
    """How many of the first texts stand in the page."""
    for place, text in enumerate(texts[:MOST_INSIDE]):
        room -= len(text.encode()) + 1
        if room < 0:
            return place
    return min(len(texts), MOST_INSIDE)


def _told(report: Report, page: Page) -> dict[str, Any]:
    """What the template says, by name."""
    farthest = reach(report.compared, report.compared_slices)
    return {
        "report": report,
        "page": page,
        "words": words,
        "compared_of": {metric.name: metric for metric in report.compared},
        "slice_beside": {(part.field, part.value, part.metric): part for part in report.compared_slices},
        "outcomes": words.metric_outcomes(report),
        "flipped": lambda cell: "broken" if cell.broken else "fixed" if cell.fixed else "",
        "broken": [line for line in page.lines if line.broken],
        "fixed": [line for line in page.lines if line.fixed],
        "error_classes": " · ".join(f"{words.count(number)} {name}" for name, number in report.errors.items()),
        "cost": _cost(report),
        "times": timeline(report),
        "forest_of": lambda mean, interval, allowed=None: forest(mean, interval, farthest, allowed),
        "histogram": histogram,
        "differences": differences,
        "moment": _moment,
        "brief": partial(_brief, most=_BRIEF_CHARACTERS),
        "num": lambda number: f"{number:.2f}".rstrip("0").rstrip("."),
        "DECISIONS": _DECISIONS,
    }


def _cost(report: Report) -> str:
    spent = report.judge.cost_usd + (report.target.cost_usd if report.target else 0.0)
    return words.dollars(spent) if spent else "no price is known: the suite states none"


def _moment(text: str) -> str:
    """A moment as one reads it; as it came where it is none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return text


def _brief(text: str, *, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=DictLoader({name: _resource(name) for name in _TEMPLATES}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        keep_trailing_newline=False,
    )
    made.filters["shown"] = shown_text
    made.filters["capitalise"] = lambda text: text[:1].upper() + text[1:]
    return made


def _visible(value: object) -> object:
    """What comes from outside with nothing in it that hides or reorders; before it is escaped."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else shown_text(value)


def _policy(style: str, script: str) -> str:
    """Only this style and this script, and what that script itself loads; no network, no form, no frame."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}' 'strict-dynamic'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "trusted-types evalfactory",
            "require-trusted-types-for 'script'",
        )
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _style() -> str:
    return f"\n{_resource('page.css')}"


@cache
def _script() -> str:
    return "\n" + "\n".join(_resource(name) for name in _SCRIPTS)


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
