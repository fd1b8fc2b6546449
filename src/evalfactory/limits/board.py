"""Where a group's beats are written: a folder of the store."""

from __future__ import annotations

import asyncio
from typing import Protocol

from ..storage.port import Store
from .beat import Note


class Board(Protocol):
    """Names that everybody in the group sees. Raises `UnavailableError` when the store does not answer."""

    async def write(self, name: str) -> None: ...

    async def delete(self, name: str) -> None: ...

    async def look(self) -> list[Note]:
        """Every name that is there, at some moment between the call and its return."""
        ...


class StoreBoard:
    """Empty objects in a folder of a store."""

    def __init__(self, store: Store, folder: str) -> None:
        self._store = store
        self._folder = folder

    async def write(self, name: str) -> None:
        await asyncio.to_thread(self._store.put, self._folder + name, b"")

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self._store.delete, self._folder + name)

    async def look(self) -> list[Note]:
        entries = await asyncio.to_thread(self._store.list, self._folder)
        return [Note(entry.key.removeprefix(self._folder), entry.modified_s) for entry in entries]
