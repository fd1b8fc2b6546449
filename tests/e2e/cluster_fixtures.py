"""Fixtures of the proofs on a cluster: a judge here, a namespace with one there, a bench with its suite placed in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_bench import SLOW, ClusterBench, namespace_with_judge
from cluster_faults import load_image

from line_tools import Bench, Simulator, simulator


@pytest.fixture(scope="session")
def here() -> Iterator[Simulator]:
    """The simulated judge on this machine; the one in the cluster judges alike."""
    with simulator() as running:
        yield running


@pytest.fixture(scope="session")
def image() -> None:
    """What is tested is what the nodes run."""
    load_image()


@pytest.fixture(scope="session")
def namespace(image: None) -> Iterator[str]:
    with namespace_with_judge(SLOW) as name:
        yield name


@pytest.fixture
def cluster(tmp_path: Path, namespace: str, here: Simulator) -> Iterator[ClusterBench]:
    bench = Bench(tmp_path, here.base_url)
    yield ClusterBench(bench, namespace, here)
    bench.close()
