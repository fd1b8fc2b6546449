"""Signals while a command is being loaded: libraries written in other languages may panic when they are interrupted then."""

from __future__ import annotations

import os
import signal
from types import FrameType

from .errors import Exit


def hold_interrupts() -> None:
    """Let Ctrl-C wait until `release_interrupts`, where there is a way to."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def release_interrupts() -> None:
    """Let Ctrl-C take effect again: here, as a `KeyboardInterrupt`, if it came meanwhile."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def end_on_sigterm() -> None:
    """Let SIGTERM end this process with 143 until something else takes the signal.

    The first process of a container is spared by the kernel otherwise, and killed only after its grace period: as a
    failure, where a disruption would have cost nothing.
    """
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, b"evalfactory: stopped before anything was measured\n")
    os._exit(Exit.TERMINATED)
