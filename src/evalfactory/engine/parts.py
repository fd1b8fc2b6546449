"""A shard's lines on their way into the store: at once into a local journal, or in parts to an object store."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ..errors import UnavailableError
from ..records.measurement import Exchanges, Measurement, Output, PartHeader, PartRef
from ..storage.journal import Journal, open_journal, read_torn, torn_journals
from ..storage.layout import part_name
from ..storage.port import Store
from .lines import damaged_lines, line_of, records_of
from .station import Station


class PartWriter:
    """Takes a shard's lines from one attempt, into files in one folder. `seal` returns the parts that then hold them.

    In a local folder each line is in the file before `add` returns, so that a killed process loses nothing; on an
    object store a line is safe after the next `flush`.
    """

    def __init__(self, store: Store, folder: str, header: PartHeader) -> None:
        self._store = store
        self._folder = folder
        self._header = header
        self._sealed: list[PartRef] = []
        self._flushing = asyncio.Lock()
        self._fault: UnavailableError | None = None
        self._number = 0
        self._journal: Journal | None = None
        self._begin()

    def add(self, record: Measurement | Output | Exchanges) -> None:
        """Keep one line. Raises `UnavailableError` when a local disk cannot take it."""
        with self._unbroken():
            if self._lines == 0:
                self._journal = open_journal(self._store, self._folder + self._name)
                self._write(self._header)
            self._write(record)

    async def flush(self) -> None:
        """Make what was added since the last flush safe on an object store."""
        if self._journal is None and self._lines:
            async with self._flushing:
                await self._publish()

    async def seal(self) -> tuple[PartRef, ...]:
        """Close the last part and return all of this attempt's parts."""
        async with self._flushing:
            await self._publish()
        return tuple(self._sealed)

    def _begin(self) -> None:
        self._number += 1
        self._name = part_name(self._header.attempt, self._number)
        self._hash = hashlib.sha256()
        self._size = self._lines = 0
        self._buffer: list[bytes] = []
        self._journal = None

    def _write(self, record: PartHeader | Measurement | Output | Exchanges) -> None:
        line = line_of(record)
        if self._journal is not None:
            self._journal.append(line)
        else:
            self._buffer.append(line)
        self._hash.update(line)
        self._size += len(line)
        self._lines += 1

    async def _publish(self) -> None:
        with self._unbroken():
            if self._lines == 0:
                return
            ref = PartRef(name=self._name, sha256=self._hash.hexdigest(), size=self._size, lines=self._lines)
            journal, body = self._journal, b"".join(self._buffer)
            self._begin()  # what is added meanwhile goes into the next part
            if journal is not None:
                await asyncio.to_thread(journal.seal)
            else:
                await asyncio.to_thread(self._store.create, self._folder + ref.name, body)
            self._sealed.append(ref)

    @contextmanager
    def _unbroken(self) -> Iterator[None]:
        """Within it a fault of the store is final: a commit must never name a part that is not there."""
        if self._fault is not None:
            raise self._fault
        try:
            yield
        except UnavailableError as error:
            self._fault = error
            raise


class Earlier(NamedTuple):
    """A part that another attempt left behind. Without `ref` it cannot be committed as it is, and its lines must be copied."""

    ref: PartRef | None
    records: Iterator[PartHeader | Measurement | Output | Exchanges]
    damage: str = ""  # what was found to be wrong with it, in words


def earlier_parts(station: Station, folder: str) -> Iterator[Earlier]:
    """What other attempts of a shard have kept in one of its folders, sealed parts first; torn last lines and damaged ones left out.

    Parts of another plan are passed over: the merge would refuse them.
    """
    store = station.store
    torn = torn_journals(store, folder)  # listed first: one that is sealed meanwhile is among the sealed ones too
    sealed = [entry.key for entry in store.list(folder)]
    torn = [key for key in torn if key not in sealed]
    for key in [*sealed, *torn]:
        if f"/{station.attempt}-" in key:
            continue
        body = read_torn(store, key) if key in torn else store.read(key)
        if not body and key in torn:  # its writer died before it wrote anything
            continue
        damage = _damage(key, body)
        records = records_of(body)
        header = next(records, None)
        if not isinstance(header, PartHeader):
            yield Earlier(None, iter(()), f"{key}: its first line cannot be read; what it kept is measured again")
        elif header.plan_digest == station.plan.digest:
            yield Earlier(None if key in torn or damage else _ref(key, body), records, damage)


def _damage(key: str, body: bytes) -> str:
    lines = damaged_lines(body)
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return f"{key}: line {lines[0]}{more} was changed; what it kept is measured again" if lines else ""


def _ref(key: str, body: bytes) -> PartRef:
    name = key.rsplit("/", 1)[1]
    return PartRef(name=name, sha256=hashlib.sha256(body).hexdigest(), size=len(body), lines=body.count(b"\n"))
