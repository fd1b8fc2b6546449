"""A judge and a folder for every test of the line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from line_tools import Bench, Simulator, made_up_cases, simulator


@pytest.fixture(scope="module")
def judge() -> Iterator[Simulator]:
    """A simulated judge without latency, the same one for a whole file."""
    with simulator() as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A folder with 24 cases and nobody to judge them yet."""
    bench = Bench(tmp_path)
    bench.cases(made_up_cases(24))
    bench.suite()
    yield bench
    bench.close()


@pytest.fixture
def judged(bench: Bench, judge: Simulator) -> Bench:
    """The folder with a suite that the simulated judge judges."""
    bench.base_url = judge.base_url
    bench.suite()
    judge.reset()
    return bench
