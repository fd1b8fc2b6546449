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


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, judge: Simulator) -> Bench:
    """The 24 cases, measured in peace by the run `truth`."""
    bench = Bench(tmp_path_factory.mktemp("truth"), judge.base_url)
    bench.cases(made_up_cases(24))
    bench.suite()
    bench.run("--run-id", "truth")
    return bench


@pytest.fixture
def truth(undisturbed: Bench) -> str:
    """The digest of the 24 cases' results."""
    return str(undisturbed.report("truth")["results_digest"])
