"""The index by fingerprint, over all suites of a store: a look-up, not a scan of history."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from ..errors import UnavailableError
from .fingerprint_table import DamagedTable, Head, Location, head_length, look_up, mark_of, merged, parse_head
from .layout import FINGERPRINTS
from .port import Entry, Store
from .reuse_writing import add, age, compact, damaged, proved

__all__ = ["Index", "Location", "add", "compact"]

FIRST_READ = 64 * 1024  # bytes; the head of a large table, and all of a small one
BLOCK = 256 * 1024  # bytes; what is read of a large table at once: a request costs as much as these
BLOCKS_KEPT = 128  # 32 MiB, however large the index is
READERS = 8  # requests at once
_TRIES = 20

Item = TypeVar("Item")
Made = TypeVar("Made")


class _Large(NamedTuple):
    """A table that is read in blocks."""

    key: str
    head: Head


class _View(NamedTuple):
    """The index at one moment: all small tables as one, and the large ones, late ones first."""

    small: bytes
    small_head: Head | None
    large: tuple[_Large, ...]


class Index:
    """Look-ups for one process, safe for many threads. Sees what was added before its first look or last `refresh`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._view: _View | None = None
        self._looking = threading.Lock()
        self._opened: dict[str, bytes | _Large] = {}
        self._blocks = _Blocks(store)

    def find(self, fingerprints: Iterable[str]) -> dict[str, Location]:
        """Where the records of these fingerprints live, as far as any were added; of several places a late one.

        A place may have been deleted since: then its fingerprint is to be treated as not found.
        """
        wanted = {mark_of(fingerprint): fingerprint for fingerprint in fingerprints}
        if not wanted:
            return {}
        for _ in range(_TRIES):
            view = None
            try:
                view = self._look()
                return {wanted[mark]: place for mark, place in self._find(view, set(wanted)).items()}
            except FileNotFoundError:  # a table was replaced since we listed
                self._forget(view)
        raise UnavailableError(
            f"the index of earlier results changes faster than it can be read: {self._store.url}/{FINGERPRINTS}",
            hint="is something deleting files there? --fresh works without the index",
        )

    def refresh(self) -> None:
        """Make the next look see what was added meanwhile."""
        self._forget(self._view)

    def _forget(self, view: _View | None) -> None:
        with self._looking:
            if self._view is view:
                self._view = None

    def _look(self) -> _View:
        """The view, made by whoever comes first; tables that are known already are not read again."""
        with self._looking:
            if self._view is None:
                listed = sorted(self._store.list(FINGERPRINTS), key=age)
                new = [entry for entry in listed if entry.key not in self._opened]
                known = self._opened | dict(zip((e.key for e in new), _at_once(self._open, new), strict=True))
                self._opened = {entry.key: known[entry.key] for entry in listed}
                self._view = _view_of(list(self._opened.values()))
            return self._view

    def _open(self, entry: Entry) -> bytes | _Large:
        """A small table's bytes, or a large one's head."""
        start = self._store.read(entry.key, 0, FIRST_READ)
        try:
            missing = head_length(start) - len(start)
            if missing > 0 and len(start) < entry.size:
                start += self._store.read(entry.key, len(start), missing)
            head = parse_head(start)
            if head.size != entry.size:
                raise DamagedTable("cut short")
            return proved(entry.key, start) if len(start) == entry.size else _Large(entry.key, head)
        except DamagedTable as error:
            raise damaged(self._store, entry.key, error) from error

    def _find(self, view: _View, left: set[bytes]) -> dict[bytes, Location]:
        found: dict[bytes, Location] = {}
        if view.small_head is not None:
            found |= look_up(view.small_head, left, view.small, 0)
        for table in view.large:
            left -= found.keys()
            try:
                found |= self._blocks.find(table, left)
            except DamagedTable as error:
                raise damaged(self._store, table.key, error) from error
        return found


class _Blocks:
    """The blocks of large tables that were asked for last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, table: _Large, marks: Iterable[bytes]) -> dict[bytes, Location]:
        """Those of `marks` that are in the table, with their places."""
        needed: dict[range, list[bytes]] = {}
        for mark in marks:
            start, stop = table.head.span(mark)
            if start < stop:
                needed.setdefault(range(start // BLOCK, (stop - 1) // BLOCK + 1), []).append(mark)
        blocks = self._read(table, sorted({number for numbers in needed for number in numbers}))
        found: dict[bytes, Location] = {}
        for numbers, some in needed.items():
            body = b"".join(blocks[number] for number in numbers)
            found |= look_up(table.head, some, body, numbers.start * BLOCK)
        return found

    def _read(self, table: _Large, numbers: Sequence[int]) -> dict[int, bytes]:
        with self._lock:
            blocks = {number: body for number in numbers if (body := self._kept.get((table.key, number))) is not None}
        missing = [number for number in numbers if number not in blocks]
        read = _at_once(lambda number: self._store.read(table.key, number * BLOCK, BLOCK), missing)
        blocks |= zip(missing, read, strict=True)
        with self._lock:
            for number, body in blocks.items():
                self._kept[table.key, number] = body
                self._kept.move_to_end((table.key, number))
            while len(self._kept) > BLOCKS_KEPT:
                self._kept.popitem(last=False)
        return blocks


def _view_of(tables: list[bytes | _Large]) -> _View:
    """The view of opened tables, early ones first."""
    small = [table for table in tables if isinstance(table, bytes)]
    together = small[0] if len(small) == 1 else merged(small)
    large = tuple(table for table in reversed(tables) if isinstance(table, _Large))
    return _View(together, parse_head(together) if small else None, large)


def _at_once(work: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
    """`work` done on every item, a few at a time."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(READERS) as readers:
        return list(readers.map(work, items))
