"""What a run asks of whatever runs its shards: processes of this machine, or pods."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from ..engine.orders import Assignment
from ..records.plan import Plan
from .progress import Progress


class Ended(NamedTuple):
    """How the workers left off: 0 when every shard was dealt with, else the exit code that ended the run, why, and what to try."""

    code: int
    message: str = ""
    hint: str | None = None
    resumable: bool = True


def nowhere(attempt: str, text: str) -> None:
    """For a runner that nobody reads the logs of."""


class Runner(Protocol):
    """Runs a plan's shards. It may be started before the plan is known."""

    on_log: Callable[[str, str], None]  # takes an attempt's name and its last words
    stop_code: int | None  # the exit code of whoever asked to stop
    on_stop: Callable[[], object] | None  # for work of the caller's that is not worth finishing then
    again: tuple[str, ...]  # options of `resume` that go on in the same place

    @property
    def workers(self) -> int:
        """How many workers share the work."""
        ...

    async def start(self) -> None:
        """Make ready what does not depend on the plan."""
        ...

    def stop(self, code: int) -> None:
        """End soon, with that exit code."""
        ...

    async def run(self, plan: Plan, assignment: Assignment, shards: Iterable[int], progress: Progress) -> Ended:
        """Work through the shards; returns when all are dealt with or the run must end."""
        ...

    async def close(self) -> None:
        """Leave nothing behind on this machine."""
        ...
