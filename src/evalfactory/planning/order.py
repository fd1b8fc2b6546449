"""The one order of a dataset's cases, of which every tier is a prefix."""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

_HASH_BYTES = 12  # two of a million cases share one with a chance of 1 in 10^17; the id decides then


def tier_order(ids: Sequence[str], strata: Sequence[str], *, seed: int = 0) -> list[int]:
    """Positions in `ids`, in the order that every tier is a prefix of; the same whatever the order of `ids`.

    Within a stratum, cases stand by the seeded hash of their id, so that a case that comes or goes leaves the others'
    order alone. Every prefix is a fair sample: a prefix of p of all N cases has, of a stratum of n, within one of n p/N.
    More exactly 1 - 1/(2 S - 2) with S strata, the least that can be had for all prefixes at once (R. Tijdeman, The
    chairman assignment problem, Discrete Mathematics 32, 1980), by earliest deadline first (G. Steiner and S. Yeomans,
    Level schedules for mixed-model, just-in-time processes, Management Science 39, 1993).
    """
    if len(ids) != len(strata):
        raise ValueError("a stratum for each id is needed")
    hashes = [_hash(case_id, seed) for case_id in ids]
    queues: dict[str, list[int]] = defaultdict(list)
    for place in sorted(range(len(ids)), key=lambda place: (hashes[place], ids[place])):
        queues[strata[place]].append(place)
    if len(queues) < 2:
        return [place for queue in queues.values() for place in queue]
    return list(_interleaved([queues[name] for name in sorted(queues)], hashes))


def select(order: Sequence[int], count: int | None, must_run: AbstractSet[int]) -> list[int]:
    """The first `count` of `order` (None: all), and all of `must_run` on top of them, in order."""
    chosen = []
    for place in order:
        if place in must_run:
            chosen.append(place)
        elif count is None or count > 0:
            chosen.append(place)
            count = None if count is None else count - 1
    return chosen


def _interleaved(queues: list[list[int]], hashes: list[bytes]) -> Iterator[int]:
    """All places, queue by queue in its own order, each inside its window; ties go to the smaller hash."""
    total = sum(len(queue) for queue in queues)
    waiting = [(1, name) for name in range(len(queues))]
    ready: list[tuple[int, bytes, int]] = []
    taken = [0] * len(queues)
    slack = 2 * len(queues) - 2
    for position in range(1, total + 1):
        while waiting and waiting[0][0] <= position:
            _, name = heapq.heappop(waiting)
            queue, nth = queues[name], taken[name] + 1
            latest = total * (nth * slack - 1) // (len(queue) * slack) + 1
            heapq.heappush(ready, (latest, hashes[queue[nth - 1]], name))
        _, _, name = heapq.heappop(ready)
        queue, nth = queues[name], taken[name]
        yield queue[nth]
        taken[name] = nth + 1
        if nth + 1 < len(queue):
            earliest = -(-total * ((nth + 1) * slack + 1) // (len(queue) * slack))
            heapq.heappush(waiting, (earliest, name))


def _hash(case_id: str, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}\0{case_id}".encode(), digest_size=_HASH_BYTES).digest()
