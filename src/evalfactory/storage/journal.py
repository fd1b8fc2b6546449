"""A journal: a part that grows line by line in a local folder, and survives its writer's death up to the last line."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from .keys import PARTIAL
from .local import LocalStore, make_folders, sync_folder
from .local_errors import translated
from .port import Store


class Journal:
    """An open journal. One writer; every line is one write to the operating system, so a SIGKILL loses nothing.

    A power cut may lose the lines of the last seconds, until `seal`; they are measured again then.
    """

    def __init__(self, url: str, key: str, path: Path) -> None:
        self.key = key
        self._url = url
        self._path = path
        self._partial = path.with_name(path.name + PARTIAL)
        self._size = 0
        self._handle: int | None = None
        with translated(url, key):
            make_folders(path.parent)
            if path.exists() or self._partial.exists():
                raise ValueError(f"a journal's name is used once: {key}")
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            self._handle = os.open(self._partial, flags, 0o666)

    def append(self, line: bytes) -> None:
        """Write one line: a line feed at its end and nowhere else.

        Raises `UnavailableError` when it does not fit on the disk; what got there of it is cut off again.
        """
        if not line.endswith(b"\n") or line.count(b"\n") != 1:
            raise ValueError("a journal takes whole lines, one at a time")
        if self._handle is None:
            raise ValueError(f"the journal {self.key} is closed")
        with translated(self._url, self.key):
            try:
                _write_all(self._handle, line)
            except OSError:
                self._cut_back()
                raise
        self._size += len(line)

    def seal(self) -> None:
        """Make it an ordinary object, whole and durable, under its key; nothing can be appended any more."""
        if self._handle is None:
            raise ValueError(f"the journal {self.key} is closed")
        with translated(self._url, self.key):
            os.fsync(self._handle)
            self.close()
            self._partial.rename(self._path)
            sync_folder(self._path.parent)

    def close(self) -> None:
        """Let go of the file; unsealed, it stays a journal whose writer is gone."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            os.close(handle)

    def _cut_back(self) -> None:
        """Remove a torn line, or let nothing be appended behind it."""
        assert self._handle is not None
        try:
            os.ftruncate(self._handle, self._size)
        except OSError:
            self.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_journal(store: Store, key: str) -> Journal | None:
    """A new journal that will become the object `key`; None where the store cannot append (object stores)."""
    return Journal(store.url, key, store.path(key)) if isinstance(store, LocalStore) else None


def torn_journals(store: Store, prefix: str) -> list[str]:
    """Keys of the journals below `prefix` that nobody has sealed: of writers at work, and of dead ones."""
    return store.partials(prefix) if isinstance(store, LocalStore) else []


def read_torn(store: Store, key: str) -> bytes:
    """The whole lines of an unsealed journal, or of the object it has become; a torn last line is left out.

    Whoever takes them over writes them into a part of its own: the journal's writer may still be alive.

    Raises `FileNotFoundError` when there is neither.
    """
    if isinstance(store, LocalStore):
        path = store.path(key)
        partial = path.with_name(path.name + PARTIAL)
        with translated(store.url, key):
            if partial.exists():
                try:
                    lines = partial.read_bytes()
                    return lines[: lines.rfind(b"\n") + 1]
                except FileNotFoundError:  # sealed this instant
                    pass
    return store.read(key)


def _write_all(handle: int, line: bytes) -> None:
    """One write; a second one only where the first came short, which tells the reason."""
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(handle, rest) :]
