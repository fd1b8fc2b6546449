"""Where a dataset's bytes come from: a file beside the suite, or an object in a bucket."""

from __future__ import annotations

import difflib
import errno
import io
import stat
from pathlib import Path, PurePosixPath

from ..errors import InputError, UnavailableError
from ..records.suite import DatasetSpec
from .cloud import SCHEMES, open_cloud
from .compression import SUFFIXES, compression_of, decompressed
from .problems import shown

_BUFFER_BYTES = 2**18


def open_dataset(spec: DatasetSpec, folder: Path) -> io.BufferedReader:
    """The dataset's bytes, decompressed, to be read from the front; close it after use.

    `spec.path` is relative to `folder`, the suite's, or a URL (s3, gs, az). Gzip and zstd are known by their first
    bytes. Raises `InputError` when there is nothing to read, `UnavailableError` when the store does not answer.
    """
    scheme, mark, _ = spec.path.partition("://")
    if not mark:
        raw = _open_local(spec.path, folder)
    elif scheme in SCHEMES:
        raw = open_cloud(spec.path)
    else:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise InputError(f"{_name(spec)}: {scheme}:// cannot be read", hint=f"a local path, or one of {known}")
    return _inside(raw, spec)


def _inside(raw: io.BufferedReader, spec: DatasetSpec) -> io.BufferedReader:
    head = raw.peek(4)[:4]
    if not head:
        raw.close()
        raise InputError(f"{_name(spec)} is empty", hint="it needs at least one case")
    kind = compression_of(head)
    said = SUFFIXES.get(PurePosixPath(spec.path).suffix.lower())
    if said is not None and kind != said:
        raw.close()
        raise InputError(f"{_name(spec)} is not {said}, whatever its name says", hint="compress it again, or rename it")
    return raw if kind is None else decompressed(raw, kind, spec.path)


def _open_local(path: str, folder: Path) -> io.BufferedReader:
    place = folder / path
    try:
        kind = place.stat().st_mode
        if stat.S_ISDIR(kind):
            raise InputError(f"{shown(path, 300)} is a folder, not a file", hint=_files_in(place))
        if not stat.S_ISREG(kind):
            raise InputError(f"{shown(path, 300)} is not a regular file", hint="write its content to a file")
        return io.BufferedReader(io.FileIO(place), _BUFFER_BYTES)
    except FileNotFoundError:
        raise InputError(f"{shown(path, 300)} does not exist", hint=_nearest(place)) from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str, error: OSError | ValueError) -> InputError | UnavailableError:
    name = shown(path, 300)
    code = error.errno if isinstance(error, OSError) else None
    match code:
        case errno.EMFILE | errno.ENFILE:
            return UnavailableError(f"{name} cannot be read: Too many open files", hint="raise `ulimit -n`")
        case errno.ELOOP:
            return InputError(f"{name} is a link that leads to itself", hint="name the file itself")
        case errno.EACCES | errno.EPERM:
            return InputError(f"{name} may not be read", hint="check the permissions of the file and its folders")
        case errno.ENOTDIR:
            return InputError(f"{name}: a part of the path is a file, not a folder", hint="check the path")
        case errno.ENAMETOOLONG:
            return InputError(f"{name}: the name is too long", hint="check the path")
        case _:
            return InputError(f"{name} cannot be read: {error}", hint="check the path")


def _nearest(place: Path) -> str:
    here = place.parent
    try:
        names = sorted(child.name for child in here.iterdir())
    except OSError:
        return f"the folder {shown(str(here), 300)} does not exist"
    close = difflib.get_close_matches(place.name, names, n=1)
    if close:
        return f"did you mean {shown(close[0], 200)}?"
    return f"the path is relative to the suite's folder: {shown(str(here), 300)}"


def _files_in(place: Path) -> str:
    try:
        names = sorted(child.name for child in place.iterdir() if child.is_file())
    except OSError:
        names = []
    return f"name a file in it, such as {shown(names[0], 200)}" if names else "name a file"


def _name(spec: DatasetSpec) -> str:
    return shown(spec.path, 300)
