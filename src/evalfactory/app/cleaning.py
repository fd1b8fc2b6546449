"""Old runs removed from a store, and nothing that a kept one needs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from ..engine.commits import commit_body, read_commit, read_part
from ..engine.lines import parse_part
from ..errors import InputError, UsageError
from ..storage.fingerprint_table import Location
from ..storage.layout import CLEANED, RunKeys, run_entry_key
from ..storage.port import Entry, Store
from ..storage.removal import remove
from ..storage.reuse_writing import add
from .planning import read_plan
from .registry import RunEntry, all_runs, baselines
from .reports import read_report
from .retention import Retention, RunFacts, Wish, retention

AT_WORK = timedelta(days=1)  # an unfinished run that nobody has touched for so long is nobody's any more

Fate = Literal["kept", "report kept", "removed"]


class Cleaned(NamedTuple):
    """What became of a run, or would. Counts are of what was removed."""

    run_id: str
    suite: str
    created_at: str
    fate: Fate
    why: str
    objects: int = 0
    bytes: int = 0


def clean(store: Store, wish: Wish, *, dry_run: bool) -> list[Cleaned]:
    """What became of each run of the store, newest first. Killed at any point, the next call goes on.

    Raises:
        UnavailableError: The store does not answer, or refuses to delete.
    """
    entries = all_runs(store)
    plan = retention(_facts(store, entries, wish.now), wish)
    going = {*plan.gone, *plan.reports}
    if going and not dry_run:
        _keep_known(store, [entry for entry in entries if entry.run_id in plan.whole], going)
    return [_cleaned(store, entry, plan, dry_run=dry_run) for entry in reversed(entries)]


def _facts(store: Store, entries: Sequence[RunEntry], now: datetime) -> list[RunFacts]:
    blessed: dict[str, str] = {}
    for suite in dict.fromkeys(entry.suite for entry in entries):
        blessed |= {baseline.run_id: f"the baseline {name}" for name, baseline in baselines(store, suite).items()}
    return [_fact(store, entry, blessed.get(entry.run_id, ""), now) for entry in entries]


def _fact(store: Store, entry: RunEntry, because: str, now: datetime) -> RunFacts:
    keys = RunKeys(entry.suite, entry.run_id)
    known = RunFacts(entry.run_id, entry.suite, entry.tier, entry.created_at)
    try:
        parent = read_plan(store, keys).parent
        report = read_report(store, keys)
    except InputError:
        return _with(known, because=because or "its files cannot be read")
    except UsageError:  # it has no report, or is half removed
        return _with(known, because=because or _at_work(store, keys, now), parent=_parent(store, keys))
    told = report.baseline
    missing = bool(report.counts.missing) and not _is_cleaned(store, keys)
    return _with(
        known,
        because=because or (_at_work(store, keys, now) if missing else ""),
        parent=parent.run_id if parent else None,
        compared_with=told.run_id if told else None,
    )


def _with(facts: RunFacts, *, because: str, parent: str | None = None, compared_with: str | None = None) -> RunFacts:
    return RunFacts(facts.run_id, facts.suite, facts.tier, facts.created_at, parent, compared_with, because)


def _parent(store: Store, keys: RunKeys) -> str | None:
    with suppress(UsageError):
        parent = read_plan(store, keys).parent
        return parent.run_id if parent else None
    return None


def _is_cleaned(store: Store, keys: RunKeys) -> bool:
    return bool(store.list(keys.cleaned))


def _at_work(store: Store, keys: RunKeys, now: datetime) -> str:
    newest_s = max((entry.modified_s for entry in store.list(keys.root)), default=0.0)
    recent = now - datetime.fromtimestamp(newest_s, UTC) < AT_WORK
    return "it is not finished, and was touched within a day" if recent else ""


def _keep_known(store: Store, kept: Sequence[RunEntry], going: Collection[str]) -> None:
    """Let the index find, in a kept run's copies, what only runs that go would have told: nobody pays for it again."""
    for entry in kept:
        keys = RunKeys(entry.suite, entry.run_id)
        with suppress(InputError, UsageError):  # a damaged run tells nothing
            plan = read_plan(store, keys)
            for shard in plan.shards:
                with suppress(FileNotFoundError):
                    commit = read_commit(keys, plan, shard.index, commit_body(store, keys, plan, shard.index))
                    place = Location(suite=keys.suite, run_id=keys.run_id, shard=shard.index)
                    bodies = (read_part(store, keys, shard.index, part) for part in commit.parts)
                    copies = {
                        record.fingerprint: place
                        for body in bodies
                        for record in parse_part(body)[1]
                        if record.reused_from in going
                    }
                    add(store, copies, f"{keys.run_id}-{shard.index:05d}-copies")


def _cleaned(store: Store, entry: RunEntry, plan: Retention, *, dry_run: bool) -> Cleaned:
    keys = RunKeys(entry.suite, entry.run_id)
    about = (entry.run_id, entry.suite, entry.created_at)
    if entry.run_id in plan.whole:
        return Cleaned(*about, "kept", plan.whole[entry.run_id])
    if entry.run_id in plan.reports:
        heavy = [each for prefix in keys.heavy for each in store.list(prefix)]
        if heavy and not dry_run:
            store.put(keys.cleaned, CLEANED)  # first: half a run must not be taken for a whole one
            for prefix in keys.heavy:
                remove(store, prefix)
        return Cleaned(*about, "report kept", plan.reports[entry.run_id], len(heavy), _size(heavy))
    whole = store.list(keys.root)
    if not dry_run:
        remove(store, keys.root, last=keys.plan)
        store.delete(run_entry_key(entry.run_id))  # last: what is half removed is still found
    return Cleaned(*about, "removed", "nothing needs it", len(whole), _size(whole))


def _size(entries: Sequence[Entry]) -> int:
    return sum(entry.size for entry in entries)
