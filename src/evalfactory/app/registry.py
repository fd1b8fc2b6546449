"""Which runs a store has, and which baselines point to them."""

from __future__ import annotations

import json
from typing import NamedTuple

from ..errors import EnvironmentProblem, UsageError
from ..records.base import Record
from ..storage.layout import RUNS, RunKeys, baseline_key, run_entry_key
from ..storage.port import Store
from .alike import alike


class RunEntry(Record):
    """What the store says of a run before its plan is read."""

    run_id: str
    suite: str
    tier: str
    created_at: str


class Baseline(Record):
    """A name for a complete run. The one kind of file that is ever overwritten."""

    run_id: str
    suite: str
    results_digest: str
    blessed_at: str


class Found(NamedTuple):
    """A baseline that was asked for: its run, or why there is none."""

    keys: RunKeys | None
    note: str | None = None


def register(store: Store, entry: RunEntry) -> None:
    """Note the run. Raises `EnvironmentProblem` when another suite has a run of this id."""
    key = run_entry_key(entry.run_id)
    if store.create(key, entry.model_dump_json().encode()):
        return
    there = _read_entry(store, key)
    if there.suite != entry.suite:
        raise EnvironmentProblem(
            f"run {entry.run_id} belongs to the suite {there.suite!r} in {store.url}", hint="choose another --run-id"
        )


def all_runs(store: Store) -> list[RunEntry]:
    """Every run of the store, oldest first."""
    entries = [_read_entry(store, entry.key) for entry in store.list(RUNS)]
    return sorted(entries, key=lambda entry: (entry.created_at, entry.run_id))


def find_run(store: Store, name: str) -> RunKeys:
    """The run of that id, or the newest one for `latest`.

    Raises:
        UsageError: There is none.
    """
    if name == "latest":
        runs = all_runs(store)
        if not runs:
            raise UsageError(f"there is no run in {store.url}", hint="name the store with --store")
        return RunKeys(runs[-1].suite, runs[-1].run_id)
    try:
        entry = _read_entry(store, run_entry_key(name))
    except FileNotFoundError:
        names = [entry.key.removeprefix(RUNS).removesuffix(".json") for entry in store.list(RUNS)]
        near = ", ".join(alike(name, names)) or "`evalfactory runs` lists them; --store names another store"
        raise UsageError(f"there is no run {name} in {store.url}", hint=near) from None
    return RunKeys(entry.suite, entry.run_id)


def find_baseline(store: Store, name: str, *, of: RunEntry, complete: bool = True) -> Found:
    """The run that `name` stands for: a blessed name, `previous` (the newest complete run before), or a run id."""
    if name == "previous":
        for entry in reversed(all_runs(store)):
            older = (entry.created_at, entry.run_id) < (of.created_at, of.run_id)
            if entry.suite == of.suite and entry.tier == of.tier and older:
                keys = RunKeys(entry.suite, entry.run_id)
                if is_complete(store, keys):
                    return Found(keys)
        return Found(None, f"there is no earlier complete run of tier {of.tier}")
    try:
        baseline = Baseline.model_validate_json(store.read(baseline_key(of.suite, name)))
        return Found(RunKeys(baseline.suite, baseline.run_id))
    except FileNotFoundError:
        pass
    try:
        return Found(find_run(store, name))
    except UsageError:
        return Found(None, f"there is no baseline {name} yet: `evalfactory bless RUN --name {name}` makes one")


def is_complete(store: Store, keys: RunKeys) -> bool:
    """Whether the run's latest report says that nothing is missing."""
    from .reports import latest_report_folder

    folder = latest_report_folder(store, keys)
    if folder is None:
        return False
    counts = json.loads(store.read(f"{folder}report.json")).get("counts", {})
    return bool(counts) and counts.get("missing") == 0


def _read_entry(store: Store, key: str) -> RunEntry:
    return RunEntry.model_validate_json(store.read(key))
