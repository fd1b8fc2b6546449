"""A part's bytes as records."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from ..records.measurement import Measurement, Output, PartHeader, PartLine

PART_LINE: TypeAdapter[PartHeader | Measurement | Output] = TypeAdapter(PartLine)


def parse_part(body: bytes) -> tuple[PartHeader | None, list[Measurement | Output]]:
    """The header and the records of a part; lines that are no records are left out."""
    header: PartHeader | None = None
    records: list[Measurement | Output] = []
    for line in body.split(b"\n"):
        try:
            record = PART_LINE.validate_json(line)
        except ValidationError:
            continue
        if isinstance(record, PartHeader):
            header = header or record
        else:
            records.append(record)
    return header, records
