"""The page about a run: one HTML file, and a script beside it where not all texts fit into it."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import cache, partial
from importlib.resources import files
from itertools import islice
from typing import Any, Final, NamedTuple

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from ...records.page import CaseText, Page
from ...records.report import Report
from .. import words
from ..safe import shown_text
from .embedded import script_json, table_of, texts_of
from .pictures import differences, forest, histogram, reach, timeline

PAGE = "report.html"
BESIDE = "report-cases.js"
#: Cases whose texts are in the page itself, if so much fits; bytes.
MOST_INSIDE = 500
MOST_BYTES = 2_600_000
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
    inside, rest = _divided(page.texts)
    packed = f'"use strict";\nevalfactory.take({len(inside)}, {_packed(rest)});\n' if any(rest) else None
    table = table_of(report, page, inside=len(inside), beside=beside if packed else None)
    style, script = _style(), _script()
    text = _environment().get_template("page.html.j2").render(
        **_told(report, page),
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
        table=Markup(script_json(table)),
        texts=Markup(script_json(texts_of(inside))),
    )  # fmt: skip
    return Html(text + "\n", packed)


def _divided(texts: tuple[CaseText | None, ...]) -> tuple[list[CaseText | None], list[CaseText | None]]:
    """The texts that stand in the page, as many of the first as fit, and the others."""
    inside: list[CaseText | None] = []
    room = MOST_BYTES
    for text in islice(texts, MOST_INSIDE):
        room -= len(script_json(texts_of([text])).encode())
        if room < 0:
            break
        inside.append(text)
    return inside, list(texts[len(inside) :])


def _packed(texts: list[CaseText | None]) -> str:
    """A list of JSON texts, one a case: a browser reads thousands of them at once and parses the one that is opened."""
    return script_json([script_json(each) for each in texts_of(texts)])


def _told(report: Report, page: Page) -> dict[str, Any]:
    """What the template says, by name."""
    farthest = reach(report.compared, report.slices)
    return {
        "report": report,
        "page": page,
        "words": words,
        "compared_of": {metric.name: metric for metric in report.compared},
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
