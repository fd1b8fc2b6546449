"""What a worker tells while it works: one short JSON line each, cheap enough for every measurement."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Protocol, assert_never

from ..records.measurement import Measurement, Slot


@dataclass(frozen=True, slots=True)
class Ready:
    """Imports are done; the worker waits for its assignment."""

    pid: int


@dataclass(frozen=True, slots=True)
class Wants:
    """Every slot of its shards is under way: it could use another shard."""


@dataclass(frozen=True, slots=True)
class Started:
    """A measurement is under way; should the worker die now, it is a suspect."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class Finished:
    """A measurement is kept in the store."""

    slot: Slot
    state: str
    calls: int
    cost_usd: float
    reused: bool
    shard: int = 0
    earlier: bool = False  # by an attempt before this one


@dataclass(frozen=True, slots=True)
class ShardEnded:
    """A shard is committed, or cannot be: then `problem` says why, and `hint` what to try. `note` says who else did it."""

    shard: int
    problem: str | None = None
    hint: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that does not stop the worker, and that its user should know."""

    message: str


@dataclass(frozen=True, slots=True)
class Tick:
    """The event loop is alive. `note` says what the worker waits for, if it does not get on."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Stopping:
    """The worker ends before its work is done: why, and what to try; its exit code follows."""

    code: int
    message: str
    hint: str | None = None
    resumable: bool = True


Event = Ready | Wants | Started | Finished | ShardEnded | Noticed | Tick | Stopping


class Events(Protocol):
    """Where events go."""

    def tell(self, event: Event) -> None: ...


def encode(event: Event) -> bytes:
    """One line for the pipe."""
    match event:
        case Ready(pid):
            row: list[object] = ["ready", pid]
        case Wants():
            row = ["wants"]
        case Started(slot):
            row = ["started", *slot]
        case Finished(slot, state, calls, cost_usd, reused, shard, earlier):
            row = ["finished", *slot, state, calls, cost_usd, reused, shard, earlier]
        case ShardEnded(shard, problem, hint, note):
            row = ["ended", shard, problem, hint, note]
        case Noticed(message):
            row = ["noticed", message]
        case Tick(note):
            row = ["tick", note]
        case Stopping(code, message, hint, resumable):
            row = ["stopping", code, message, hint, resumable]
        case _:
            assert_never(event)
    return json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Event:
    """The event of one line of the pipe.

    Raises:
        ValueError: The line is no event, for instance what a user's metric printed.
    """
    match json.loads(line):
        case ["ready", int(pid)]:
            return Ready(pid)
        case ["wants"]:
            return Wants()
        case ["started", str(case_id), str(metric), int(repeat)]:
            return Started(Slot(case_id, metric, repeat))
        case ["finished", str(case_id), str(metric), int(repeat), *rest]:
            return _finished(Slot(case_id, metric, repeat), rest)
        case ["ended", int(shard), None | str() as problem, None | str() as hint, str(note)]:
            return ShardEnded(shard, problem, hint, note)
        case ["noticed", str(message)]:
            return Noticed(message)
        case ["tick", str(note)]:
            return Tick(note)
        case ["stopping", int(code), str(message), None | str() as hint, bool(resumable)]:
            return Stopping(code, message, hint, resumable)
        case other:
            raise ValueError(f"not an event: {other!r}")


def _finished(slot: Slot, rest: list[object]) -> Finished:
    match rest:
        case [str(state), int(calls), int() | float() as cost_usd, bool(reused), int(shard), bool(earlier)]:
            return Finished(slot, state, calls, float(cost_usd), reused, shard, earlier)
        case _:
            raise ValueError(f"not the end of a measurement: {rest!r}")


def finished(measurement: Measurement, shard: int, *, earlier: bool = False) -> Finished:
    """The event of a measurement that is kept in that shard; `earlier` if another attempt had kept it before."""
    reused = measurement.reused_from is not None
    usage = measurement.usage
    calls, cost_usd = (0, 0.0) if reused else (usage.calls, usage.cost_usd)
    return Finished(measurement.slot, measurement.state, calls, cost_usd, reused, shard, earlier)


class PipeEvents:
    """Events as lines on a file descriptor; silent once the reader is gone."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def tell(self, event: Event) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, encode(event))
        except BrokenPipeError:
            self._descriptor = None  # the runner is gone; the work goes on until it is asked to stop


class NoEvents:
    """For a worker that nobody listens to, such as a pod."""

    def tell(self, event: Event) -> None:
        """Nothing."""
