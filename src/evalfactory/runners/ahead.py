"""The nursery's process, started before anything else: it imports DeepEval while this process imports and plans.

Importing this module is light.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from subprocess import DEVNULL
from typing import NamedTuple

from ..settings import worker_environment

PROGRAM = (sys.executable, "-m", "evalfactory.worker")
_FORKS = sys.platform == "linux" and hasattr(os, "pidfd_open")  # elsewhere a fork without exec may crash libraries


class NurseryProcess(NamedTuple):
    """A process that forks workers, and our end of the socket at which they are asked for."""

    process: subprocess.Popen[bytes]
    requests: socket.socket

    def end(self) -> None:
        """End it, if it has not ended; its workers must have."""
        self.requests.close()
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()


def start_nursery() -> NurseryProcess | None:
    """A nursery that begins to import; None where workers must be started one by one. Raises `OSError`."""
    if not _FORKS:
        return None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    with theirs:
        try:  # it has nothing to say: where it cannot import, a worker that is started by itself says why
            process = subprocess.Popen(
                [*PROGRAM, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=DEVNULL, stdout=DEVNULL,
                stderr=DEVNULL, env=worker_environment(), start_new_session=True,
            )  # fmt: skip
        except OSError:
            ours.close()
            raise
    return NurseryProcess(process, ours)
