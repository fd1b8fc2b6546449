"""How far a run is, from the store alone: works for any run, wherever its workers are."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from typing import NamedTuple

from ..engine.commits import commit_body, read_commit
from ..engine.lines import parse_part
from ..records.measurement import Measurement, Slot
from ..storage.journal import read_torn, torn_journals
from ..storage.layout import AGGREGATOR, RunKeys
from ..storage.port import Store
from .planning import read_plan
from .reports import verdict_of


class RunStatus(NamedTuple):
    """Counts are slots, but for the shards."""

    run_id: str
    suite: str
    tier: str
    selection: str  # of a quick look, in words; empty for a whole tier
    created_at: str
    state: str  # `complete`, `begun`, `planned`, or `cleaned` when only the report is kept
    planned: int
    scored: int
    errored: int
    skipped: int
    kept: int  # measured by workers that have not committed their shard yet
    pending: int  # planned = scored + errored + skipped + kept + pending
    shards: int
    committed: int
    verdict: str | None  # of the newest report, None when there is none yet
    aggregator: str = ""  # what whoever finishes a detached run said last


def run_status(store: Store, keys: RunKeys) -> RunStatus:
    """How far the run is."""
    plan = read_plan(store, keys)
    states: Counter[str] = Counter()
    committed = kept = 0
    for shard in plan.shards:
        try:
            body = commit_body(store, keys, plan, shard.index)
        except FileNotFoundError:
            slots = _kept(store, keys, shard.index)
            kept += len(slots)
            continue
        commit = read_commit(keys, plan, shard.index, body)
        committed += 1
        states.update(scored=commit.scored, errored=commit.errored, skipped=commit.skipped)
    state = "complete" if committed == len(plan.shards) else "begun" if committed or kept else "planned"
    if store.list(keys.cleaned):
        state = "cleaned"
    return RunStatus(
        run_id=plan.run_id,
        suite=plan.suite,
        tier=plan.tier,
        selection=plan.selection,
        created_at=plan.created_at,
        state=state,
        planned=plan.slots,
        scored=states["scored"],
        errored=states["errored"],
        skipped=states["skipped"],
        kept=kept,
        pending=plan.slots - states.total() - kept,
        shards=len(plan.shards),
        committed=committed,
        verdict=verdict_of(store, keys),
        aggregator=_last_words(store, keys),
    )


def _last_words(store: Store, keys: RunKeys) -> str:
    """What the aggregator that came last has said last."""
    words = ("", "")
    for entry in store.list(f"{keys.logs_folder}{AGGREGATOR}-"):
        with suppress(ValueError, KeyError, IndexError):
            row = json.loads(store.read(entry.key).splitlines()[-1])
            words = max(words, (str(row["time"]), str(row["message"])))
    return words[1]


def _kept(store: Store, keys: RunKeys, shard: int) -> set[Slot]:
    folder = keys.parts_folder(shard)
    torn = torn_journals(store, folder)
    bodies = [store.read(entry.key) for entry in store.list(folder)] + [read_torn(store, key) for key in torn]
    records = (record for body in bodies for record in parse_part(body)[1])
    return {record.slot for record in records if isinstance(record, Measurement)}
