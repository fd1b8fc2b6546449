"""What the rest of the line knows of a judge, and how its work is charged to a measurement."""

from __future__ import annotations

from contextvars import ContextVar
from typing import ClassVar, Literal, Protocol, TypeVar

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


__all__ = ["CallError", "Judge", "JudgeError", "Meter", "TargetError", "Usage", "current_meter"]
