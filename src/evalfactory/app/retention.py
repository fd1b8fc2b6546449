"""Pure: which runs of a store stay, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What decides over a run. `because` says why it stays in any case; empty if nothing says so."""

    run_id: str
    suite: str
    tier: str
    created_at: str
    parent: str | None = None  # whose slots it supplements: merging needs that run whole
    compared_with: str | None = None  # by its newest report: proving that needs the other run's report
    because: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants to keep: the newest runs of each suite and tier, and all that are younger."""

    keep: int | None
    older_than: timedelta | None
    now: datetime


class Retention(NamedTuple):
    """Run id -> why it stays: whole, or only as a report that others are compared with. All others may go."""

    whole: Mapping[str, str]
    reports: Mapping[str, str]
    gone: Sequence[str]


def retention(runs: Sequence[RunFacts], wish: Wish) -> Retention:
    """What stays, so that everything that stays whole can still be proven from the store's bytes."""
    known = {run.run_id: run for run in runs}
    whole = {run.run_id: why for run in runs if (why := run.because or _wished(run, runs, wish))}
    for run_id in list(whole):
        _add(whole, _parents(known, run_id), f"run {run_id} supplements it")
    reports: dict[str, str] = {}
    for run_id in whole:
        other = known[run_id].compared_with
        if other in known:
            _add(reports, [other, *_parents(known, other)], f"run {run_id} is compared with it")
    reports = {run_id: why for run_id, why in reports.items() if run_id not in whole}
    return Retention(whole, reports, [run_id for run_id in known if run_id not in whole and run_id not in reports])


def _wished(run: RunFacts, runs: Sequence[RunFacts], wish: Wish) -> str:
    if wish.keep is not None and run.run_id in _newest(runs, wish.keep):
        return f"one of the newest {wish.keep} of its tier"
    young = wish.older_than is not None and wish.now - datetime.fromisoformat(run.created_at) <= wish.older_than
    return "it is young enough" if young else ""


def _newest(runs: Sequence[RunFacts], count: int) -> set[str]:
    """The newest runs of each suite and tier."""
    by_tier: defaultdict[tuple[str, str], list[RunFacts]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: (run.created_at, run.run_id), reverse=True):
        by_tier[run.suite, run.tier].append(run)
    return {run.run_id for newest in by_tier.values() for run in newest[:count]}


def _parents(known: Mapping[str, RunFacts], run_id: str) -> list[str]:
    found: list[str] = []
    parent = known[run_id].parent
    while parent is not None and parent in known and parent not in found:
        found.append(parent)
        parent = known[parent].parent
    return found


def _add(to: dict[str, str], run_ids: Iterable[str], why: str) -> None:
    for run_id in run_ids:
        to.setdefault(run_id, why)
