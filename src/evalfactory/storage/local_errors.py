"""The operating system's errors, in the words of someone who wants their results kept."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import UnavailableError

_HINTS = {
    errno.ENOSPC: "free some space or name another store, then resume: what is written stays",
    errno.EDQUOT: "your quota is used up: free some space or name another store, then resume",
    errno.EFBIG: "the file system or `ulimit -f` allows no larger file: raise it or name another store, then resume",
    errno.EROFS: "the file system is read-only: name a store that can be written to",
    errno.EACCES: "check the owner and the mode of the folder, or name another store",
    errno.EPERM: "this file system may lack hard links (exFAT, SMB, bucket mounts): use a local disk, NFS, or the bucket itself by its URL",
    errno.EMFILE: "too many open files: raise `ulimit -n`",
    errno.ENOTDIR: "a file stands where a folder should be: was something copied into the store by hand?",
    errno.ELOOP: "a link leads to itself: name the folder itself",
    errno.EEXIST: "a link that leads nowhere stands there: make the folder that it names, or name another",
    errno.ENAMETOOLONG: "choose a shorter name for the store",
    errno.ENOENT: "no folder can be made there: name another store",
    errno.EIO: "the disk or the network share reports an error: check it, then resume",
}
_HINTS[errno.ENOTSUP] = _HINTS[errno.EOPNOTSUPP] = _HINTS[errno.ENOSYS] = _HINTS[errno.EPERM]


_LONGEST = 1000  # characters of a path that are shown


@contextmanager
def translated(url: str, key: str = "") -> Iterator[None]:
    """Within it an `OSError` becomes `UnavailableError`; a missing object stays `FileNotFoundError`."""
    try:
        yield
    except FileNotFoundError as error:
        if key:
            raise FileNotFoundError(f"{url}: no object {key}") from None
        raise _unusable(url, error) from error
    except OSError as error:
        raise _unusable(f"{url}: {key}" if key else url, error) from error


def _unusable(where: str, error: OSError) -> UnavailableError:
    reason = error.strerror or str(error)
    where = where if len(where) <= _LONGEST else f"{where[:_LONGEST]}…"
    return UnavailableError(f"the store cannot be used: {where}: {reason}", hint=_HINTS.get(error.errno or 0))
