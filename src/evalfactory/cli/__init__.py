"""The command line: parse, call the library, print, exit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..interrupts import hold_interrupts

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    hold_interrupts()
    from .main import main as command

    return command(argv)
