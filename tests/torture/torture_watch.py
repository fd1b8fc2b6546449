"""Waits for something to happen in a folder, told by the kernel: the way to kill in the midst of a write."""

from __future__ import annotations

import ctypes
import os
import select
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

_CREATED, _MODIFIED, _MOVED_IN = 0x100, 0x2, 0x80
_WANTED = _CREATED | _MODIFIED | _MOVED_IN
_FOLDER, _OVERFLOW = 0x40000000, 0x4000
_HEAD = struct.Struct("iIII")
_LIBC = ctypes.CDLL(None, use_errno=True)


class Watch:
    """Tells of every file that is created, renamed into place or written to below a folder. Linux only."""

    def __init__(self, root: Path) -> None:
        self._descriptor = int(_LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "no inotify")
        self._folders: dict[int, Path] = {}
        root.mkdir(parents=True, exist_ok=True)
        self._found = list(self._follow(root))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def changed(self, patience_s: float) -> list[Path]:
        """What has changed since the last call; nothing after that time without a change."""
        end_s = time.monotonic() + patience_s
        while not self._found:
            left_s = end_s - time.monotonic()
            if left_s <= 0 or not select.select([self._descriptor], [], [], left_s)[0]:
                break
            self._found += self._read()
        found, self._found = self._found, []
        return found

    def _read(self) -> Iterator[Path]:
        try:
            body = os.read(self._descriptor, 1 << 16)
        except BlockingIOError:
            return
        while body:
            number, mask, _, length = _HEAD.unpack_from(body)
            name = body[_HEAD.size : _HEAD.size + length].rstrip(b"\0").decode()
            body = body[_HEAD.size + length :]
            if mask & _OVERFLOW or number not in self._folders:
                continue
            path = self._folders[number] / name
            yield path
            if mask & _FOLDER and mask & _CREATED:
                yield from self._follow(path)

    def _follow(self, folder: Path) -> Iterator[Path]:
        """Watch a folder, and tell of what is in it already: it may be older than our eyes."""
        number = int(_LIBC.inotify_add_watch(self._descriptor, os.fsencode(folder), _WANTED))
        if number < 0:
            return
        self._folders[number] = folder
        try:
            inside = list(folder.iterdir())
        except OSError:
            return
        for path in inside:
            yield path
            if path.is_dir():
                yield from self._follow(path)
