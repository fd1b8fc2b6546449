"""One worker process of this machine: its pipes, its silence, its last words, its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import Callable

from ..engine.events import Event, decode
from ..engine.orders import Assignment, NoMore, Order, encode_message
from .children import Child, Nursery, child_process

LAST_WORDS = 16_000  # bytes of what a process says on standard error that are kept
LINES_SHOWN = 10  # of them, where someone reads why it died
LOOK_S = 0.25  # between two looks at a process
LEFTOVERS_S = 5.0  # for the pipes to be closed after a process has ended


class WorkerProcess:
    """A process in a session of its own, so that Ctrl-C reaches the runner alone."""

    def __init__(self, process: Child) -> None:
        self.attempt = secrets.token_hex(4)
        self.heard_s = asyncio.get_running_loop().time()  # when it last said anything
        self.cause = ""  # of its death, in words
        self._process = process
        self._last_words = b""

    @staticmethod
    async def start(nursery: Nursery | None) -> WorkerProcess:
        """A worker that waits for its assignment."""
        return WorkerProcess(await child_process(nursery))

    def tell(self, message: Assignment | Order | NoMore) -> None:
        """Send a message; nobody hears it when the process has ended."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(encode_message(message))

    def drain(self) -> None:
        """Ask it to finish what it has in flight, keep it, and end."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and what it has started."""
        if self._process.returncode is None:
            _kill_group(self._process.pid)

    async def follow(self, hear: Callable[[Event], None], patience_s: Callable[[], float]) -> int:
        """Pass its events on until it ends; returns its exit code. One that is silent for too long is killed."""
        readers = [asyncio.create_task(self._listen(hear)), asyncio.create_task(self._keep_last_words())]
        try:
            code = await self._exit_code(patience_s)
            _kill_group(self._process.pid)  # what a metric of the user's has started would keep the pipes open
            await asyncio.wait(readers, timeout=LEFTOVERS_S)
            self.cause = self.cause or _in_words(code)
            return code
        finally:
            self._process.close()
            for reader in readers:
                reader.cancel()
            for outcome in await asyncio.gather(*readers, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

    async def gone(self) -> None:
        """Return once it has ended."""
        await asyncio.wait([asyncio.create_task(self._process.wait())], timeout=LEFTOVERS_S)
        self._process.close()

    @property
    def last_words(self) -> str:
        """The end of what it said on standard error."""
        return self._last_words.decode("utf-8", "replace").strip()

    def obituary(self) -> str:
        """How it ended, and the last lines it said."""
        said = "\n".join(self.last_words.splitlines()[-LINES_SHOWN:])
        return f"{self.cause}:\n{said}" if said else self.cause

    async def _exit_code(self, patience_s: Callable[[], float]) -> int:
        waiting = asyncio.create_task(self._process.wait())  # in some versions until nobody holds the pipes any more
        while (code := self._process.returncode) is None:
            await asyncio.wait([waiting], timeout=LOOK_S)
            limit_s = patience_s()
            if self._process.returncode is None and asyncio.get_running_loop().time() - self.heard_s > limit_s:
                self.cause = f"nothing heard for {limit_s:g} s"
                self.kill()
        waiting.cancel()
        return code

    async def _listen(self, hear: Callable[[Event], None]) -> None:
        async for line in self._process.stdout:
            self.heard_s = asyncio.get_running_loop().time()
            hear(decode(line))

    async def _keep_last_words(self) -> None:
        """Read standard error in whatever pieces it comes, lines of any length."""
        while piece := await self._process.stderr.read(1 << 16):
            self._last_words = (self._last_words + piece)[-LAST_WORDS:]


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _in_words(code: int) -> str:
    """How a process ended, by its exit code or signal."""
    try:
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
