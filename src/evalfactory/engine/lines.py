"""A part's bytes as records, and back. Each line carries a checksum, so that one that was changed later counts for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from zlib import crc32

from pydantic import TypeAdapter, ValidationError

from ..records.measurement import Exchanges, Measurement, Output, PartHeader, PartLine

PART_LINE: TypeAdapter[PartHeader | Measurement | Output | Exchanges] = TypeAdapter(PartLine)

_SUM = b',"crc":"%08x"}'  # instead of the closing brace
_SUM_BYTES = len(_SUM % 0)


def line_of(record: PartHeader | Measurement | Output | Exchanges) -> bytes:
    """The line that a part keeps of a record."""
    body = record.model_dump_json().encode()
    return b"%s%s\n" % (body[:-1], _SUM % crc32(body))


def records_of(body: bytes) -> Iterator[PartHeader | Measurement | Output | Exchanges]:
    """The records of a part, one after the other; lines that are none, or not as they were written, are left out."""
    for _, content in _sound_lines(body):
        with suppress(ValidationError):
            yield PART_LINE.validate_json(content)


def damaged_lines(body: bytes) -> list[int]:
    """The numbers of the lines, from 1, that are not as they were written."""
    sound = {number for number, _ in _sound_lines(body)}
    return [number for number in range(1, sum(1 for _ in _lines(body)) + 1) if number not in sound]


def parse_part(body: bytes) -> tuple[PartHeader | None, list[Measurement | Output]]:
    """The header and the records of a part; lines that are no records, or not as they were written, are left out."""
    header: PartHeader | None = None
    records: list[Measurement | Output] = []
    for record in records_of(body):
        if isinstance(record, PartHeader):
            header = header or record
        elif not isinstance(record, Exchanges):
            records.append(record)
    return header, records


def _sound_lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and JSON of each line whose checksum is right. Parts of earlier versions have no checksums."""
    has_sums = b',"crc":"' in next(_lines(body), b"")
    for number, line in enumerate(_lines(body), start=1):
        content = line[:-_SUM_BYTES] + b"}" if has_sums else line
        if not has_sums or line.endswith(_SUM % crc32(content)):
            yield number, content


def _lines(body: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        yield body[start:end]
        start = end + 1
