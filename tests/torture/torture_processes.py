"""The processes of a round, found by a mark in their environment: whoever they are by now, and whose child."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from line_tools import children_of, command_line, is_alive

MARK = "EVALFACTORY_TORTURED"


class Family(NamedTuple):
    """The living processes of a round by what they are."""

    runners: list[int]
    nurseries: list[int]
    workers: list[int]


def marked(token: str) -> Iterator[int]:
    """Every living process of the round."""
    wanted = f"{MARK}={token}".encode()
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and is_alive(int(path.name)):
            with contextlib.suppress(OSError):
                if wanted in (path / "environ").read_bytes().split(b"\0"):
                    yield int(path.name)


def family(token: str) -> Family:
    """The round's processes, sorted out."""
    every = [pid for pid in marked(token) if " judge-sim" not in command_line(pid)]
    helpers = {pid for pid in every if "evalfactory.worker" in command_line(pid)}
    runners = [pid for pid in every if pid not in helpers]
    own = {child for runner in runners for child in children_of(runner)}
    nurseries = [pid for pid in helpers if pid in own and command_line(pid).rstrip()[-1:].isdigit()]
    return Family(runners, nurseries, sorted(helpers - set(nurseries)))


def at_work(pid: int) -> bool:
    """Whether the worker has a journal open: it has begun with a shard."""
    with contextlib.suppress(OSError):
        return any(str(name.readlink()).endswith(".partial") for name in Path(f"/proc/{pid}/fd").iterdir())
    return False


def send(pids: list[int], number: signal.Signals) -> None:
    """A signal to each that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
