"""A report proven again from the store's bytes, with nothing taken on trust."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from .. import __version__
from ..records.base import digest_of
from ..records.report import Report
from ..storage.layout import RunKeys
from ..storage.lines import read_pieces
from ..storage.port import Store
from .collecting import CollectOptions, collect
from .reports import FILES, MEASUREMENTS, OUTPUTS, READ_BY_PEOPLE, latest_report_folder, read_report

#: What has a check of its own, or may differ: the time that the command took, and who came too late after it.
_CHECKED_BY_ITSELF: dict[str, Any] = {
    "wall_s": True, "counts": True, "verdict": True, "results_digest": True, "metrics": {"__all__": {"mean"}},
    "proof": {
        "plan_digest", "dataset_digest", "measurements_sha256", "outputs_sha256", "results_digest", "shards",
        "late_attempts",
    },
}  # fmt: skip


class Check(NamedTuple):
    """One thing that the report claims, and whether the bytes say the same."""

    name: str
    holds: bool
    claimed: str
    found: str


class Verified(NamedTuple):
    """All checks of one report."""

    run_id: str
    holds: bool
    checks: tuple[Check, ...]


def verify(store: Store, keys: RunKeys) -> Verified:
    """Merge the run again from its committed parts and compare every claim of its newest report.

    Raises:
        InputError: A file of the run was changed or cut short (it is named).
        UsageError: The run has no report.
    """
    report = read_report(store, keys)
    with collect(store, keys, CollectOptions(as_told=report)) as collected:
        again = collected.report
    checks = tuple(_checks(store, latest_report_folder(store, keys) or "", report, again))
    return Verified(keys.run_id, all(check.holds for check in checks), checks)


def _checks(store: Store, folder: str, report: Report, again: Report) -> Iterator[Check]:
    proof, anew = report.proof, again.proof
    yield _check("plan digest", proof.plan_digest, anew.plan_digest)
    yield _check("dataset digest", proof.dataset_digest, anew.dataset_digest)
    yield _check("counts", _counts(report), _counts(again))
    yield _check("committed shards", _shards(report), _shards(again))
    yield _check("results digest", report.results_digest, again.results_digest)
    yield _check("results digest in the proof", proof.results_digest, anew.results_digest)
    yield _check("measurements.jsonl, bytes", proof.measurements_sha256, _sha256(store, f"{folder}{MEASUREMENTS}"))
    yield _check("measurements.jsonl, merged again", proof.measurements_sha256, anew.measurements_sha256)
    if proof.outputs_sha256 or anew.outputs_sha256:
        yield _check("outputs.jsonl, bytes", str(proof.outputs_sha256), _sha256(store, f"{folder}{OUTPUTS}"))
        yield _check("outputs.jsonl, merged again", str(proof.outputs_sha256), str(anew.outputs_sha256))
    yield from _files(store, folder)
    yield _check("means", _means(report), _means(again))
    yield _check("verdict", _verdict(report), _verdict(again))
    if report.versions.get("evalfactory") == __version__:  # another one may tell the same in other words
        yield _check("the rest of report.json", *_rest(report, again))


def _files(store: Store, folder: str) -> Iterator[Check]:
    """The files that are made from the report for people and build servers, as they were written."""
    try:
        written = json.loads(store.read(f"{folder}{FILES}"))
    except (FileNotFoundError, ValueError):
        written = None
    if not isinstance(written, dict) or sorted(written) != sorted(READ_BY_PEOPLE):
        claim = f"says what {', '.join(READ_BY_PEOPLE)} were"
        yield Check(FILES, holds=False, claimed=claim, found="it is gone, or says something else")
        return
    for name in READ_BY_PEOPLE:
        yield _check(name, str(written[name]), _sha256(store, f"{folder}{name}"))


def _check(name: str, claimed: str, found: str) -> Check:
    return Check(name, claimed == found, claimed, found)


def _sha256(store: Store, key: str) -> str:
    proof = hashlib.sha256()
    try:
        for piece in read_pieces(store, key):
            proof.update(piece)
    except FileNotFoundError:
        return "there is no such file"
    return proof.hexdigest()


def _counts(report: Report) -> str:
    counts = report.counts
    whole = counts.scored + counts.errored + counts.skipped + counts.missing
    sound = "" if whole == counts.planned else f" (they add up to {whole})"
    return (
        f"{counts.planned} planned = {counts.scored} scored + {counts.errored} errored"
        f" + {counts.skipped} skipped + {counts.missing} missing{sound}, {counts.reused} reused"
    )


def _shards(report: Report) -> str:
    digest = hashlib.sha256("".join(shard.model_dump_json() for shard in report.proof.shards).encode()).hexdigest()
    return f"{len(report.proof.shards)} ({digest[:16]})"


def _means(report: Report) -> str:
    return ", ".join(f"{metric.name} {metric.mean}" for metric in report.metrics)


def _verdict(report: Report) -> str:
    digest = digest_of(report.verdict.model_dump(mode="json"))
    return f"{report.verdict.outcome} by {len(report.verdict.checks)} rules ({digest[:16]})"


def _rest(report: Report, again: Report) -> tuple[str, str]:
    claimed = report.model_dump(mode="json", exclude=_CHECKED_BY_ITSELF)
    found = again.model_dump(mode="json", exclude=_CHECKED_BY_ITSELF)
    differing = [name for name, value in claimed.items() if found[name] != value]
    return digest_of(claimed)[:16], digest_of(found)[:16] + (
        f" (not the same: {', '.join(differing)})" if differing else ""
    )
