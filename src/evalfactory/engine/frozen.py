"""A shard's frozen cases, read in bounded pieces from the run's case files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from pydantic import ValidationError

from ..errors import InputError, Problem
from ..records.case import FrozenCase
from ..records.plan import ShardPlan
from ..storage.layout import RunKeys
from ..storage.port import Store

PIECE_BYTES = 1 << 20  # read at once: bounds a worker's memory however large its shard is


def frozen_cases(store: Store, keys: RunKeys, shard: ShardPlan) -> Iterator[list[FrozenCase]]:
    """The shard's cases, a piece at a time, its bytes proven to be the plan's before the first one.

    Raises:
        InputError: The bytes are not those that were planned.
    """
    key = keys.cases(shard.file)
    only = _prove(store, key, shard)
    rest = b""
    for piece in [only] if only is not None else _pieces(store, key, shard):
        *lines, rest = (rest + piece).split(b"\n")
        yield [_case(line, key) for line in lines]
    if rest:
        raise _changed(key, "its last line has no end")


def _prove(store: Store, key: str, shard: ShardPlan) -> bytes | None:
    """The shard's bytes, if they are one piece; longer ones are only looked through, to be read again."""
    proof, piece = hashlib.sha256(), b""
    try:
        for piece in _pieces(store, key, shard):
            proof.update(piece)
    except FileNotFoundError:
        raise _changed(key, "it is gone") from None
    if proof.hexdigest() != shard.sha256:
        raise _changed(key, f"shard {shard.index}'s bytes are not the planned ones")
    return piece if shard.length <= PIECE_BYTES else None


def _pieces(store: Store, key: str, shard: ShardPlan) -> Iterator[bytes]:
    for offset in range(0, shard.length, PIECE_BYTES):
        yield store.read(key, shard.offset + offset, min(PIECE_BYTES, shard.length - offset))


def _case(line: bytes, key: str) -> FrozenCase:
    try:
        return FrozenCase.model_validate_json(line)
    except ValidationError as error:
        raise _changed(key, "a line is no case any more") from error


def _changed(key: str, message: str) -> InputError:
    return InputError(
        "the run's frozen cases were changed or cut short",
        (Problem(message, file=key, hint="restore the file, or start a new run"),),
    )
