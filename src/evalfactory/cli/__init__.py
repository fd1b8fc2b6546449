"""The command line: parse, call the library, print, exit."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ..interrupts import end_on_sigterm, hold_interrupts

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

#: The commands that pods run: the first process of a container must take SIGTERM itself, and as soon as it can.
IN_PODS = (["work"], ["collect"])


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    if argv is None and sys.argv[1:2] in IN_PODS:
        end_on_sigterm()
    hold_interrupts()
    from .main import main as command

    return command(argv)
