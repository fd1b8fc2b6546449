"""The one port to a store: immutable objects, one create-if-absent, and pointers."""

from __future__ import annotations

from typing import BinaryIO, NamedTuple, Protocol


class Entry(NamedTuple):
    """An object in a store."""

    key: str
    size: int
    modified_s: float  # seconds since 1970, by the store's clock


class Store(Protocol):
    """Keys are relative, with `/` between parts. All calls block; async code calls them in a thread.

    Raises `UnavailableError` when the store does not answer, `FileNotFoundError` for a key that is not there.
    """

    url: str

    def read(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        """The object's bytes, or `length` of them from `offset`."""
        ...

    def create(self, key: str, body: bytes) -> bool:
        """Write if the key is free. True when this call's bytes are what the key holds afterwards.

        A client that retries can be told of a conflict with its own write: on a conflict the object is read back.
        """
        ...

    def put(self, key: str, body: bytes) -> None:
        """Write atomically, over what is there: for pointers and for keys that nobody else uses."""
        ...

    def folders(self, prefix: str) -> list[str]:
        """The names one level below `prefix` (empty, or ending in `/`) that have objects beneath them, in order.

        One look, not a walk: the runs of a suite without the thousands of objects in them.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""
        ...

    # Last: below a method of this name, `list[…]` would mean the method.
    def put_file(self, key: str, file: BinaryIO) -> None:
        """As `put`, with what is left to read of a file: for bodies that do not fit into memory."""
        ...

    def list(self, prefix: str) -> list[Entry]:
        """Every object whose key begins with `prefix`, in key order."""
        ...
