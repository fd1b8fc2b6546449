"""A process that may write small files only: a disk that gets full in the middle of a line."""

from __future__ import annotations

import resource
import subprocess
import sys


def _allow_small_files_only() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))


def run_limited(script: str, *arguments: str) -> str:
    """What the Python script says when no file may grow beyond 50,000 bytes."""
    command = [sys.executable, "-c", script, *arguments]
    limited = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=_allow_small_files_only)
    return limited.stdout
