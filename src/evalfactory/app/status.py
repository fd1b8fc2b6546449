"""How far a run is, from the store alone: works for any run, wherever its workers are."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from ..engine.commits import commit_body, read_commit
from ..engine.lines import parse_part
from ..records.measurement import Measurement
from ..records.plan import Plan
from ..storage.journal import read_torn, torn_journals
from ..storage.layout import AGGREGATOR, RunKeys, shard_of
from ..storage.port import Store
from .planning import read_plan
from .reports import verdict_of

READ_AT_ONCE = 16  # a bucket answers each request in its own time, and a run may have thousands of shards


class RunStatus(NamedTuple):
    """Counts are slots, but for the shards."""

    run_id: str
    suite: str
    tier: str
    selection: str  # of a quick look, in words; empty for a whole tier
    created_at: str
    state: str  # `complete`, `begun` or `planned`
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
    files = _files(store, keys)
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(READ_AT_ONCE) as pool:
        for counted in pool.map(partial(_counted, store, keys, plan), files, files.values()):
            counts.update(counted)
    committed, kept = counts["committed"], counts["kept"]
    done = counts["scored"] + counts["errored"] + counts["skipped"]
    state = "complete" if committed == len(plan.shards) else "begun" if committed or kept else "planned"
    return RunStatus(
        run_id=plan.run_id,
        suite=plan.suite,
        tier=plan.tier,
        selection=plan.selection,
        created_at=plan.created_at,
        state=state,
        planned=plan.slots,
        scored=counts["scored"],
        errored=counts["errored"],
        skipped=counts["skipped"],
        kept=kept,
        pending=plan.slots - done - kept,
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


def _files(store: Store, keys: RunKeys) -> dict[int, list[str]]:
    """By shard, its commit and its parts, sealed or not: two listings, however many shards there are."""
    torn = torn_journals(store, keys.shards_folder)  # listed first: one that is sealed meanwhile is found all the same
    found: defaultdict[int, list[str]] = defaultdict(list)
    for key in dict.fromkeys([*(entry.key for entry in store.list(keys.shards_folder)), *torn]):
        shard = shard_of(key)
        if shard is not None and (key == keys.commit(shard) or key.startswith(keys.parts_folder(shard))):
            found[shard].append(key)
    return found


def _counted(store: Store, keys: RunKeys, plan: Plan, shard: int, files: Sequence[str]) -> Counter[str]:
    """A shard's slots by state, or how many are kept of one that is not committed."""
    if keys.commit(shard) in files:
        commit = read_commit(keys, plan, shard, commit_body(store, keys, plan, shard))
        return Counter(committed=1, scored=commit.scored, errored=commit.errored, skipped=commit.skipped)
    records = (record for key in files for record in parse_part(read_torn(store, key))[1])
    return Counter(kept=len({record.slot for record in records if isinstance(record, Measurement)}))
