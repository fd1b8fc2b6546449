"""What the rest of the line knows of the system under test."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ..judge.port import TargetError
from ..records.case import Case, ToolCall


class Produced(NamedTuple):
    """What the target answered for one case; what it did not tell is None and stays as the dataset has it."""

    actual_output: str
    retrieval_context: tuple[str, ...] | None = None
    tools_called: tuple[ToolCall, ...] | None = None


class Target(Protocol):
    """The system under test. One object a process; safe for many tasks of one event loop.

    Raises `TargetError` for one case's failure, `UnavailableError` when nothing has answered for the stated outage
    time, `RefusedError` when the key was refused before the first success.
    """

    async def produce(self, case: Case) -> Produced:
        """The target's answer; never an empty output. Charges `current_meter`."""
        ...

    async def close(self) -> None: ...


__all__ = ["Produced", "Target", "TargetError"]
