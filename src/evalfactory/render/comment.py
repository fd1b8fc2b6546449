"""A suite's one comment in a pull request: the verdict first, the rest folded, below a limit whatever is in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ..records.report import BaselineInfo, CaseResult, Report
from . import words
from .fitting import Part, fitted
from .markdown import alert, case_items, errors, footer_rows, metric_table, notes, reasons, title
from .safe import markdown as safe
from .safe import markdown_code as code

#: GitHub takes 65,536 characters for a comment and 65,535 for a check; bytes are never fewer than characters.
MOST_BYTES: Final = 65_000
#: The same for a job's summary, of which a step may write 1 MiB in all.
MOST_SUMMARY_BYTES: Final = 500_000
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_TOLD_AT: Final = re.compile("<!-- evalfactory: of a run at (.*) -->")
_UNTIMELY: Final = re.compile(r"[^0-9T:.+Z-]|--+")
_MOST_REASONS: Final = 30
_MOST_SLOTS: Final = 20  # of a section


@dataclass(frozen=True, slots=True)
class Around:
    """What a comment tells beside the report."""

    newly_failed: Sequence[CaseResult] = ()  # the worst of those that passed in the baseline
    broken: int = 0  # how many there are
    report_url: str | None = None
    commands: Sequence[tuple[str, str]] = ()  # what for, and the command


def marker(suite: str) -> str:
    """The hidden last line by which the suite's comment is found again."""
    return f"<!-- evalfactory: the comment of suite {hashlib.sha256(suite.encode()).hexdigest()[:32]} -->"


def is_marked(body: str, suite: str) -> bool:
    """Whether the body ends in the suite's marker; one in the midst of it was written by somebody else."""
    return body.rstrip().splitlines()[-1:] == [marker(suite)]


def told_at(body: str, suite: str) -> datetime | None:
    """When the run began that a comment of the suite tells; the earliest time where it does not say, None for no such comment."""
    if not is_marked(body, suite):
        return None
    found = _TOLD_AT.fullmatch((body.rstrip().splitlines()[-2:] or [""])[0])
    try:
        at = datetime.fromisoformat(found[1]) if found else _LONG_AGO
    except ValueError:
        return _LONG_AGO
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def comment(report: Report, around: Around, *, most_bytes: int = MOST_BYTES) -> str:
    """The comment as GitHub-flavoured Markdown with its marker in the last line; at most so many bytes of UTF-8."""
    return f"{_body(report, around, most_bytes - 200)}\n\n{_at(report)}\n{marker(report.suite)}\n"


def _at(report: Report) -> str:
    """A hidden line with the time of the run, so that an older one, published later, does not take its place."""
    return f"<!-- evalfactory: of a run at {_UNTIMELY.sub('', report.created_at)[:40]} -->"


def summary(report: Report, around: Around, *, most_bytes: int = MOST_BYTES) -> str:
    """The same for places where nothing has to be found again: a job's summary, a check."""
    return _body(report, around, most_bytes - 1) + "\n"


def headline(report: Report) -> str:
    """The verdict in plain words, for the title of a check, a status and a message."""
    scope = f"{report.suite} · {words.scope(report)} · {words.plural(report.cases, 'case')}"
    return f"{report.verdict.outcome} · {scope}"


def _body(report: Report, around: Around, most_bytes: int) -> str:
    table = metric_table(report)
    why = reasons(report, _MOST_REASONS)
    told = {(result.case_id, result.metric, result.repeat) for result in around.newly_failed}
    worst = [result for result in report.worst if (result.case_id, result.metric, result.repeat) not in told]
    unmet = f"{words.count(report.must_run_unmet)} of {words.plural(report.must_run_slots, 'must-run slot')} not met"
    parts = [
        Part(title(report)),
        Part(alert(report), why, rest="> - and {} more", more=len(report.verdict.reasons) - len(why)),
        Part("", [f"\n{note}" for note in notes(report)]),
        Part("\n".join(table[:2]), table[2:], rest="| and {} more |", importance=1),
        Part("", [f"- {line}" for line in _lines(report)]),
        *_folded(unmet, report.must_run, report.must_run_unmet, importance=2),
        *_folded(words.plural(around.broken, "newly failed slot"), around.newly_failed, around.broken, importance=3),
        *_folded("worst cases", worst, len(worst), importance=4),
        *_folded("errored slots", report.errored, report.counts.errored, errors(report), importance=5),
        Part("", [f"- {label}: {text}" for label, text in _footer(report, around)]),
    ]
    return fitted(parts, most_bytes)


def _folded(
    title: str, results: Sequence[CaseResult], of: int, lead: str = "", *, importance: int = 0
) -> Iterator[Part]:
    """A section to open with a click; none without slots."""
    if results:
        items = case_items(results[:_MOST_SLOTS])
        head = f"<details>\n<summary>{title.capitalize()}</summary>\n"
        more = max(of - len(items), 0)
        yield Part(f"{head}\n{lead}\n" if lead else head, items, "\n\n</details>", "- and {} more", importance, more)


def _lines(report: Report) -> Iterator[str]:
    """Counts, baseline and what else one must know to read the table."""
    numbers = [f"{words.count(number)} {name}" for name, number in words.counts(report.counts)]
    if report.counts.reused:
        numbers[1] += f" ({words.count(report.counts.reused)} reused)"
    yield " · ".join(numbers)
    if report.baseline is not None:
        yield safe(words.baseline(report.baseline)) + _age(report.baseline)
    for able in words.detectable(report.compared):
        yield safe(able)
    if cause := words.diagnosis(report):
        yield safe(cause)


def _age(baseline: BaselineInfo) -> str:
    if baseline.run_id is None or baseline.age_days is None:
        return ""
    days = baseline.age_days
    if days < 0:
        return ", which is newer than this run"
    if days < 1 / 24:
        return ", less than an hour older"
    return (
        f", {words.plural(round(days * 24), 'hour')} older"
        if days < 1
        else f", {words.plural(round(days), 'day')} older"
    )


def _footer(report: Report, around: Around) -> Iterator[tuple[str, str]]:
    if around.report_url:
        yield "report", f"[open]({_address(around.report_url)})"
    for purpose, command in around.commands:
        yield purpose, code(command)
    yield from footer_rows(report)


def _address(url: str) -> str:
    """The URL as Markdown takes it between parentheses: what could end them, or hide, is percent-encoded."""
    return "".join(c if c.isascii() and c.isprintable() and c not in "()<>[]\\\"'` |" else _encoded(c) for c in url)


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
