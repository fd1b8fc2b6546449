"""The index by fingerprint, over all suites of a store: a look-up, not a scan of history.

The index is a set that only grows, kept in a few immutable tables. Each committed shard adds one small table. `compact`
writes one table with all that is in several small ones, and deletes those *afterwards*. So at every moment every entry
is in some table, whoever compacts at the same time and whoever dies at it; an entry in two tables does no harm. Nothing
here needs a conditional write.

A table's name begins with a number above those of the tables it replaces. An object store lists in the order of names:
a listing that comes too late for a table that was replaced still meets its replacement.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from ..errors import InputError, UnavailableError
from .fingerprint_table import (
    DamagedTable,
    Head,
    Location,
    encode,
    head_length,
    look_up,
    mark_of,
    merged,
    parse_head,
)
from .keys import escaped
from .layout import FINGERPRINTS
from .port import Entry, Store

__all__ = ["Index", "Location", "add", "compact"]

FIRST_READ = 64 * 1024  # bytes; the head of a table, and all of a small one
GAP = 128 * 1024  # bytes; less than this between two wanted places is read through: a request costs as much
READERS = 8  # requests at once
GROWTH = 3  # a table is rewritten when those smaller than it have grown to a third of it
LARGEST = 64 * 1024 * 1024  # bytes; a table of three million entries is left alone for good
_TRIES = 20

Item = TypeVar("Item")
Made = TypeVar("Made")


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
        body = merged([_whole(store, table.key) for table in sorted(chosen, key=_age)])
    except FileNotFoundError:
        return 0  # another compaction was faster
    number = 1 + max(_number(table.key) for table in tables)
    if not store.create(_key(number, "merged", body), body):
        return 0  # only a damaged store holds other bytes under this name
    for table in chosen:
        store.delete(table.key)
    return len(chosen)


class _Table(NamedTuple):
    key: str
    size: int
    head: Head
    start: bytes  # the first bytes, kept when they are all


class Index:
    """Look-ups for one process. Sees what was added before its first look, or before the last `refresh`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tables: dict[str, _Table] = {}
        self._fresh = False

    def find(self, fingerprints: Iterable[str]) -> dict[str, Location]:
        """Where the records of these fingerprints live, as far as any were added; of several places a late one.

        A place may have been deleted since: then its fingerprint is to be treated as not found.
        """
        wanted = {mark_of(fingerprint): fingerprint for fingerprint in fingerprints}
        if not wanted:
            return {}
        for _ in range(_TRIES):
            try:
                if not self._fresh:
                    self._list()
                return self._find(wanted)
            except FileNotFoundError:  # a table was replaced since we listed
                self._fresh = False
        raise UnavailableError(
            f"the index of earlier results changes faster than it can be read: {self._store.url}/{FINGERPRINTS}",
            hint="is something deleting files there? --fresh works without the index",
        )

    def refresh(self) -> None:
        """Make the next look see what was added meanwhile."""
        self._fresh = False

    def _list(self) -> None:
        """List the tables; heads of those that are known are kept."""
        listed = sorted(self._store.list(FINGERPRINTS), key=_age, reverse=True)
        new = [entry for entry in listed if entry.key not in self._tables]
        known = self._tables | {table.key: table for table in _at_once(self._opened, new)}
        self._tables = {entry.key: known[entry.key] for entry in listed}
        self._fresh = True

    def _find(self, wanted: Mapping[bytes, str]) -> dict[str, Location]:
        found: dict[str, Location] = {}
        left = set(wanted)
        for table in self._tables.values():  # late ones first
            try:
                hits = dict(self._hits(table, sorted(left)))
            except DamagedTable as error:
                raise _damaged(self._store, table.key, error) from error
            found |= {wanted[mark]: place for mark, place in hits.items()}
            left -= hits.keys()
        return found

    def _hits(self, table: _Table, marks: list[bytes]) -> Iterator[tuple[bytes, Location]]:
        if len(table.start) == table.size:
            yield from look_up(table.head, marks, table.start, 0)
            return
        stretches = list(_stretches(table.head, marks))
        bodies = _at_once(lambda it: self._store.read(table.key, it.start, it.stop - it.start), stretches)
        for stretch, body in zip(stretches, bodies, strict=True):
            yield from look_up(table.head, stretch.marks, body, stretch.start)

    def _opened(self, entry: Entry) -> _Table:
        start = self._store.read(entry.key, 0, FIRST_READ)
        try:
            missing = head_length(start) - len(start)
            if missing > 0 and len(start) < entry.size:
                start += self._store.read(entry.key, len(start), missing)
            head = parse_head(start)
            if head.size != entry.size:
                raise DamagedTable("cut short")
        except DamagedTable as error:
            raise _damaged(self._store, entry.key, error) from error
        return _Table(entry.key, entry.size, head, start if len(start) == entry.size else b"")


class _Stretch(NamedTuple):
    """Bytes of a table to read at once, and the marks that are among them if anywhere."""

    start: int
    stop: int
    marks: list[bytes]


def _stretches(head: Head, marks: list[bytes]) -> Iterator[_Stretch]:
    """The stretches that hold the spans of `marks` (sorted), close ones joined."""
    current: _Stretch | None = None
    for mark in marks:
        start, stop = head.span(mark)
        if start == stop:
            continue
        if current and start - current.stop <= GAP:
            current = _Stretch(current.start, max(stop, current.stop), [*current.marks, mark])
        else:
            if current:
                yield current
            current = _Stretch(start, stop, [mark])
    if current:
        yield current


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


def _at_once(work: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
    """`work` done on every item, a few at a time."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(READERS) as readers:
        return list(readers.map(work, items))


def _key(number: int, name: str, body: bytes) -> str:
    return f"{FINGERPRINTS}{number:012}-{name}-{_digest(body)}"


def _number(key: str) -> int:
    digits = key.removeprefix(FINGERPRINTS).partition("-")[0]
    return int(digits) if digits.isdecimal() else 0


def _age(table: Entry) -> tuple[float, str]:
    return table.modified_s, table.key


def _whole(store: Store, key: str) -> bytes:
    """A whole table, proved by the digest in its name: what is wrong here would be merged into what is right."""
    body = store.read(key)
    try:
        if not key.endswith(_digest(body)):
            raise DamagedTable("its digest differs from its name's")
        parse_head(body)
    except DamagedTable as error:
        raise _damaged(store, key, error) from error
    return body


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


def _damaged(store: Store, key: str, error: DamagedTable) -> InputError:
    return InputError(
        f"a file of the index of earlier results is damaged: {store.url}/{key}: {error}",
        hint="delete this one file: at worst what it pointed to is measured again",
    )
