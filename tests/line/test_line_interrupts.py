"""Ctrl-C and SIGTERM at any time, from the first moment of a command on: never a traceback."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from line_tools import COMMAND, DEADLINE_S, Bench

#: What a command loads once it has said that Ctrl-C must wait, one after the other, as Python tells it with -v.
MILESTONES = (
    "argparse",
    "evalfactory.cli.parser",
    "pydantic_core",
    "pydantic.main",
    "yaml",
)


def interrupted_at(milestone: str, number: signal.Signals, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """The command, stopped once Python has begun to load that module."""
    program = Path(COMMAND[0]) if len(COMMAND) == 1 else None
    words = [
        sys.executable,
        "-v",
        *([str(program)] if program else COMMAND[1:]),
        "run",
        "suite.yaml",
        "--run-id",
        "early",
    ]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0)
    assert process.stderr is not None
    said = b""
    while f"\nimport '{milestone}'".encode() not in said and f" {milestone}".encode() not in said:
        if not select.select([process.stderr], [], [], DEADLINE_S)[0]:
            break
        if not (piece := os.read(process.stderr.fileno(), 1 << 16)):
            break
        said += piece
    os.killpg(process.pid, number)
    out, rest = process.communicate(timeout=DEADLINE_S)
    return subprocess.CompletedProcess(words, process.returncode, out, said + rest)


@pytest.mark.parametrize("milestone", MILESTONES)
def test_ctrl_c_while_a_command_is_loaded_is_one_line(bench: Bench, milestone: str) -> None:
    bench.suite(judge="offline")
    done = interrupted_at(milestone, signal.SIGINT, bench.folder)
    told = [line for line in done.stderr.decode().splitlines() if not line.startswith(("#", "import ", "Python ", "'"))]
    assert "Traceback" not in done.stderr.decode()
    assert done.returncode == 130, told
    assert any(line.startswith("evalfactory: stopped") for line in told)
