"""Work that stops before each operation on its store, so that a test decides who goes on, and who dies where."""

from __future__ import annotations

import threading
from collections.abc import Callable

from evalfactory.storage.port import Store

from .memory_store import Stopped, WatchedStore


class Stepped:
    """A piece of work in a thread of its own that makes one operation for each `step`."""

    def __init__(self, store: Store, work: Callable[[Store], object]) -> None:
        self.done = False
        self.error: BaseException | None = None
        self._dying = False
        self._go = threading.Semaphore(0)
        self._parked = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(WatchedStore(store, self._pause), work), daemon=True)
        self._thread.start()
        self._parked.acquire()

    def step(self) -> None:
        """Let it make its next operation and come to the one after it; nothing once it is done."""
        if not self.done:
            self._go.release()
            self._parked.acquire()

    def finish(self) -> None:
        """Let it go on to its end. Raises what it raised."""
        while not self.done:
            self.step()
        if self.error is not None:
            raise self.error

    def kill(self) -> None:
        """Let it die before its next operation."""
        self._dying = True
        while not self.done:
            self.step()

    def _pause(self, _: int) -> None:
        self._parked.release()
        self._go.acquire()
        if self._dying:
            raise Stopped

    def _run(self, store: WatchedStore, work: Callable[[Store], object]) -> None:
        try:
            work(store)
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - handed to the test
            self.error = error
        finally:
            self.done = True
            self._parked.release()
