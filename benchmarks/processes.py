"""Processes under measurement: wall time, CPU of the whole tree, memory of its largest process."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

COMMAND = [sys.executable, "-m", "evalfactory"]


class Cost(NamedTuple):
    """What a command took."""

    wall_s: float
    cpu_s: float  # user and system, with all its children
    peak_rss_mb: float  # of the largest process of the tree
    exit_code: int
    stdout: str


def cost_of(command: Sequence[str], *, folder: Path | None = None, limit_s: float = 1800) -> Cost:
    """Run the command to its end (or kill it at the limit: exit code -9) and say what it took."""
    out = (folder or Path.cwd()) / f".out-{time.monotonic_ns()}"
    begun_s = time.monotonic()
    with out.open("wb") as stdout:
        process = subprocess.Popen(
            command, cwd=folder, stdout=stdout, stderr=subprocess.DEVNULL, start_new_session=True
        )
        status, usage = _wait(process, begun_s + limit_s)
    wall_s = time.monotonic() - begun_s
    text = out.read_text(errors="replace")
    out.unlink()
    return Cost(
        wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status), text
    )


def _wait(process: subprocess.Popen[bytes], until_s: float) -> tuple[int, resource.struct_rusage]:
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return status, usage
        if time.monotonic() > until_s:
            os.killpg(process.pid, 9)
            pid, status, usage = os.wait4(process.pid, 0)
            process.returncode = -9
            return status, usage
        time.sleep(0.02)


@contextmanager
def simulator(*options: str) -> Iterator[str]:
    """A simulated judge in a process of its own; yields its base URL."""
    process = subprocess.Popen(
        [*COMMAND, "judge-sim", "--port", "0", "--json", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["base_url"]
    finally:
        process.terminate()
        process.wait()


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "?",
    )
    return {
        "cores": os.cpu_count(),
        "processor": model,
        "python": sys.version.split()[0],
        "load_before": os.getloadavg()[0],
    }
