"""A store in memory, and stores that die or let someone else in between two operations."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import BinaryIO

from evalfactory.storage.keys import checked, checked_prefix
from evalfactory.storage.port import Entry, Store


class MemoryStore:
    """Objects in a dictionary. Its clock ticks once a write."""

    def __init__(self, url: str = "memory://store") -> None:
        self.url = url
        self._objects: dict[str, tuple[bytes, int]] = {}
        self._clock = 0
        self._lock = threading.Lock()

    def read(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        checked(key)
        with self._lock:
            if key not in self._objects:
                raise FileNotFoundError(f"{self.url}: no object {key}")
            body = self._objects[key][0]
        return body[offset:] if length is None else body[offset : offset + length]

    def create(self, key: str, body: bytes) -> bool:
        checked(key)
        with self._lock:
            if key in self._objects:
                return self._objects[key][0] == body
            self._write(key, body)
            return True

    def put(self, key: str, body: bytes) -> None:
        checked(key)
        with self._lock:
            self._write(key, body)

    def put_file(self, key: str, file: BinaryIO) -> None:
        self.put(key, file.read())

    def folders(self, prefix: str) -> list[str]:
        checked_prefix(prefix)
        with self._lock:
            below = [key.removeprefix(prefix) for key in self._objects if key.startswith(prefix)]
        return sorted({rest.partition("/")[0] for rest in below if "/" in rest})

    def delete(self, key: str) -> None:
        checked(key)
        with self._lock:
            self._objects.pop(key, None)

    def _write(self, key: str, body: bytes) -> None:
        self._clock += 1
        self._objects[key] = (bytes(body), self._clock)

    def list(self, prefix: str) -> list[Entry]:
        checked_prefix(prefix)
        with self._lock:
            return sorted(
                Entry(key, len(body), float(time))
                for key, (body, time) in self._objects.items()
                if key.startswith(prefix)
            )


class Stopped(BaseException):
    """The process died here."""


class WatchedStore:
    """Another store, with `before` called before each operation with its number, counted from 0.

    `before` may look on, let another process work in between, or raise `Stopped`.
    """

    def __init__(self, store: Store, before: Callable[[int], None]) -> None:
        self.url = store.url
        self.operations = 0
        self._store = store
        self._before = before

    def read(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        self._step()
        return self._store.read(key, offset, length)

    def create(self, key: str, body: bytes) -> bool:
        self._step()
        return self._store.create(key, body)

    def put(self, key: str, body: bytes) -> None:
        self._step()
        self._store.put(key, body)

    def put_file(self, key: str, file: BinaryIO) -> None:
        self.put(key, file.read())

    def folders(self, prefix: str) -> list[str]:
        self._step()
        return self._store.folders(prefix)

    def delete(self, key: str) -> None:
        self._step()
        self._store.delete(key)

    def _step(self) -> None:
        number = self.operations
        self.operations += 1
        self._before(number)

    def list(self, prefix: str) -> list[Entry]:
        self._step()
        return self._store.list(prefix)


class PagedStore(WatchedStore):
    """Another store whose listings come one key at a time, as a bucket's come in pages; `before` is called before each."""

    def __init__(self, store: Store, before_page: Callable[[int], None]) -> None:
        super().__init__(store, lambda _: None)
        self._before_page = before_page

    def list(self, prefix: str) -> list[Entry]:
        shown: list[Entry] = []
        while True:
            self._before_page(len(shown))
            rest = [entry for entry in self._store.list(prefix) if not shown or entry.key > shown[-1].key]
            if not rest:
                return shown
            shown.append(rest[0])
