"""Shards are read ahead, in order, and never more of them than fit."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.app.ahead import AT_ONCE, SLOTS_AHEAD, in_advance
from evalfactory.records.plan import ShardPlan
from placed_given import plan


def _shards(sizes: list[int]) -> list[ShardPlan]:
    shards = plan(len(sizes)).shards
    return [shard.model_copy(update={"slots": slots}) for shard, slots in zip(shards, sizes, strict=True)]


@given(st.lists(st.integers(1, 2 * SLOTS_AHEAD), max_size=40))
def test_every_shard_comes_in_its_turn_and_what_is_held_is_bounded(sizes: list[int]) -> None:
    taken: list[int] = []
    lock, begun = threading.Lock(), list[int]()

    def read(shard: ShardPlan) -> int:
        with lock:
            begun.append(shard.index)
        return shard.index

    for index in in_advance(read, _shards(sizes)):
        taken.append(index)
        with lock:
            ahead = [sizes[number] for number in begun if number > index]
        assert len(ahead) <= AT_ONCE
        assert sum(ahead) <= SLOTS_AHEAD
    assert taken == list(range(len(sizes)))


def test_what_one_shard_raises_comes_after_what_was_read_before_it() -> None:
    def read(shard: ShardPlan) -> int:
        if shard.index == 2:
            raise FileNotFoundError("shard 2")
        return shard.index

    found = in_advance(read, _shards([1] * 5))
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(FileNotFoundError, match="shard 2"):
        next(found)
