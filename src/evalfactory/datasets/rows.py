"""A file's rows, whatever its format: raw values with the line they begin on, or the problem in their place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Literal, assert_never

from ..errors import InputError, Problem
from ..records.suite import DatasetSpec
from .compression import SUFFIXES
from .lines import Line, lines
from .problems import kind_of, shown
from .row import Row, located
from .strict_json import CUT_OFF, parse

Format = Literal["jsonl", "json", "csv", "parquet"]

_FORMATS: dict[str, Format] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
#: First bytes that tell another format than the one expected, and what to do about it.
_STRANGERS = {
    b"\xff\xfe": ("UTF-16", "save the file as UTF-8; from Excel, choose “CSV UTF-8”"),
    b"\xfe\xff": ("UTF-16", "save the file as UTF-8; from Excel, choose “CSV UTF-8”"),
    b"PAR1": ("Parquet", "say `format: parquet`"),
    b"PK\x03\x04": ("a zip archive or an Excel workbook", "save it as “CSV UTF-8”, or unpack it"),
    b"BZh": ("compressed with bzip2", "compress it with gzip or zstd"),
    b"\xfd7zXZ": ("compressed with xz", "compress it with gzip or zstd"),
}


def format_of(spec: DatasetSpec) -> Format:
    """The format that the spec states or the file's name tells. Raises `InputError` when neither does."""
    if spec.format is not None:
        return spec.format
    name = PurePosixPath(spec.path)
    if name.suffix.lower() in SUFFIXES:
        name = name.with_suffix("")
    if found := _FORMATS.get(name.suffix.lower()):
        return found
    raise InputError(
        f"{shown(spec.path, 300)}: the name does not tell the format", hint="say `format: jsonl` (json, csv, parquet)"
    )


def rows(source: BinaryIO, kind: Format) -> Iterator[Row | Problem]:
    """Every row of the file. Raises `InputError` with a problem inside when the rest cannot be read."""
    match kind:
        case "jsonl":
            return _jsonl(source)
        case "json":
            from .json_list import json_rows

            return json_rows(source)
        case "csv":
            from .csv_rows import csv_rows

            return csv_rows(source)
        case "parquet":
            from .parquet import parquet_rows

            return parquet_rows(source)
        case _:
            assert_never(kind)


def stranger(head: bytes, kind: Format) -> Problem | None:
    """What is wrong with a file that begins with `head`, if it is plainly of another kind."""
    if kind == "parquet":
        return None if head.startswith(b"PAR1") else Problem("not a Parquet file", hint="check `format` and the name")
    for magic, (what, hint) in _STRANGERS.items():
        if head.startswith(magic):
            return Problem(f"this is {what}", line=1, hint=hint)
    return None


def _jsonl(source: BinaryIO) -> Iterator[Row | Problem]:
    for line in lines(source):
        match line:
            case Line(number, text):
                if text.isspace():
                    continue
                yield _row(number, parse(text))
            case Problem():
                yield line


def _row(number: int, value: Any) -> Row | Problem:
    match value:
        case dict():
            return Row(number, value)
        case Problem():
            return located(value, number, hint="in JSON Lines one case is one line" if value.hint == CUT_OFF else None)
        case list():
            return Problem("a list, where one case is one object", line=number, hint="is it `format: json`?")
        case _:
            return Problem(f"{kind_of(value)}, where a case is an object", line=number)
