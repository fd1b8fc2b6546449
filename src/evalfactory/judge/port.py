"""What the rest of the line knows of a judge, and how its work is charged to a measurement."""

from __future__ import annotations

import math
from contextvars import ContextVar
from typing import ClassVar, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from ..records.measurement import ErrorClass, Usage
from .meter import Meter

Answer = TypeVar("Answer", bound=BaseModel)

#: The meter of the measurement that the current task works for; `asyncio.gather` children inherit it.
current_meter: ContextVar[Meter] = ContextVar("current_meter")


class CallError(Exception):
    """A call that was asked and answered badly, or not at all while other calls were answered.

    Deliberately no TypeError and no ValueError: DeepEval asks again without the schema on a TypeError.
    """

    where: ClassVar[Literal["judge", "target"]]

    def __init__(self, error_class: ErrorClass, message: str) -> None:
        super().__init__(message)
        self.error_class: ErrorClass = error_class


class JudgeError(CallError):
    """A call to the judge that failed."""

    where = "judge"


class TargetError(CallError):
    """A call to the system under test that failed."""

    where = "target"


class Judge(Protocol):
    """A model that answers prompts. One object a process; safe for many tasks of one event loop.

    Raises `JudgeError` for one call's failure, `UnavailableError` when nothing has answered for the stated outage
    time, `RefusedError` when the key was refused before the first success.
    """

    async def ask(self, prompt: str, schema: type[Answer] | None) -> Answer | str:
        """The validated answer, or the bare text where no schema is wanted. Charges `current_meter`."""
        ...

    async def close(self) -> None: ...


class EndpointStatus(NamedTuple):
    """How an endpoint is, for a progress line and for whoever shares its limits."""

    state: Literal["open", "paused", "away"]  # paused: it asked to wait; away: only probes are sent
    silent_s: float  # since the first failure after the last answer; 0 when all is well
    last_failure: str
    in_flight: int
    allowed: (
        int  # requests in flight at present, by the share of the limits and what refusals taught; 0 without a share
    )
    waiting: int


@runtime_checkable
class Paced(Protocol):
    """A judge or a target behind a network: its share of the run's limits can change while it works."""

    @property
    def usage(self) -> Usage:
        """What this process has sent so far."""
        ...

    @property
    def has_answered(self) -> bool:
        """The key is good: to be told to the run's other processes as `succeeded_before`."""
        ...

    def set_share(self, share: float, until_s: float = math.inf) -> None:
        """Take another share (0..1) of the limits from now on, and none from the event loop's time `until_s` on.

        Call it in the event loop. With 0 calls wait, and do not count as unanswered.
        """
        ...

    def status(self) -> EndpointStatus: ...


__all__ = [
    "CallError",
    "EndpointStatus",
    "Judge",
    "JudgeError",
    "Meter",
    "Paced",
    "TargetError",
    "Usage",
    "current_meter",
]
