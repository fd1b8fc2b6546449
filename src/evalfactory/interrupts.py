"""Ctrl-C while a command is being loaded: libraries written in other languages may panic when they are interrupted then."""

from __future__ import annotations

import signal


def hold_interrupts() -> None:
    """Let Ctrl-C wait until `release_interrupts`, where there is a way to."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def release_interrupts() -> None:
    """Let Ctrl-C take effect again: here, as a `KeyboardInterrupt`, if it came meanwhile."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
