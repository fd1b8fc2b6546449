"""An image with a metric of one's own, built on the worker image as `examples/own-metrics-image` says, on a real cluster."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_bench import ClusterBench, missing, namespace_with_judge

from evalfactory.settings import environment
from line_tools import Bench, simulator

OWN = "EVALFACTORY_E2E_OWN_IMAGE"
WHY = missing() or ("" if environment().get(OWN) else f"no image with a metric: set {OWN} (examples/own-metrics-image)")
pytestmark = pytest.mark.skipif(bool(WHY), reason=WHY or "there is a cluster")
METRIC = Path(__file__).parents[2] / "examples" / "own-metrics-image" / "brevity.py"
SUITE = ["answer_relevancy", {"brevity:Brevity": {"name": "brevity", "longest": 30}}]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ClusterBench]:
    with simulator() as here, namespace_with_judge() as namespace:
        bench = Bench(tmp_path, here.base_url)
        shutil.copy(METRIC, tmp_path)
        yield ClusterBench(bench, namespace, here)
        bench.close()


def test_pods_measure_with_the_metric_in_their_image_as_a_laptop_does(cluster: ClusterBench) -> None:
    cluster.suite(cases=12, placement={"image": environment()[OWN], "pods": 2}, metrics=SUITE)
    ran = cluster.run("own")
    assert ran.code in (0, 10), ran.err
    assert (ran.json["scored"], ran.json["missing"]) == (24, 0)
    assert ran.json["results_digest"] == cluster.truth()


def test_an_image_without_the_metric_is_told_to_be_one(cluster: ClusterBench) -> None:
    cluster.suite(cases=4, placement={"pods": 1}, metrics=SUITE)
    ran = cluster.run("without")
    assert ran.code == 78, ran.err
    assert "brevity" in ran.err
