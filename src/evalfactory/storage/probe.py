"""What a store really does, tried out: promises differ between services that speak the same protocol."""

from __future__ import annotations

import secrets
import time
from typing import NamedTuple

from .layout import LIMITS
from .port import Store

PAYLOAD = b'{"probe": %d}'


class StoreFacts(NamedTuple):
    """What was found out."""

    creates_once: bool  # a second `create` of a key is refused, and leaves it as it was
    knows_its_own: bool  # a `create` that is repeated with the same bytes counts as done
    reads_back: bool  # what was written is read at once
    lists_at_once: bool  # what was written is listed at once
    deletes: bool
    ahead_s: float  # its clock against this machine's


def probe(store: Store) -> StoreFacts:
    """Write, read, list and delete one small object. Raises `UnavailableError` when the store does not allow that."""
    key = f"{LIMITS}probe-{secrets.token_hex(8)}"
    before_s = time.time()
    first = store.create(key, PAYLOAD % 1)
    after_s = time.time()
    again = store.create(key, PAYLOAD % 1)
    second = store.create(key, PAYLOAD % 2)
    held = store.read(key)
    listed = [entry for entry in store.list(LIMITS) if entry.key == key]
    store.delete(key)
    gone = not any(entry.key == key for entry in store.list(LIMITS))
    now_s = listed[0].modified_s if listed else before_s
    return StoreFacts(
        creates_once=first and not second and held == PAYLOAD % 1,
        knows_its_own=again,
        reads_back=held in (PAYLOAD % 1, PAYLOAD % 2),
        lists_at_once=bool(listed),
        deletes=gone,
        ahead_s=round(min(now_s - before_s, 0.0) if now_s < before_s else max(now_s - after_s, 0.0), 1),
    )
