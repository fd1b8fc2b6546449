"""What a runner tells a worker: once who it is and which run, then shard after shard, then that there are no more."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ..records.base import Record
from ..records.measurement import Slot


class Assignment(Record):
    """A worker's place at a run. Everything else is in the plan."""

    kind: Literal["assignment"] = "assignment"
    store: str
    suite: str
    run_id: str
    plan_digest: str
    attempt: str
    workers: int = Field(default=1, description="Planned for the run; they share its limits.")
    place: int = Field(default=0, description="Among them, from 0.")
    replaces: tuple[str, ...] = Field(default=(), description="Attempts in this place that are known to have died.")
    folder: str = Field(default=".", description="Where the suite is: its own modules and prompt files.")
    key_worked: bool = Field(default=False, description="The judge's key has worked in this run before.")
    addresses: dict[str, str] = Field(
        default_factory=dict, description="An endpoint's address in the plan -> as this worker reaches it."
    )


class Order(Record):
    """A shard to work on, and the slots in it that need care because a worker died with them in flight."""

    kind: Literal["order"] = "order"
    shard: int
    alone: frozenset[Slot] = frozenset()
    quarantined: frozenset[Slot] = frozenset()


class NoMore(Record):
    """No more shards will come: end when the last one is committed."""

    kind: Literal["no_more"] = "no_more"


Message = Annotated[Assignment | Order | NoMore, Field(discriminator="kind")]
_MESSAGE: TypeAdapter[Assignment | Order | NoMore] = TypeAdapter(Message)


def encode_message(message: Assignment | Order | NoMore) -> bytes:
    """One line for the worker's standard input."""
    return message.model_dump_json().encode() + b"\n"


def decode_message(line: bytes) -> Assignment | Order | NoMore:
    """The message of one line."""
    return _MESSAGE.validate_json(line)
