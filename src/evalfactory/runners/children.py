"""Worker processes come to life: forked by a nursery that has imported everything, or each started anew."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections import deque
from functools import partial
from typing import Protocol

from ..engine.births import Born, Died, Failed, decode_news
from ..settings import worker_environment
from .ahead import PROGRAM, NurseryProcess

LONGEST_EVENT = 1 << 24  # bytes


class _Writes(Protocol):
    def write(self, data: bytes, /) -> None: ...


class Child(Protocol):
    """A process with pipes, in a session of its own."""

    @property
    def pid(self) -> int: ...
    @property
    def stdin(self) -> _Writes: ...
    @property
    def stdout(self) -> asyncio.StreamReader: ...
    @property
    def stderr(self) -> asyncio.StreamReader: ...
    @property
    def returncode(self) -> int | None: ...
    async def wait(self) -> int: ...
    def close(self) -> None:
        """Let go of the pipes."""


class Started:
    """A child that was started by itself."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.stdin, self.stdout, self.stderr = process.stdin, process.stdout, process.stderr
        self.pid = process.pid
        self._process = process

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    async def wait(self) -> int:
        return await self._process.wait()

    def close(self) -> None:
        self.stdin.close()


class Forked:
    """A child of the nursery."""

    stdin: asyncio.WriteTransport

    def __init__(self) -> None:
        self.stdout = asyncio.StreamReader(limit=LONGEST_EVENT)
        self.stderr = asyncio.StreamReader()
        self.pid = 0
        self.returncode: int | None = None
        self._ended = asyncio.Event()
        self._pipes: list[asyncio.BaseTransport] = []

    async def connect(self, theirs: list[int]) -> None:
        """Open its pipes; the ends that are the worker's are added to the list: standard input, output, error."""
        loop = asyncio.get_running_loop()
        pipe, ours = os.pipe()
        theirs.append(pipe)
        self.stdin, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(ours, "wb", 0))
        self._pipes.append(self.stdin)
        for reader in (self.stdout, self.stderr):
            ours, pipe = os.pipe()
            theirs.append(pipe)
            talk = partial(asyncio.StreamReaderProtocol, reader)
            transport, _ = await loop.connect_read_pipe(talk, os.fdopen(ours, "rb", 0))
            self._pipes.append(transport)

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def ended(self, code: int) -> None:
        """It is gone."""
        self.returncode = code
        self._ended.set()

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.close()


class Nursery:
    """The process that forks workers. When it dies its workers are killed: nobody would know of their ends."""

    def __init__(self, process: NurseryProcess) -> None:
        self._process = process
        self._requests = process.requests
        self._expected: deque[tuple[Forked, asyncio.Future[None]]] = deque()
        self._children: dict[int, Forked] = {}
        self._alive = True
        asyncio.get_running_loop().add_reader(self._requests.fileno(), self._hear)

    async def birth(self) -> Forked:
        """A new worker. Raises `ConnectionError` when the nursery is dead, `OSError` when nothing can be forked."""
        if not self._alive:
            raise ConnectionError("the nursery is dead")
        child = Forked()
        theirs: list[int] = []
        try:
            await child.connect(theirs)
            await self._ask_for(child, theirs)
            return child
        finally:
            for pipe in theirs:
                os.close(pipe)
            if not child.pid:  # a worker that is born after all ends when it finds its input closed
                child.close()

    async def _ask_for(self, child: Forked, streams: list[int]) -> None:
        try:
            socket.send_fds(self._requests, [b"worker"], streams)
        except OSError as error:
            self._lose()
            raise ConnectionError("the nursery is dead") from error
        born: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._expected.append((child, born))
        await born

    async def close(self) -> None:
        """End it; its workers must have ended."""
        self._lose()
        await asyncio.to_thread(self._process.end)

    def _hear(self) -> None:
        try:
            packet = self._requests.recv(1 << 12)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:
            self._lose()
            return
        match decode_news(packet):
            case Born(pid):
                child, born = self._expected.popleft()
                child.pid = pid
                self._children[pid] = child
                if not born.done():
                    born.set_result(None)
            case Failed(errno):
                _, born = self._expected.popleft()
                born.set_exception(OSError(errno, f"no worker can be forked: {os.strerror(errno)}"))
            case Died(pid, code):
                self._children.pop(pid).ended(code)

    def _lose(self) -> None:
        if not self._alive:
            return
        self._alive = False
        asyncio.get_running_loop().remove_reader(self._requests.fileno())
        self._requests.close()
        for _, born in self._expected:
            if not born.done():
                born.set_exception(ConnectionError("the nursery is dead"))
        for pid, child in self._children.items():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            child.ended(-signal.SIGKILL)


async def child_process(nursery: Nursery | None) -> Child:
    """A worker of the nursery, or one that is started by itself where there is none."""
    if nursery is not None:
        with contextlib.suppress(ConnectionError):
            return await nursery.birth()
    return Started(
        await asyncio.create_subprocess_exec(
            *PROGRAM, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=worker_environment(), start_new_session=True,
            limit=LONGEST_EVENT,
        )
    )  # fmt: skip
