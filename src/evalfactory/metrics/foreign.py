"""Around code that is not ours (DeepEval's constructors, a user's module): its exceptions become errors of ours."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from ..errors import EvalFactoryError
from ..judge.port import CallError
from .port import MetricError

#: Ours already: they pass as they are, as cancellation does.
OURS = (EvalFactoryError, CallError, MetricError)


class Translated:
    """A block in which any exception of someone else's becomes the error that `tell` makes of it.

    So does `SystemExit`: no metric ends the process.
    """

    def __init__(self, tell: Callable[[str], Exception]) -> None:
        self._tell = tell

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, Exception | SystemExit) and not isinstance(error, OURS):
            words = str(error).strip()
            raise self._tell(f"{type(error).__name__}: {words}" if words else type(error).__name__) from error
