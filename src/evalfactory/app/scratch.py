"""Temporary files, for what does not fit into memory; and what is said when there is no room for them."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRandom

from ..errors import UnavailableError

_LACKING = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE}


@contextmanager
def scratch_space() -> Iterator[None]:
    """Within it a temporary file that cannot take any more is told in words. What a store could not take is told already."""
    try:
        yield
    except OSError as error:
        if error.errno not in _LACKING:
            raise
        raise _no_room(error, tempfile.gettempdir()) from error


def scratch_file(prefix: str) -> BufferedRandom:
    """A new temporary file without a name. Raises `UnavailableError` where there is no place for one."""
    try:
        return tempfile.TemporaryFile(prefix=prefix)
    except OSError as error:
        raise _no_room(error, "any of the usual places") from error


def _no_room(error: OSError, place: str) -> UnavailableError:
    return UnavailableError(
        f"temporary files cannot be written in {place}: {error.strerror or error}",
        hint="free some space there, or let TMPDIR name a folder with more",
    )
