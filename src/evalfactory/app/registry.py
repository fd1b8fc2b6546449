"""Which runs a store has, and which baselines point to them."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

from pydantic import ValidationError

from ..errors import EnvironmentProblem, InputError, Problem, UsageError
from ..records.base import Record
from ..records.plan import Plan
from ..storage.layout import RUNS, RunKeys, baseline_key, baselines_folder, run_entry_key
from ..storage.port import Store
from .alike import alike
from .places import store_option, try_command
from .reports import is_quick_look, latest_report_folder, read_report

#: What stands for a run wherever one is named, and so can name none.
TAKEN_NAMES = frozenset({"latest", "previous"})


class RunEntry(Record):
    """What the store says of a run before its plan is read."""

    run_id: str
    suite: str
    tier: str
    created_at: str
    selection: str = ""  # of a quick look, in words


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


def entry_of(plan: Plan) -> RunEntry:
    """What the store is to say of a planned run."""
    return RunEntry(
        run_id=plan.run_id, suite=plan.suite, tier=plan.tier, created_at=plan.created_at, selection=plan.selection
    )


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


def find_baseline(store: Store, name: str, *, of: RunEntry) -> Found:
    """The run that `name` stands for: a blessed name, `previous` (the newest complete run before), or a run id.

    A run that has no report, or is not there any more, is none: nobody loses a verdict over it.
    """
    if name == "previous":
        return _previous(store, of)
    try:
        baseline = _read_baseline(store, baseline_key(of.suite, name))
        keys = RunKeys(baseline.suite, baseline.run_id)
    except FileNotFoundError:
        try:
            keys = find_run(store, name)
        except UsageError:
            return Found(None, _no_baseline(store, name, of.suite))
    if latest_report_folder(store, keys) is None:
        return Found(None, f"the baseline {name} is run {keys.run_id}, and that has no report in {store.url}")
    return Found(keys)


def check_baseline(store: Store, name: str | None, suite: str) -> None:
    """Return if the name may stand for a baseline: it does, or the suite has none yet.

    Raises:
        UsageError: It stands for nothing, and the suite has other baselines: it is a slip, and would gate nothing.
    """
    if name is None or name == "previous":
        return
    known = [unquote(_name(entry.key)) for entry in store.list(baselines_folder(suite))]
    if not known or name in known or store.list(run_entry_key(name)):
        return
    near = "".join(f"did you mean {each}? " for each in alike(name, known, most=1))
    hint = f"{near}{suite} has {', '.join(known)}; a new name begins with `evalfactory bless`"
    raise UsageError(f"there is no baseline {name} in {store.url}", hint=hint)


def _previous(store: Store, of: RunEntry) -> Found:
    for entry in reversed(all_runs(store)):
        older = (entry.created_at, entry.run_id) < (of.created_at, of.run_id)
        if entry.suite == of.suite and entry.tier == of.tier and older:
            keys = RunKeys(entry.suite, entry.run_id)
            if _is_whole(store, keys):
                return Found(keys)
    return Found(None, f"there is no earlier complete run of tier {of.tier}")


def _is_whole(store: Store, keys: RunKeys) -> bool:
    """Whether the run's newest report tells a whole tier with nothing missing."""
    try:
        report = read_report(store, keys)
    except (UsageError, InputError):
        return False
    return not report.counts.missing and not is_quick_look(report)


def baselines(store: Store, suite: str) -> dict[str, Baseline]:
    """The suite's baselines by name."""
    entries = store.list(baselines_folder(suite))
    return {unquote(_name(entry.key)): _read_baseline(store, entry.key) for entry in entries}


def _name(key: str) -> str:
    return key.rpartition("/")[2].removesuffix(".json")


def _no_baseline(store: Store, name: str, suite: str) -> str:
    names = [unquote(_name(entry.key)) for entry in store.list(baselines_folder(suite))]
    there_are = f" (there is {', '.join(names)})" if names else ""
    return f"there is no baseline {name} yet{there_are}: {try_command('bless', 'RUN', '--name', name, *store_option(store.url))} makes one"


def _read_baseline(store: Store, key: str) -> Baseline:
    try:
        return Baseline.model_validate_json(store.read(key))
    except ValidationError as error:
        problem = Problem("it is no baseline any more", file=key, hint="`evalfactory bless` makes it anew")
        raise InputError("a file of the store was changed or cut short", (problem,)) from error


def _read_entry(store: Store, key: str) -> RunEntry:
    try:
        return RunEntry.model_validate_json(store.read(key))
    except ValidationError as error:
        problem = Problem("it is no entry of a run", file=key, hint="restore it, or delete it and plan the run again")
        raise InputError("the store's list of runs was changed or cut short", (problem,)) from error
