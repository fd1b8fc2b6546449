"""Worker processes by the copy: one process imports everything once, and each worker is a fork of it.

Each packet on the nursery's socket brings a worker's standard input, output and error; the answers say who was born,
and who has ended and how. It ends when the socket's other end is closed.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket

from ..engine.births import Born, Died, Failed, encode_news

STREAMS = 3  # standard input, output, error
DEAF_TO = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # they are for the workers; the nursery ends with the runner


def worker_is_born(descriptor: int) -> bool:
    """Serve at that socket. True in each worker, with its streams in place; False in the nursery, once nobody asks any more."""
    for number in DEAF_TO:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(
        signal.SIG_UNBLOCK, DEAF_TO
    )  # a command that is being loaded holds them back, and we inherit that
    with contextlib.suppress(ImportError):  # the worker that needs it says what is missing
        from ..metrics import bridge as bridge
    gc.freeze()
    with socket.socket(fileno=descriptor) as requests:
        nursery = _Nursery(requests)
        while streams := nursery.next_request():
            if nursery.forks(streams):
                return True
    return False


class _Nursery:
    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._children: dict[int, int] = {}  # process ids by the descriptors that tell of their ends

    def next_request(self) -> list[int]:
        """The next worker's streams; none when no more will come. Tells of every end meanwhile."""
        while True:
            ready, _, _ = select.select([self._requests.fileno(), *self._children], [], [])
            for descriptor in self._children.keys() & ready:
                self._bury(descriptor)
            if self._requests.fileno() in ready:
                return socket.recv_fds(self._requests, 16, STREAMS)[1]

    def forks(self, streams: list[int]) -> bool:
        """True in the new process."""
        try:
            pid = os.fork()
        except OSError as error:
            self._tell(Failed(error.errno or 0))
        else:
            if pid == 0:
                self._become_worker(streams)
                return True
            self._children[os.pidfd_open(pid)] = pid
            self._tell(Born(pid))
        for stream in streams:
            os.close(stream)
        return False

    def _become_worker(self, streams: list[int]) -> None:
        os.setsid()
        for deaf in DEAF_TO:
            signal.signal(deaf, signal.SIG_DFL)
        for other in self._children:
            os.close(other)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)

    def _bury(self, descriptor: int) -> None:
        pid = self._children.pop(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(pid, 0)
        self._tell(Died(pid, os.waitstatus_to_exitcode(status)))

    def _tell(self, news: Born | Failed | Died) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._requests.send(encode_news(news))
