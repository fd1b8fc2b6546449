"""The bytes of an index table: sorted fingerprints, each with where its record lives, and a fan-out to find them by.

16 bytes    magic, bits of the fan-out, count of fingerprints, length of the locations
locations   zlib of JSON: [[suite, run id, shard, part], …]
fan-out     for each value of the first bits of a fingerprint: how many fingerprints come up to its end; 4 bytes each
records     the first 16 bytes of a fingerprint and the number of its location, 4 bytes; in order
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

MAGIC = b"EFX1"
MARK_BYTES = 16  # half of a SHA-256; whoever follows a location compares the whole of it
RECORD_BYTES = MARK_BYTES + 4
HEAD_BYTES = 16
_HEAD = struct.Struct("<4sB3xII")
_RECORD = struct.Struct(f"<{MARK_BYTES}sI")
_BUCKET = 256  # records that one fan-out step leaves to look through
_FEWEST_BITS, _MOST_BITS = 8, 16
_SLICE = 50_000  # records; above that a merge works through 256 slices, to stay small in memory


class Location(NamedTuple):
    """Where a committed record lives."""

    suite: str
    run_id: str
    shard: int
    part: str = ""  # name of the part, when it is known


class DamagedTable(Exception):
    """These bytes are no table of ours."""


class Head(NamedTuple):
    """All of a table but its records."""

    locations: tuple[Location, ...]
    ends: array[int]
    records_at: int

    @property
    def size(self) -> int:
        """Bytes of the whole table."""
        return self.records_at + self.ends[-1] * RECORD_BYTES

    def span(self, mark: bytes) -> tuple[int, int]:
        """First byte, and the one after the last, of the records among which `mark` is, if it is there."""
        bucket = int.from_bytes(mark[:4], "big") >> (32 - (len(self.ends).bit_length() - 1))
        return self.records_at + (self.ends[bucket - 1] if bucket else 0) * RECORD_BYTES, (
            self.records_at + self.ends[bucket] * RECORD_BYTES
        )


def mark_of(fingerprint: str) -> bytes:
    """The part of a fingerprint (64 hexadecimal digits) that tables hold."""
    mark = bytes.fromhex(fingerprint)[:MARK_BYTES]
    if len(fingerprint) != 64:
        raise ValueError(f"not a fingerprint: {fingerprint[:80]!r}")
    return mark


def head_length(start: bytes) -> int:
    """How many bytes come before the records, from the first 16."""
    try:
        magic, bits, _, locations = _HEAD.unpack_from(start)
    except struct.error:
        raise DamagedTable("cut short") from None
    if magic != MAGIC or not _FEWEST_BITS <= bits <= _MOST_BITS:
        raise DamagedTable("of another kind, or of a later version")
    return int(HEAD_BYTES + locations + (4 << bits))


def parse_head(start: bytes) -> Head:
    """The head of a table from its first `head_length` bytes or more."""
    records_at = head_length(start)
    if len(start) < records_at:
        raise DamagedTable("cut short")
    _, bits, count, _ = _HEAD.unpack_from(start)
    fan_out_at = records_at - (4 << bits)
    try:
        rows = json.loads(zlib.decompress(start[HEAD_BYTES:fan_out_at]))
        locations = tuple(Location(str(s), str(r), int(n), str(p)) for s, r, n, p in rows)
    except (zlib.error, ValueError, TypeError):
        raise DamagedTable("its locations cannot be read") from None
    ends = _little_endian(array("I", start[fan_out_at:records_at]))
    if ends[-1] != count or any(earlier > later for earlier, later in pairwise(ends)):
        raise DamagedTable("its fan-out does not add up")
    return Head(locations, ends, records_at)


def look_up(head: Head, marks: Iterable[bytes], body: bytes, offset: int) -> Iterator[tuple[bytes, Location]]:
    """Those of `marks` that are in the table, from its bytes at `offset`, which must hold their spans."""
    for mark in marks:
        start, stop = (edge - offset for edge in head.span(mark))
        at = body.find(mark, start, stop)
        while at >= 0 and (at + offset - head.records_at) % RECORD_BYTES:  # a coincidence between two records
            at = body.find(mark, at + 1, stop)
        if at >= 0:
            yield mark, _located(head, _RECORD.unpack_from(body, at)[1])


def encode(entries: Mapping[bytes, Location]) -> bytes:
    """A table of these marks."""
    numbers: dict[Location, int] = {}
    rows = [(mark, numbers.setdefault(entries[mark], len(numbers))) for mark in sorted(entries)]
    return _assembled(len(entries), [rows], list(numbers))


def merged(tables: Sequence[bytes]) -> bytes:
    """One table with all marks of `tables`; where they disagree the later one counts. Works through a slice at a time."""
    heads = [parse_head(body) for body in tables]
    numbers: dict[Location, int] = {}
    most = sum(head.ends[-1] for head in heads)
    width = 256 if most < _SLICE else 1
    renumbered = [[numbers.setdefault(place, len(numbers)) for place in head.locations] for head in heads]

    def rows() -> Iterator[list[tuple[bytes, int]]]:
        for first in range(0, 256, width):
            found: dict[bytes, int] = {}
            for body, head, names in zip(tables, heads, renumbered, strict=True):
                found |= _numbered(body, head, range(first, first + width), names)
            yield sorted(found.items())

    return _assembled(most, rows(), list(numbers))


def _numbered(body: bytes, head: Head, firsts: range, names: Sequence[int]) -> dict[bytes, int]:
    """The records of a table whose mark begins with one of these bytes."""
    start = head.span(bytes([firsts[0], 0, 0, 0]))[0]
    stop = head.span(bytes([firsts[-1], 255, 255, 255]))[1]
    try:
        return {mark: names[number] for mark, number in _RECORD.iter_unpack(memoryview(body)[start:stop])}
    except (struct.error, IndexError):
        raise DamagedTable("its records cannot be read") from None


def _assembled(most: int, slices: Iterable[list[tuple[bytes, int]]], locations: Sequence[Location]) -> bytes:
    """The table of sorted slices of rows, which have at most `most` rows; only locations in use are kept."""
    bits = min(max((most // _BUCKET).bit_length(), _FEWEST_BITS), _MOST_BITS)
    ends = array("I", bytes(4 << bits))
    used: dict[int, int] = {}
    records = bytearray()
    for rows in slices:
        for mark, number in rows:
            ends[int.from_bytes(mark[:4], "big") >> (32 - bits)] += 1
            records += _RECORD.pack(mark, used.setdefault(number, len(used)))
    count = 0
    for bucket, inside in enumerate(ends):
        count += inside
        ends[bucket] = count
    packed = zlib.compress(json.dumps([locations[number] for number in used], ensure_ascii=False).encode())
    head = _HEAD.pack(MAGIC, bits, count, len(packed))
    return b"".join((head, packed, _little_endian(ends).tobytes(), records))


def _located(head: Head, number: int) -> Location:
    try:
        return head.locations[number]
    except IndexError:
        raise DamagedTable("a record names no location") from None


def _little_endian(numbers: array[int]) -> array[int]:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers
