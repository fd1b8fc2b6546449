"""Objects read in bounded pieces, and their lines."""

from __future__ import annotations

from collections.abc import Iterator

from .port import Store

PIECE_BYTES = 1 << 20


def read_pieces(store: Store, key: str) -> Iterator[bytes]:
    """The object's bytes, piece by piece. Raises `FileNotFoundError`."""
    offset = 0
    while piece := store.read(key, offset, PIECE_BYTES):
        offset += len(piece)
        yield piece


def read_lines(store: Store, key: str) -> Iterator[bytes]:
    """Every line without its end, the last one also where its end is missing. Raises `FileNotFoundError`."""
    rest = b""
    for piece in read_pieces(store, key):
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
    if rest:
        yield rest
