"""How far a run is by its store alone: what workers somewhere else keep and commit, told as their events."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor

from ..engine.events import Event, ShardEnded, finished
from ..engine.lines import records_of
from ..records.measurement import Measurement
from ..records.plan import Plan
from ..storage.layout import RunKeys, shard_of
from ..storage.port import Store

READ_AT_ONCE = 16  # a bucket answers each request in its own time
_PART = re.compile(r"/parts/[^/]+$")


class Tally:
    """Reads each part and each commit once; a look costs one listing and what is new."""

    def __init__(self, store: Store, plan: Plan, open_shards: Collection[int]) -> None:
        self._open = frozenset(open_shards)  # when the run began; the others are known
        self._store = store
        self._keys = RunKeys(plan.suite, plan.run_id)
        self._seen: set[str] = set()
        self._known: Counter[int] = Counter()
        self._looked = False
        self.committed: set[int] = set()

    def news(self) -> list[Event]:
        """What was kept and committed since the last look."""
        entries = [entry.key for entry in self._store.list(self._keys.shards_folder)]
        fresh = [key for key in entries if key not in self._seen]
        parts = [key for key in fresh if _PART.search(key) and shard_of(key) not in self.committed]
        with ThreadPoolExecutor(READ_AT_ONCE) as pool:
            bodies = pool.map(self._store.read, parts)
            events = [event for key, body in zip(parts, bodies, strict=True) for event in self._kept(key, body)]
        events += [event for key in fresh if key.endswith("/commit.json") for event in self._ended(key)]
        self._seen.update(fresh)
        self._looked = True
        return events

    def kept_in(self, shard: int) -> int:
        """Measurements in the shard's parts, those of several attempts each counted."""
        return self._known[shard]

    def _kept(self, key: str, body: bytes) -> Iterator[Event]:
        shard = shard_of(key)
        if shard is None:
            return
        for record in records_of(body):
            if isinstance(record, Measurement):
                self._known[shard] += 1
                yield finished(record, shard, earlier=not self._looked)

    def _ended(self, key: str) -> Iterator[Event]:
        shard = shard_of(key)
        if shard is not None:
            self.committed.add(shard)
            if shard in self._open:
                yield ShardEnded(shard)
