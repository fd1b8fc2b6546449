"""Standard output and standard error that outlive whoever reads them: a full disk or a closed terminal ends no run."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from .errors import UnavailableError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Spoken(io.FileIO):
    """A descriptor to which nothing more is written once that has failed; `lost` says why, but for a reader that has left."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self.lost: OSError | None = None
        self._heard = True

    def write(self, data: ReadableBuffer, /) -> int:
        if self._heard:
            try:
                return super().write(data) or 0
            except BrokenPipeError:  # such as `head`, which has seen enough
                self._heard = False
            except OSError as error:
                self._heard, self.lost = False, error
        return memoryview(data).nbytes


def speak_on() -> None:
    r"""Let neither stream raise from now on. A character that a terminal cannot show becomes its escape, such as `\u3042`."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:  # closed by whoever started us; a file of ours must not take its number
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            setattr(sys, name, io.TextIOWrapper(io.FileIO(number, "wb", closefd=False), write_through=True))
        stream = getattr(sys, name)
        if type(stream) is not io.TextIOWrapper or isinstance(_raw(stream), Spoken):
            continue
        with suppress(OSError, ValueError):
            stream.flush()
        spoken = io.TextIOWrapper(
            io.BufferedWriter(Spoken(stream.fileno())),
            encoding=stream.encoding,
            errors="backslashreplace",
            line_buffering=stream.line_buffering or name == "stderr",
        )
        setattr(sys, name, spoken)


def check_heard() -> None:
    """Return if all that was printed went somewhere, or nobody wanted it.

    Raises:
        UnavailableError: Standard output could not take it.
    """
    sys.stdout.flush()
    raw = _raw(sys.stdout)
    if isinstance(raw, Spoken) and raw.lost is not None:
        reason = raw.lost.strerror or str(raw.lost)
        raise UnavailableError(
            f"standard output could not be written to: {reason}",
            hint="what was done is kept in the store; ask for the answer again, for instance with `evalfactory report`",
        )


def _raw(stream: object) -> object:
    """What the stream writes to in the end; with PYTHONUNBUFFERED there is no buffer between."""
    buffer = getattr(stream, "buffer", None)
    return getattr(buffer, "raw", buffer)
