"""What a nursery says of the worker processes that it forks, one JSON list a packet."""

from __future__ import annotations

import json
from typing import NamedTuple


class Born(NamedTuple):
    """The worker that was asked for lives."""

    pid: int


class Failed(NamedTuple):
    """The worker that was asked for could not be forked."""

    errno: int


class Died(NamedTuple):
    """A worker has ended: with its exit code, or the negative number of the signal that killed it."""

    pid: int
    code: int


def encode_news(news: Born | Failed | Died) -> bytes:
    """The packet that says it."""
    return json.dumps([type(news).__name__, *news]).encode()


def decode_news(packet: bytes) -> Born | Failed | Died:
    """What the packet says. Raises `ValueError` for what a nursery never says."""
    match json.loads(packet):
        case ["Born", int(pid)]:
            return Born(pid)
        case ["Failed", int(errno)]:
            return Failed(errno)
        case ["Died", int(pid), int(code)]:
            return Died(pid, code)
        case other:
            raise ValueError(f"not news of a worker: {other!r}")
