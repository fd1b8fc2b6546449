"""A folder of a store with everything in it, gone."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

from .local import LocalStore
from .port import Store

AT_ONCE = 8


def remove(store: Store, prefix: str, *, last: str | None = None) -> None:
    """Delete every object below `prefix` (ending in `/`), `last` after all others."""
    keys = [entry.key for entry in store.list(prefix)]
    with ThreadPoolExecutor(AT_ONCE) as deleting:
        list(deleting.map(store.delete, (key for key in keys if key != last)))
    if last is not None:
        store.delete(last)
    if isinstance(store, LocalStore):  # journals whose writer died, and the folders themselves
        shutil.rmtree(store.path(prefix.rstrip("/")), ignore_errors=True)
