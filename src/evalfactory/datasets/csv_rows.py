"""Rows of a CSV file: a header, cells as text, an empty cell meaning nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from ..errors import InputError, Problem
from .lines import LINE_LIMIT_BYTES, lines
from .problems import shown
from .row import Row


def csv_rows(source: BinaryIO) -> Iterator[Row | Problem]:
    """Every row below the header, with the line it begins on."""
    records = _records(source)
    first, header = next(records, (1, []))
    if problem := _header_problem(header, first):
        raise InputError("the header", (problem,))
    names = [name or f"column_{number}" for number, name in enumerate(header, start=1)]
    for line, cells in records:
        if not any(cells):
            continue
        if len(cells) != len(names):
            yield _ragged(line, len(cells), len(names))
            continue
        yield Row(line, {name: cell or None for name, cell in zip(names, cells, strict=True)})


class _Feed:
    """Decoded lines for the csv module, counted, and never more for one record than a line may have."""

    def __init__(self, source: BinaryIO) -> None:
        self._lines = lines(source)
        self.number = 0
        self.record_size = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if isinstance(line, Problem):
            raise InputError("the rest cannot be read", (line,))
        self.number = line.number
        self.record_size += len(line.text)
        if self.record_size > LINE_LIMIT_BYTES:
            raise csv.Error("a row of more than 32 MiB")
        return line.text


def _records(source: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    # A limit of the process, not of a reader: raised to ours and never lowered, since others may have raised it.
    csv.field_size_limit(max(csv.field_size_limit(), LINE_LIMIT_BYTES))
    feed = _Feed(source)
    reader = csv.reader(feed, strict=True)
    while True:
        begins = feed.number + 1
        feed.record_size = 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError("the rest cannot be read", (_broken(begins, error),)) from None
        if cells:
            yield begins, cells


def _header_problem(header: list[str], line: int) -> Problem | None:
    named = [name for name in header if name]
    twice = {name for name in named if named.count(name) > 1}
    if twice:
        return Problem(
            f"the column {shown(min(twice))} stands twice in the header", line=line, hint="rename one of them"
        )
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        mark = "semicolons" if ";" in header[0] else "tabs"
        return Problem(f"columns separated by {mark}", line=line, hint="save the file with commas")
    return None


def _ragged(line: int, cells: int, names: int) -> Problem:
    return Problem(
        f"{cells} {'cell' if cells == 1 else 'cells'} where the header has {names}",
        line=line,
        hint="put texts that hold a comma, a quote or a line break between double quotes",
    )


def _broken(line: int, error: csv.Error) -> Problem:
    match str(error):
        case "unexpected end of data":
            return Problem("a quote is opened and never closed", line=line, hint='a quote inside a text is written ""')
        case text if "expected after" in text:
            return Problem("text after a closing quote", line=line, hint='a quote inside a text is written ""')
        case text if "new-line character" in text:
            return Problem("line breaks of an old kind (CR alone)", line=line, hint="save the file with LF or CRLF")
        case text if "field larger" in text:
            return Problem("a cell of more than 32 MiB", line=line, hint="is a closing quote missing?")
        case text:
            return Problem(text, line=line, hint="is a closing quote missing?")
