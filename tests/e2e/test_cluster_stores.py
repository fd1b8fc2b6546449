"""Five hundred cases in eight shards on four pods, through a bucket and through a volume: what a laptop finds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cluster_bench import ClusterBench, eventually, kubectl, missing

from line_tools import Ran

pytestmark = [pytest.mark.skipif(bool(missing()), reason=missing() or "there is a cluster"), pytest.mark.long]
pytest_plugins = ["cluster_fixtures"]

FOUR_PODS = {"pods": 4, "shards_per_pod": 2}


def test_five_hundred_cases_through_a_bucket(cluster: ClusterBench) -> None:
    cluster.suite(cases=500, placement=FOUR_PODS, judge={"max_in_flight": 32})
    _check(cluster, cluster.run("bucket"))


def test_five_hundred_cases_through_a_volume(cluster: ClusterBench) -> None:
    cluster.store = str(_volume(cluster))
    placement = {**FOUR_PODS, "store": {"claim": "evals", "path": "/store"}, "env_from_secrets": []}
    cluster.suite(cases=500, placement=placement, judge={"max_in_flight": 32})
    with _for_everybody():
        _check(cluster, cluster.run("volume"))


def _check(cluster: ClusterBench, ran: Ran) -> None:
    assert ran.code in (0, 10), ran.err
    assert (ran.json["scored"], ran.json["missing"]) == (1000, 0)
    assert ran.json["results_digest"] == cluster.truth()
    verified = cluster.bench("verify", ran.json["run_id"], "--store", cluster.store)
    assert verified.code == 0, verified.err
    spec = cluster.job(f"evalfactory-{ran.json['run_id']}")["spec"]
    assert (spec["completions"], spec["parallelism"]) == (8, 4)


def _volume(cluster: ClusterBench) -> Path:
    """The folder of a new claim, which this machine sees too."""
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "evals"}, "spec": spec}
    cluster.kubectl("apply", "-f", "-", text=json.dumps(claim))
    name = eventually(lambda: cluster.kubectl("get", "pvc", "evals", "-o", "jsonpath={.spec.volumeName}"), "a volume")
    folder = json.loads(kubectl("get", "pv", name, "-o", "json"))["spec"].get("hostPath", {}).get("path", "")
    if not Path(folder).is_dir():
        pytest.skip("this machine does not see the cluster's volumes")
    return Path(folder)


@contextmanager
def _for_everybody() -> Iterator[None]:
    """What is written here can be written by pods too, on a share that knows no groups."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)
