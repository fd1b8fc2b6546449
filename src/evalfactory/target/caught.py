"""Where the exceptions of other people's code stop."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType
from typing import Self

from ..judge.words import clipped


class Caught:
    """A `with` block around code that is not ours: whatever it raises becomes a value.

    Also `SystemExit`, which would end the worker; not what stops the process or the task, unless `all_of_it` says that
    the block has a thread to itself.
    """

    def __init__(self, *, all_of_it: bool = False) -> None:
        self._kinds = BaseException if all_of_it else Exception | SystemExit
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        return isinstance(error, self._kinds)

    def in_words(self) -> str:
        """The exception's kind, its words and the line that raised it."""
        if self.error is None:
            return "nothing"
        frames = traceback.extract_tb(self.error.__traceback__)
        place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
        return clipped(f"{type(self.error).__name__}: {self.error}") + place
