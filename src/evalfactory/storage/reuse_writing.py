"""Adding to the index by fingerprint, and keeping it to a few tables.

The index is a set that only grows, kept in a few immutable tables. Each committed shard adds one small table. `compact`
writes one table with all that is in several small ones, and deletes those *afterwards*. So at every moment every entry
is in some table, whoever compacts at the same time and whoever dies at it; an entry in two tables does no harm. Nothing
here needs a conditional write.

A table's name begins with a number above those of the tables it replaces. An object store lists in the order of names:
a listing that comes too late for a table that was replaced still meets its replacement.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from ..errors import InputError
from .fingerprint_table import DamagedTable, Location, encode, mark_of, merged, parse_head
from .keys import escaped
from .layout import FINGERPRINTS
from .port import Entry, Store

GROWTH = 3  # a table is rewritten when those smaller than it have grown to a third of it
LARGEST = 64 * 1024 * 1024  # bytes; a table of three million entries is left alone for good


def add(store: Store, entries: Mapping[str, Location], unique_name: str) -> None:
    """Add fingerprints (64 hexadecimal digits) of committed records. The same call twice changes nothing."""
    if not entries:
        return
    body = encode({mark_of(fingerprint): place for fingerprint, place in entries.items()})
    store.create(_key(0, escaped(unique_name), body), body)


def compact(store: Store) -> int:
    """How many tables were replaced by one. Safe at any time, any number at once, and to be killed at any point.

    Takes the smallest tables as long as the next one is not much larger than all before it: an entry is rewritten
    about log(entries) times in its life, and about log(entries) tables remain.
    """
    tables = store.list(FINGERPRINTS)
    chosen = _worth_merging(tables)
    if len(chosen) < 2:
        return 0
    try:
        body = merged([_whole(store, table.key) for table in sorted(chosen, key=age)])
    except FileNotFoundError:
        return 0  # another compaction was faster
    number = 1 + max(_number(table.key) for table in tables)
    if not store.create(_key(number, "merged", body), body):
        return 0  # only a damaged store holds other bytes under this name
    for table in chosen:
        store.delete(table.key)
    return len(chosen)


def _worth_merging(tables: Iterable[Entry]) -> list[Entry]:
    by_size = sorted((table for table in tables if table.size < LARGEST), key=lambda table: table.size)
    chosen: list[Entry] = []
    total = 0
    for table in by_size:
        if chosen and table.size > GROWTH * total:
            break
        chosen.append(table)
        total += table.size
    return chosen


def _key(number: int, name: str, body: bytes) -> str:
    return f"{FINGERPRINTS}{number:012}-{name}-{_digest(body)}"


def _number(key: str) -> int:
    digits = key.removeprefix(FINGERPRINTS).partition("-")[0]
    return int(digits) if digits.isdecimal() else 0


def age(table: Entry) -> tuple[float, str]:
    """What sorts tables by when they came into being, by the store's clock."""
    return table.modified_s, table.key


def proved(key: str, body: bytes) -> bytes:
    """A whole table, if it is what was written under this name; `DamagedTable` otherwise."""
    parse_head(body)
    if not key.endswith(_digest(body)):
        raise DamagedTable("its digest differs from its name's")
    return body


def _whole(store: Store, key: str) -> bytes:
    try:
        return proved(key, store.read(key))
    except DamagedTable as error:
        raise damaged(store, key, error) from error


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


def damaged(store: Store, key: str, error: DamagedTable) -> InputError:
    """The error that names a damaged table."""
    return InputError(
        f"a file of the index of earlier results is damaged: {store.url}/{key}: {error}",
        hint="delete this one file: at worst what it pointed to is measured again",
    )
