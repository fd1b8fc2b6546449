"""A part's bytes as records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from pydantic import TypeAdapter, ValidationError

from ..records.measurement import Measurement, Output, PartHeader, PartLine

PART_LINE: TypeAdapter[PartHeader | Measurement | Output] = TypeAdapter(PartLine)


def records_of(body: bytes) -> Iterator[PartHeader | Measurement | Output]:
    """The records of a part, one after the other; lines that are none are left out."""
    start = 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        with suppress(ValidationError):
            yield PART_LINE.validate_json(body[start:end])
        start = end + 1


def parse_part(body: bytes) -> tuple[PartHeader | None, list[Measurement | Output]]:
    """The header and the records of a part; lines that are no records are left out."""
    header: PartHeader | None = None
    records: list[Measurement | Output] = []
    for record in records_of(body):
        if isinstance(record, PartHeader):
            header = header or record
        else:
            records.append(record)
    return header, records
