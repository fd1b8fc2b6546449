"""How far a run is costs as little to ask of many shards as of few."""

from __future__ import annotations

from evalfactory.app.status import run_status
from evalfactory.records.plan import content_digest
from evalfactory.storage.layout import RunKeys
from fakes.memory_store import MemoryStore, WatchedStore
from placed_given import plan


def _operations(shards: int) -> int:
    """Of the store, to say how far a run of so many shards is that has not begun."""
    store, drawn = MemoryStore(), plan(shards)
    wanted = drawn.model_copy(update={"digest": content_digest(drawn.model_dump(mode="json"))})
    keys = RunKeys(wanted.suite, wanted.run_id)
    store.put(keys.plan, wanted.model_dump_json().encode())
    watched = WatchedStore(store, lambda _: None)
    status = run_status(watched, keys)
    assert (status.state, status.shards, status.pending) == ("planned", shards, shards)
    return watched.operations


def test_shards_that_nobody_has_begun_cost_no_request() -> None:
    assert _operations(300) == _operations(3)
