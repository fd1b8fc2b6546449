"""A report proven again from the store's bytes, with nothing taken on trust."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from ..records.report import Report
from ..storage.layout import RunKeys
from ..storage.lines import read_pieces
from ..storage.port import Store
from .collecting import CollectOptions, collect
from .reports import MEASUREMENTS, latest_report_folder, read_report


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
    with collect(store, keys, CollectOptions(baseline=report.baseline.asked if report.baseline else None)) as collected:
        again = collected.report
    folder = latest_report_folder(store, keys)
    told = hashlib.sha256()
    for piece in read_pieces(store, f"{folder}{MEASUREMENTS}"):
        told.update(piece)
    checks = (
        _check("plan digest", report.proof.plan_digest, again.proof.plan_digest),
        _check("dataset digest", report.proof.dataset_digest, again.proof.dataset_digest),
        _check("counts", _counts(report), _counts(again)),
        _check("committed shards", _shards(report), _shards(again)),
        _check("results digest", report.results_digest, again.results_digest),
        _check("measurements.jsonl, bytes", report.proof.measurements_sha256, told.hexdigest()),
        _check("measurements.jsonl, merged again", report.proof.measurements_sha256, again.proof.measurements_sha256),
        _check("means", _means(report), _means(again)),
    )
    return Verified(keys.run_id, all(check.holds for check in checks), checks)


def _check(name: str, claimed: str, found: str) -> Check:
    return Check(name, claimed == found, claimed, found)


def _counts(report: Report) -> str:
    counts = report.counts
    whole = counts.scored + counts.errored + counts.skipped + counts.missing
    sound = "" if whole == counts.planned else f" (they add up to {whole})"
    return (
        f"{counts.planned} planned = {counts.scored} scored + {counts.errored} errored"
        f" + {counts.skipped} skipped + {counts.missing} missing{sound}"
    )


def _shards(report: Report) -> str:
    digest = hashlib.sha256("".join(shard.model_dump_json() for shard in report.proof.shards).encode()).hexdigest()
    return f"{len(report.proof.shards)} ({digest[:16]})"


def _means(report: Report) -> str:
    return ", ".join(f"{metric.name} {metric.mean}" for metric in report.metrics)
