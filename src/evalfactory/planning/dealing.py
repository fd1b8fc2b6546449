"""Cases dealt over shards."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, assert_never

Dealing = Literal["weight", "modulo", "range"]

SHARDS_PER_WORKER = 4  # whoever is done early takes another shard
MOST_SHARDS_PER_WORKER = 16  # the last ones to end wait for each other for a part of a shard: for little, then
FEWEST_CASES = 10  # below that a shard's own files and its worker's start cost more than they even out
ENOUGH_CASES = 100  # in each shard, before there are more than four a worker
MOST_CASES = 2_000  # above that parts and commits grow beyond what is pleasant to read back at once
MOST_SHARDS = 1_000  # finished pods by the thousand slow a cluster down


def shard_count(cases: int, *, workers: int) -> int:
    """How many shards to cut `cases` into when nobody has said it.

    A multiple of the workers, so that nearly equal shards end together: four a worker, and up to sixteen as long as
    each has a hundred cases; fewer than four where shards would have less than 10 cases; more where they would have
    more than 2,000; not above 1,000 unless there are more workers; never more than cases. 20 cases for 2 workers make
    2 shards: all of them are in flight at once anyway.
    """
    if cases < 0 or workers < 1:
        raise ValueError("cases and at least one worker are needed")
    roomy = min(MOST_SHARDS_PER_WORKER, cases // (ENOUGH_CASES * workers))
    rounds = max(SHARDS_PER_WORKER, roomy, -(-cases // (MOST_CASES * workers)))
    rounds = min(rounds, cases // (FEWEST_CASES * workers), MOST_SHARDS // workers)
    return min(workers * max(rounds, 1), cases)


def deal(ids: Sequence[str], weights: Sequence[float], shards: int, *, how: Dealing = "weight") -> list[list[int]]:
    """For each shard the positions in `ids` of its cases; the same shards whatever the order of `ids`.

    Every position is in exactly one shard, and no shard is empty unless there are fewer cases than shards.
    `modulo` and `range` deal the ids in their sorted order, in turn or in stretches of equal length. `weight` gives the
    heaviest case left to the lightest shard (longest processing time first: R. L. Graham, Bounds on multiprocessing
    timing anomalies, SIAM J. Appl. Math. 17, 1969): no shard outweighs another by more than its own lightest case, and
    the heaviest is at most a third above the best possible. In a shard the heavy cases come first.
    """
    if len(ids) != len(weights) or shards < 1:
        raise ValueError("a weight for each id and at least one shard are needed")
    if not all(0 <= weight < float("inf") for weight in weights):
        raise ValueError("a weight is a number of calls, zero or more")
    in_order = sorted(range(len(ids)), key=ids.__getitem__)
    match how:
        case "weight":
            return _by_weight(in_order, weights, shards)
        case "modulo":
            return [in_order[shard::shards] for shard in range(shards)]
        case "range":
            bounds = [len(ids) * shard // shards for shard in range(shards + 1)]
            return [in_order[start:stop] for start, stop in pairwise(bounds)]
        case _:
            assert_never(how)


def _by_weight(in_order: list[int], weights: Sequence[float], shards: int) -> list[list[int]]:
    piles: list[list[int]] = [[] for _ in range(shards)]
    lightest = [(0.0, 0, shard) for shard in range(shards)]
    for place in sorted(in_order, key=lambda place: -weights[place]):
        load, cases, shard = lightest[0]
        piles[shard].append(place)
        heapq.heapreplace(lightest, (load + weights[place], cases + 1, shard))
    return piles
