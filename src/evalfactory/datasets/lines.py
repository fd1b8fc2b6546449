"""A file's lines: UTF-8, each below a limit, with their numbers."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from ..errors import Problem
from .problems import FileProblem

#: A line longer than this is refused without being kept; bytes.
LINE_LIMIT_BYTES = 32 * 2**20
_STRIDE_BYTES = 2**16
_MEBIBYTE = 2**20


class Line(NamedTuple):
    """A line with its ending, as text."""

    number: int
    text: str


def lines(source: BinaryIO) -> Iterator[Line | Problem]:
    """Every line, or the problem that stands in its place; a byte order mark is dropped."""
    number = 0
    while raw := source.readline(LINE_LIMIT_BYTES + 1):
        number += 1
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if len(raw) > LINE_LIMIT_BYTES:
            _skip_rest(source, raw)
            yield _too_long(number)
            continue
        try:
            yield Line(number, raw.decode())
        except UnicodeDecodeError:
            yield not_utf8(number)


def not_utf8(line: int) -> Problem:
    """What to say, once a file, of bytes that are not UTF-8."""
    return FileProblem("not UTF-8", line=line, hint="save the file as UTF-8; from Excel, choose “CSV UTF-8”")


def _too_long(line: int) -> Problem:
    return Problem(
        f"a line longer than {LINE_LIMIT_BYTES // _MEBIBYTE} MiB",
        line=line,
        hint="one case is one line; is a line break missing?",
    )


def _skip_rest(source: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = source.readline(_STRIDE_BYTES)
