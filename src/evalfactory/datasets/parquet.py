"""Rows of a Parquet file, a batch at a time; needs the extra `parquet`."""

from __future__ import annotations

import datetime
import decimal
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from ..errors import EnvironmentProblem, InputError, Problem
from .problems import shown
from .row import Row

#: Small, because one row may hold a long context; rows.
_BATCH = 256
_IN_MEMORY_BYTES = 64 * 2**20


def parquet_rows(source: BinaryIO) -> Iterator[Row | Problem]:
    """Every row, numbered from 1. Raises `EnvironmentProblem` without the extra."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise EnvironmentProblem(
            "reading Parquet needs the extra `parquet`", hint="pip install 'evalfactory[parquet]'"
        ) from None
    with _seekable(source) as file:
        try:
            number = 0
            for batch in ParquetFile(file).iter_batches(batch_size=_BATCH, use_threads=False):
                for values in batch.to_pylist():
                    number += 1
                    yield Row(number, {name: _json_value(value) for name, value in values.items()})
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
            raise InputError("damaged", (_damaged(error),)) from None


def _seekable(source: BinaryIO) -> BinaryIO:
    """The source, or a copy of it: Parquet is read from its end, a compressed file only from its front."""
    if source.seekable():
        return source
    spooled = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
    shutil.copyfileobj(source, spooled)
    spooled.seek(0)
    return spooled  # type: ignore[return-value]  # typeshed does not call it a BinaryIO


def _json_value(value: Any) -> Any:
    """The value as JSON says it: times as ISO texts, exact decimals as texts."""
    match value:
        case dict():
            return {key: _json_value(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_json_value(inner) for inner in value]
        case datetime.date() | datetime.time():
            return value.isoformat()
        case decimal.Decimal() | datetime.timedelta():
            return str(value)
        case _:
            return value


def _damaged(error: Exception) -> Problem:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return Problem(f"not a readable Parquet file: {shown(first, 200)[1:-1]}", hint="write or copy the file again")
