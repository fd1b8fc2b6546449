"""Nobody reads what a run says, or the disk that it says it to is full: the run goes on, and its verdict stands."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from line_tools import COMMAND, DEADLINE_S, Bench, Simulator, eventually, is_alive, simulator

Stream = IO[bytes] | int
FULL = Path("/dev/full")  # takes nothing: no space left on device

needs_full = pytest.mark.skipif(not FULL.exists(), reason="this machine has no /dev/full")


@pytest.fixture
def failing(bench: Bench) -> Bench:
    """A quick run whose gate is not met."""
    bench.suite(judge="offline", gate={"metrics": {"faithfulness": {"mean": 1.1}}})
    return bench


@contextmanager
def left() -> Iterator[IO[bytes]]:
    """A pipe whose reader has left."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stream:
        yield stream


def run(bench: Bench, *words: str, stdout: Stream, stderr: Stream) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [*COMMAND, "run", "suite.yaml", "--run-id", "unheard", *words],
        cwd=bench.folder, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout or b"", done.stderr or b""


def test_a_reader_that_leaves_early_changes_neither_the_report_nor_the_exit_code(failing: Bench) -> None:
    with left() as gone:
        code, _, _ = run(failing, stdout=gone, stderr=gone)
    assert code == 10
    assert failing.report("unheard")["counts"]["scored"] == 48


@needs_full
def test_a_log_on_a_full_disk_ends_no_run(failing: Bench) -> None:
    with FULL.open("wb") as full:
        code, out, _ = run(failing, "--json", stdout=subprocess.PIPE, stderr=full)
    assert code == 10
    assert b'"scored": 48' in out


@needs_full
def test_an_answer_that_cannot_be_written_is_told_with_where_it_is_kept(failing: Bench) -> None:
    with FULL.open("wb") as full:
        code, _, err = run(failing, "--quiet", "--json", stdout=full, stderr=subprocess.PIPE)
    assert code == 69
    assert err.startswith(b"evalfactory: standard output could not be written to: No space left on device\n")
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err
    assert failing.report("unheard")["counts"]["scored"] == 48


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_command_whose_streams_are_closed_does_its_work(failing: Bench, closed: str) -> None:
    script = f'exec "$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *COMMAND, "run", "suite.yaml", "--run-id", "unheard"],
        cwd=failing.folder, capture_output=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 10, done.stderr
    assert failing.report("unheard")["counts"]["scored"] == 48


TALKS = """
from deepeval.metrics import BaseMetric

class Talks(BaseMetric):
    def __init__(self, threshold=0.5, model=None):
        self.threshold, self.model = threshold, model

    async def a_measure(self, case, **_):
        await self.model.a_generate("How is the weather?")
        print("It is fine.", flush=True)
        self.score, self.success = 1.0, True
        return self.score

    def is_successful(self):
        return True
"""


def test_a_metric_that_prints_is_not_errored_because_its_runner_was_killed(bench: Bench) -> None:
    bench.module("own", TALKS)

    def some_asked(judge: Simulator) -> Callable[[], bool]:
        return lambda: judge.requests >= 8

    with simulator("--latency", "constant", "--latency-mean-s", "0.5") as judge:
        bench.base_url = judge.base_url
        bench.suite(metrics=[{"own:Talks": {"name": "talks"}}], judge={"max_in_flight": 8})
        running = bench.start("run", "suite.yaml", "--run-id", "orphaned")
        running.until(some_asked(judge), "some questions")
        workers = running.workers()
        running.send(signal.SIGKILL)
        running.process.communicate(timeout=DEADLINE_S)
        eventually(lambda: not any(map(is_alive, workers)), "the workers' end")
    assert {line["state"] for line in bench.kept("orphaned")} == {"scored"}
