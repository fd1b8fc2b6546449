"""A report without the texts of its cases, for places that are less private than the store."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Final

from ..records.report import CaseResult, Report
from ..records.suite import Redacted

WITHHELD: Final = "left out"
#: The judge's reasons and the messages of errors quote these.
_QUOTED: Final = frozenset({"input", "actual_output", "expected_output", "context", "retrieval_context", "reason"})
_LISTS: Final = ("must_run", "worst", "regressions", "errored")
_DIGITS = 8


def redacted(report: Report, fields: Collection[Redacted]) -> Report:
    """The report with these fields of its cases left out wherever they stand."""
    if not fields:
        return report
    changes: dict[str, object] = {
        name: tuple(redacted_cases(getattr(report, name), fields)) for name in _LISTS
    }  # fmt: skip
    if "case_id" in fields:
        checks = (
            check.model_copy(update={"case_id": _pseudonym(check.case_id)}) if check.case_id is not None else check
            for check in report.verdict.checks
        )
        changes |= {
            "verdict": report.verdict.model_copy(update={"checks": tuple(checks)}),
            "proof": report.proof.model_copy(update={"missing": ()}),  # slots in words; their number is told
            "notes": tuple(note.replace(report.selection, WITHHELD) if report.selection else note for note in report.notes),
            "selection": WITHHELD if report.selection else "",
        }  # fmt: skip
    return report.model_copy(update=changes)


def redacted_cases(results: Iterable[CaseResult], fields: Collection[Redacted]) -> list[CaseResult]:
    """The slots with these fields left out."""
    return [_redacted(result, fields) for result in results]


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
