"""The cases of a page as JSON inside it: data that a script reads, and that can never become script or markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from ...records.page import CaseLine, CaseText, Cell, Draw, Page
from ...records.report import Report
from ..safe import shown_text

Json = Any  # what `json.dumps` takes

#: `<` could end a script element or begin a comment in it; the two separators end a line of a script.
_ESCAPED: Final = re.compile("[<>&\u2028\u2029]")
_STATES: Final = ("scored", "errored", "skipped", "missing", "not planned")
_DECIMALS = 6


def script_json(value: Json) -> str:
    """The value as JSON that may stand inside a `script` element, and in a script."""
    return _harmless(_json(_safe(value)))


def about(report: Report, *, inside: int, beside: str | None) -> Json:
    """What the script must know of the run; `inside` cases have their texts in the page, the next ones in a file `beside`."""
    return {
        "run": report.run_id,
        "metrics": [[metric.name, metric.threshold] for metric in report.metrics],
        "compared": report.baseline is not None and bool(report.baseline.pairs),
        "inside": inside,
        "beside": beside,
    }


def lines_of(page: Page) -> Json:
    """The rows of the table of all cases."""
    return [_line(line, told=text is not None) for line, text in zip(page.lines, page.texts, strict=True)]


def texts_of(texts: Iterable[CaseText | None]) -> list[str]:
    """All that is read of each case: JSON texts in JSON, so that a browser parses the one that is opened, not thousands."""
    return [_harmless(_json(_json(_safe(None if text is None else _text(text))))) for text in texts]


def _line(line: CaseLine, *, told: bool) -> list[Json]:
    flags = line.must_run | line.changed << 1 | told << 2
    cause = "" if line.cause in (None, "cannot tell") else line.cause
    return [line.id, line.asked, list(line.tags), flags, cause, [_cell(cell) for cell in line.cells]]


def _cell(cell: Cell) -> list[Json]:
    told = [_STATES.index(cell.state), _round(cell.score), _bit(cell.success)]
    return told if cell.before is None else [*told, _round(cell.before), _bit(cell.before_success)]


def _text(text: CaseText) -> list[Json]:
    fields = [[field.name, list(field.passages)] for field in text.texts]
    return [fields, text.answer, text.answer_before, int(text.shortened), [_draw(draw) for draw in text.draws]]


def _draw(draw: Draw) -> list[Json]:
    told = [draw.metric, draw.repeat, _STATES.index(draw.state), _round(draw.score), _bit(draw.success), draw.reason]
    return told if draw.before is None else [*told, _round(draw.before), _bit(draw.before_success), draw.before_reason]


def _round(score: float | None) -> float | None:
    return None if score is None else round(score, _DECIMALS)


def _bit(success: bool | None) -> int | None:
    return None if success is None else int(success)


def _safe(value: Json) -> Json:
    """The value with every text in it made visible."""
    match value:
        case str():
            return shown_text(value)
        case list():
            return [_safe(each) for each in value]
        case dict():
            return {key: _safe(each) for key, each in value.items()}
        case _:
            return value


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _harmless(text: str) -> str:
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
