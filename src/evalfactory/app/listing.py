"""The runs of a store, as they are listed."""

from __future__ import annotations

from typing import NamedTuple

from ..storage.layout import RunKeys
from ..storage.port import Store
from .registry import all_runs
from .reports import verdict_of


class ListedRun(NamedTuple):
    """A run and what became of it."""

    run_id: str
    suite: str
    tier: str
    selection: str  # of a quick look, in words; empty for a whole tier
    created_at: str  # UTC, ISO 8601
    verdict: str | None  # of its newest report; None without one


def listed_runs(store: Store) -> list[ListedRun]:
    """Every run of the store, newest first."""
    return [
        ListedRun(
            run_id=entry.run_id,
            suite=entry.suite,
            tier=entry.tier,
            selection=entry.selection,
            created_at=entry.created_at,
            verdict=verdict_of(store, RunKeys(entry.suite, entry.run_id)),
        )
        for entry in reversed(all_runs(store))
    ]
