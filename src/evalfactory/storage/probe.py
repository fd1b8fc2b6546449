"""What a store really does, tried out: promises differ between services that speak the same protocol."""

from __future__ import annotations

import secrets
import time

from ..records.plan import StoreFacts
from .layout import LIMITS
from .local import LocalStore
from .port import Store

PAYLOAD = b'{"probe": %d}'


def what_to_record(store: Store) -> StoreFacts | None:
    """What a plan says of its store; nothing of a folder, whose file system refuses a second link of one name."""
    return None if isinstance(store, LocalStore) else probe(store)


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
