"""Cases that failed in a run, or were seen in production, put into a dataset with word of where they come from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..datasets import NoCase, ReadCase, read_cases, read_lines
from ..datasets.appending import Appended, append_cases
from ..errors import InputError, UsageError
from ..records.case import Case
from ..records.suite import DatasetSpec
from ..storage.layout import RunKeys
from ..storage.port import Store
from .alike import alike
from .comparing import all_frozen
from .flips import flips_of
from .planning import read_plan
from .reports import read_report, reported_measurements

PROVENANCE = "promoted"  # the key in a case's metadata
_SHOWN_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases of a run: all that any of these names."""

    failed: bool = False
    flipped: bool = False
    ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Marks:
    """What a promoted case gets beside its provenance."""

    must_run: bool = False
    tags: Sequence[str] = ()


def promote(store: Store, keys: RunKeys, wanted: Wanted, to: Path, marks: Marks = Marks()) -> Appended:
    """The run's cases that are wanted, added to the file; those that it has already are refused.

    Raises:
        UsageError: Nothing is wanted, the run has no report, no such case, or no baseline to have flipped against.
    """
    if not (wanted.failed or wanted.flipped or wanted.ids):
        raise UsageError("which cases?", hint="--failed, --flipped or --case ID")
    reasons = _reasons(store, keys, wanted)
    scores = _scores(store, keys, reasons)
    when = read_report(store, keys).created_at
    cases = []
    for frozen in all_frozen(store, read_plan(store, keys)):
        if (why := reasons.get(frozen.case.id)) is not None:
            told = {"run": keys.run_id, "suite": keys.suite, "run_at": when, "because": why}
            cases.append(_marked(frozen.case, {**told, "scores": scores.get(frozen.case.id, {})}, marks))
    return append_cases(to, sorted(cases, key=lambda case: case.id))


def promote_traces(
    source: DatasetSpec, ids: Sequence[str], to: Path, marks: Marks = Marks(), *, strict: bool = False
) -> Appended:
    """The traces of a production log as cases, added to the file: all, or those with these ids.

    A line that is no case is skipped, and told unless only these ids are wanted. The second of two with one id, or one
    input, is refused, as one that the file has. `strict` refuses such a log as a dataset would be.

    Raises:
        UsageError: The log has no such trace.
        InputError: No line of the log can be read as a case; the mapping of its fields is `source.fields`.
    """
    read = list(read_cases(source, Path()) if strict else read_lines(source, Path()))
    cases = [each.case for each in read if isinstance(each, ReadCase)]
    skipped = tuple(each.problems[0] for each in read if isinstance(each, NoCase))
    if not cases:
        raise InputError("no line of the log is a case", skipped[:_SHOWN_PROBLEMS])
    known = [case.id for case in cases]
    if skipped and any(_unknown(ids, known)):
        unread = f"{len(skipped)} of the log's lines cannot be read"
        raise InputError(f"there is no case {next(_unknown(ids, known))!r}, and {unread}", skipped[:_SHOWN_PROBLEMS])
    _refuse_unknown(ids, known)
    told = {"log": Path(source.path).name}
    done = append_cases(to, [_marked(case, told, marks) for case in cases if not ids or case.id in ids])
    return done if ids else done._replace(skipped=skipped)


def _reasons(store: Store, keys: RunKeys, wanted: Wanted) -> dict[str, str]:
    """Case id -> why it is wanted."""
    report, plan = read_report(store, keys), read_plan(store, keys)
    reasons: dict[str, str] = {}
    if wanted.ids:
        _refuse_unknown(wanted.ids, [frozen.case.id for frozen in all_frozen(store, plan)])
        reasons |= dict.fromkeys(wanted.ids, "chosen")
    if wanted.failed:
        lines = reported_measurements(store, keys)
        reasons |= {line.case_id: "failed" for line in lines if line.success is False}
    if wanted.flipped:
        if report.baseline is None or report.baseline.run_id is None:
            raise UsageError(
                f"run {keys.run_id} was compared with nothing, so nothing flipped",
                hint=f"evalfactory collect {keys.run_id} --baseline NAME, then again",
            )
        against = report.baseline.run_id
        broken = flips_of(store, keys, plan, report).broken
        reasons |= {result.case_id: f"failed, and passed in {against}" for result in broken}
    return reasons


def _scores(store: Store, keys: RunKeys, ids: Collection[str]) -> dict[str, dict[str, float]]:
    """Case id -> metric -> score of the first draw; what has none is not there."""
    scores: dict[str, dict[str, float]] = {}
    for line in reported_measurements(store, keys):
        if line.case_id in ids and line.score is not None:
            scores.setdefault(line.case_id, {}).setdefault(line.metric, line.score)
    return scores


def _marked(case: Case, provenance: Mapping[str, Any], marks: Marks) -> Case:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return case.model_copy(
        update={
            "metadata": {**case.metadata, PROVENANCE: {**provenance, "at": at}},
            "tags": tuple(dict.fromkeys((*case.tags, *marks.tags))),
            "must_run": case.must_run or marks.must_run,
        }
    )


def _refuse_unknown(ids: Sequence[str], known: Sequence[str]) -> None:
    for name in _unknown(ids, known):
        raise UsageError(f"there is no case {name!r}", hint=", ".join(alike(name, known) or list(known)[:3]))


def _unknown(ids: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    there = set(known)
    return (name for name in ids if name not in there)
