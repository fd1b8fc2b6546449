"""A report without the texts of its cases, for places that are less private than the store."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Final

from ..records.measurement import Measurement, Slot
from ..records.page import CaseLine, CaseText, Draw, Page
from ..records.report import CaseResult, GateCheck, Report
from ..records.suite import Redacted

WITHHELD: Final = "left out"
#: The judge's reasons and the messages of errors quote these.
_QUOTED: Final = frozenset({"input", "actual_output", "expected_output", "context", "retrieval_context", "reason"})
_LISTS: Final = ("must_run", "worst", "regressions", "errored")
_DIGITS = 8
#: What a field of a page must not be among to be shown; any other field is left out: nobody knows what it quotes.
_HIDDEN_BY: Final[dict[str, frozenset[Redacted]]] = {
    "input": frozenset({"input"}),
    "scenario": frozenset({"input"}),
    "turns": frozenset({"input", "actual_output", "context", "retrieval_context"}),
    "expected_output": frozenset({"expected_output"}),
    "expected_outcome": frozenset({"expected_output"}),
    "context": frozenset({"context"}),
    "retrieval_context": frozenset({"context", "retrieval_context"}),
}


def redacted(report: Report, fields: Collection[Redacted]) -> Report:
    """The report with these fields of its cases left out wherever they stand."""
    if not fields:
        return report
    changes: dict[str, object] = {
        name: tuple(redacted_cases(getattr(report, name), fields)) for name in _LISTS
    }  # fmt: skip
    for name in ("slices", "compared_slices"):
        changes[name] = tuple(part for part in getattr(report, name) if _is_slice_told(part.field, fields))
    if report.selection:  # it names cases, and what they say
        changes["selection"] = WITHHELD
        changes["notes"] = tuple(note.replace(report.selection, WITHHELD) for note in report.notes)
    if "case_id" in fields:
        gone = report.baseline.gone if report.baseline is not None else ()
        checks = (_without_ids(check, gone) for check in report.verdict.checks)
        changes |= {
            "verdict": report.verdict.model_copy(update={"checks": tuple(checks)}),
            "proof": report.proof.model_copy(update={"missing": ()}),  # slots in words; their number is told
        }  # fmt: skip
        if report.baseline is not None:
            ids = {name: tuple(map(_pseudonym, value)) for name, value in report.baseline if isinstance(value, tuple)}
            changes["baseline"] = report.baseline.model_copy(update=ids)
    return report.model_copy(update=changes)


def _without_ids(check: GateCheck, gone: tuple[str, ...]) -> GateCheck:
    if check.case_id is not None:
        return check.model_copy(update={"case_id": _pseudonym(check.case_id)})
    if check.rule == "must_run" and gone:  # in its words are the cases that are no longer gated
        told = check.seen.replace(", ".join(gone), ", ".join(map(_pseudonym, gone)))
        return check.model_copy(update={"seen": told})
    return check


def redacted_cases(results: Iterable[CaseResult], fields: Collection[Redacted]) -> list[CaseResult]:
    """The slots with these fields left out."""
    return [_redacted(result, fields) for result in results]


def redacted_page(page: Page, fields: Collection[Redacted]) -> Page:
    """The page with these fields left out, and every field of a case that could quote them."""
    if not fields:
        return page
    return page._replace(
        lines=tuple(_redacted_line(line, fields) for line in page.lines),
        texts=tuple(text and _redacted_text(text, fields) for text in page.texts),
    )


def redacted_entry(entry: Measurement | Slot, fields: Collection[Redacted]) -> Measurement | Slot:
    """The slot with these fields left out."""
    name = _pseudonym(entry.case_id) if "case_id" in fields else entry.case_id
    if isinstance(entry, Slot):
        return entry._replace(case_id=name)
    changes: dict[str, object] = {"case_id": name}
    if not _QUOTED.isdisjoint(fields):
        failure = entry.failure and entry.failure.model_copy(update={"message": WITHHELD})
        changes |= {"reason": None, "failure": failure}
    return entry.model_copy(update=changes)


def _redacted_line(line: CaseLine, fields: Collection[Redacted]) -> CaseLine:
    return line._replace(
        id=_pseudonym(line.id) if "case_id" in fields else line.id,
        asked="" if "input" in fields else line.asked,
    )


def _redacted_text(text: CaseText, fields: Collection[Redacted]) -> CaseText:
    is_conversation = any(each.name == "turns" for each in text.texts)
    no_answer = "actual_output" in fields or (is_conversation and _is_hidden("turns", fields))
    return text._replace(
        texts=tuple(each for each in text.texts if not _is_hidden(each.name, fields)),
        draws=tuple(_redacted_draw(draw, fields) for draw in text.draws),
        answer=None if no_answer else text.answer,
        answer_before=None if no_answer else text.answer_before,
    )


def _redacted_draw(draw: Draw, fields: Collection[Redacted]) -> Draw:
    return draw if _QUOTED.isdisjoint(fields) else draw._replace(reason=None, before_reason=None)


def _is_slice_told(field: str, fields: Collection[Redacted]) -> bool:
    """Tags and metadata are what a suite sorts its cases by; any other field is one of their texts."""
    return field.partition(".")[0] in ("tags", "metadata") or not _is_hidden(field, fields)


def _is_hidden(field: str, fields: Collection[Redacted]) -> bool:
    return field not in _HIDDEN_BY or not _HIDDEN_BY[field].isdisjoint(fields)


def _redacted(result: CaseResult, fields: Collection[Redacted]) -> CaseResult:
    changes: dict[str, object] = {name: None for name in fields if name not in ("case_id", "context", "reason")}
    if "context" in fields:
        changes["retrieval_context"] = None
    if not _QUOTED.isdisjoint(fields):
        changes |= {"reason": None, "baseline_reason": None}
        if result.failure is not None:
            changes["failure"] = result.failure.model_copy(update={"message": WITHHELD})
    if "case_id" in fields:
        changes["case_id"] = _pseudonym(result.case_id)
    return result.model_copy(update=changes)


def _pseudonym(case_id: str) -> str:
    """The same for the same case, so that whoever has the store can find it."""
    return hashlib.sha256(case_id.encode()).hexdigest()[:_DIGITS]
