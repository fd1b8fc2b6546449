"""What a run needs, tried out before it is begun: each finding with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..storage.port import Store
from ..storage.probe import StoreFacts, probe

MOST_AHEAD_S = 5.0  # shares of limits are agreed on by the store's clock, in seconds


class Finding(NamedTuple):
    """One thing that was tried."""

    what: str
    is_well: bool
    said: str
    hint: str = ""


def store_findings(store: Store) -> list[Finding]:
    """What the store does of what results rely on. Raises `UnavailableError` when nothing can be written there."""
    return list(_findings(probe(store)))


def _findings(facts: StoreFacts) -> Iterator[Finding]:
    yield Finding(
        "create if absent",
        facts.creates_once,
        "one of two writers wins" if facts.creates_once else "a second writer overwrites the first",
        ""
        if facts.creates_once
        else "results stay whole, as each commit is complete by itself; never start one shard twice on purpose",
    )
    yield Finding("write again", facts.knows_its_own, "a write whose answer was lost is known as one's own")
    yield Finding("read back", facts.reads_back, "what is written is read at once")
    yield Finding("list after write", facts.lists_at_once, "what is written is listed at once")
    yield Finding(
        "delete", facts.deletes, "what is deleted is gone", "" if facts.deletes else "the key needs to delete"
    )
    in_time = abs(facts.ahead_s) <= MOST_AHEAD_S
    way = "ahead of" if facts.ahead_s > 0 else "behind"
    said = "agrees with this machine's" if in_time else f"is {abs(facts.ahead_s):g} s {way} this machine's"
    yield Finding("clock", in_time, said, "" if in_time else "set this machine's clock, or the store's")
