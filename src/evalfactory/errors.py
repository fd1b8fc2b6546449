"""The error tree, sorted by what the reader can do about it; each error knows its exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class Exit:
    """Exit codes of every command: quality first, then the codes of sysexits.h."""

    PASS = 0
    FAIL = 10
    INCONCLUSIVE = 11
    INCOMPLETE = 12
    USAGE = 64
    DATA = 65
    UNAVAILABLE = 69
    BUG = 70
    REFUSED = 77
    ENVIRONMENT = 78
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in something the user wrote: what, where, and what to try."""

    message: str
    file: str | None = None
    line: int | None = None
    field: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        text = ": ".join(part for part in (place, self.field, self.message) if part)
        return f"{text} ({self.hint})" if self.hint else text


class EvalFactoryError(Exception):
    """Something the user can act on, with every problem found. Anything else is a bug and keeps its traceback."""

    exit_code: ClassVar[int] = Exit.BUG

    def __init__(
        self, message: str, problems: tuple[Problem, ...] = (), *, hint: str | None = None, resumable: bool = True
    ) -> None:
        super().__init__(message)
        self.message = message
        self.problems = problems
        self.hint = hint
        self.resumable = resumable  # the same run can go on once that is mended; otherwise its plan is wrong

    @property
    def said(self) -> str:
        """What happened and where, without what to try."""
        return "\n".join([self.message, *(f"  {problem}" for problem in self.problems)])

    def __str__(self) -> str:
        return f"{self.said}\n  try: {self.hint}" if self.hint else self.said


class UsageError(EvalFactoryError):
    """The command line asks for something that does not exist or does not fit."""

    exit_code = Exit.USAGE


class InputError(EvalFactoryError):
    """A suite, a dataset or a stored file is wrong."""

    exit_code = Exit.DATA


class UnavailableError(EvalFactoryError):
    """A judge, a target or a store does not answer; what is not done stays pending and can be resumed."""

    exit_code = Exit.UNAVAILABLE


class RefusedError(EvalFactoryError):
    """The run's key was refused before anything worked: no other try can help."""

    exit_code = Exit.REFUSED


class EnvironmentProblem(EvalFactoryError):
    """Something outside the suite is missing or differs: a key, an extra, a metric's module, a plan's digest."""

    exit_code = Exit.ENVIRONMENT


class Interrupted(EvalFactoryError):
    """The user or the platform asked the process to stop; everything done so far is kept."""

    exit_code = Exit.INTERRUPTED


class Terminated(Interrupted):
    """SIGTERM, as opposed to Ctrl-C."""

    exit_code = Exit.TERMINATED
