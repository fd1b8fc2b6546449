"""Bytes out of gzip and zstd, a little at a time, with damage told in plain words."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Literal

import zstandard

from ..errors import InputError, Problem
from .problems import shown

Compression = Literal["gzip", "zstd"]

_MAGIC: dict[bytes, Compression] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
SUFFIXES: dict[str, Compression] = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_BUFFER_BYTES = 2**18
#: One block of a few bytes can stand for 128 KiB: so much in means at most 32 MiB out, bomb or not.
_ZSTD_STRIDE_BYTES = 2**10


def compression_of(head: bytes) -> Compression | None:
    """How a file that begins with `head` is compressed."""
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def decompressed(source: BinaryIO, kind: Compression, name: str) -> io.BufferedReader:
    """The bytes inside; closing it closes `source`. Reading raises `InputError` where they are damaged or cut off."""
    chunks = _gunzip(source) if kind == "gzip" else _unzstd(source)
    return io.BufferedReader(_Chunks(_telling(chunks, kind, name), source), _BUFFER_BYTES)


def _gunzip(source: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=source, mode="rb") as inside:
        while chunk := inside.read(_BUFFER_BYTES):
            yield chunk


def _unzstd(source: BinaryIO) -> Iterator[bytes]:
    frame = zstandard.ZstdDecompressor().decompressobj()
    fed = source.read(_ZSTD_STRIDE_BYTES)
    while fed:
        if frame.eof:  # files can be joined: another frame begins
            frame = zstandard.ZstdDecompressor().decompressobj()
        yield frame.decompress(fed)
        fed = frame.unused_data or source.read(_ZSTD_STRIDE_BYTES)
    if not frame.eof:
        raise EOFError


def _telling(chunks: Iterator[bytes], kind: Compression, name: str) -> Iterator[bytes]:
    try:
        yield from chunks
    except EOFError:
        raise _damaged(name, f"the {kind} data is cut off", "copy or download the file again") from None
    except (gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise _damaged(name, f"the {kind} data is damaged: {error}", f"check it with `{kind} --test`") from None


def _damaged(name: str, what: str, hint: str) -> InputError:
    return InputError("the dataset is damaged", (Problem(what, file=shown(name, 300)[1:-1], hint=hint),))


class _Chunks(io.RawIOBase):
    """Chunks as a file."""

    def __init__(self, chunks: Iterator[bytes], source: BinaryIO) -> None:
        self._chunks = chunks
        self._source = source
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # io hands a memoryview
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()
