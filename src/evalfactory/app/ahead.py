"""Shards read ahead of the one that is merged: a bucket answers each request in its own time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ..records.plan import ShardPlan

AT_ONCE = 8
SLOTS_AHEAD = 4_000  # held in memory beside the shard that is merged; larger shards are read one by one

Found = TypeVar("Found")


def in_advance(read: Callable[[ShardPlan], Found], shards: Iterable[ShardPlan]) -> Iterator[Found]:
    """What is read of each shard, in order. Raises what reading one raises, in its turn."""
    rest = deque(shards)
    ahead: deque[tuple[int, Future[Found]]] = deque()
    slots = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while rest or ahead:
            while rest and (not ahead or (len(ahead) < AT_ONCE and slots + rest[0].slots <= SLOTS_AHEAD)):
                shard = rest.popleft()
                slots += shard.slots
                ahead.append((shard.slots, pool.submit(read, shard)))
            its_slots, reading = ahead.popleft()
            found = reading.result()
            slots -= its_slots
            yield found
