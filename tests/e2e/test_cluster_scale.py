"""A thousand shards on nodes that only pretend: what asking, following and looking costs."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator

import pytest
from cluster_bench import ClusterBench, as_submitter, kubectl, missing
from cluster_faults import scripts, start_parts

pytestmark = [pytest.mark.skipif(bool(missing()), reason=missing() or "there is a cluster"), pytest.mark.long]
pytest_plugins = ["cluster_fixtures"]

FAKE = {
    "node_selector": {"type": "fake"},
    "tolerations": [{"key": "evalfactory.test/fake", "operator": "Exists"}],
}
FLOW = "evalfactory-e2e"


@pytest.fixture(scope="module")
def fake_nodes() -> None:
    """Nodes on which pods end well at once, and nothing runs."""
    if not kubectl("get", "nodes", "-l", "type=fake", "-o", "name"):
        if scripts() is None:
            pytest.skip("there are no fake nodes (kwok)")
        start_parts("--fake-nodes", "3")


@pytest.fixture
def robot(cluster: ClusterBench) -> Iterator[ClusterBench]:
    """The bench as a service account with the submitter's Role, whose requests the API server counts by themselves."""
    cluster.suite(cases=1)
    as_submitter(cluster, "counted")
    kubectl("apply", "-f", "-", text=json.dumps(_flow(cluster.namespace)))
    yield cluster
    kubectl("delete", "flowschema", FLOW)


def _flow(namespace: str) -> dict[str, object]:
    subject = {"kind": "ServiceAccount", "serviceAccount": {"name": "counted", "namespace": namespace}}
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"], "clusterScope": True}
    return {
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "FlowSchema",
        "metadata": {"name": FLOW},
        "spec": {
            "matchingPrecedence": 100,
            "priorityLevelConfiguration": {"name": "workload-low"},
            "rules": [{"subjects": [subject], "resourceRules": [everything]}],
        },
    }


def _requests() -> int:
    """What the API server has been asked by the robot, watches counted once each."""
    text = kubectl("get", "--raw", "/metrics")
    name = r"apiserver_flowcontrol_dispatched_requests_total"
    found = re.findall(rf'^{name}{{[^}}]*flow_schema="{FLOW}"[^}}]*}} (\S+)$', text, re.MULTILINE)
    return int(sum(map(float, found)))


@pytest.mark.usefixtures("fake_nodes")
def test_the_api_server_is_asked_as_often_for_a_thousand_shards_as_for_ten(
    robot: ClusterBench, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, seconds = {}, {}
    for shards in (10, 1000):
        robot.suite(cases=1000, execution={"shards": shards}, placement={"pods": 100, **FAKE})
        before, began_s = _requests(), time.monotonic()
        ran = robot.run(f"wide-{shards}")
        seconds[shards] = time.monotonic() - began_s
        assert ran.code == 12, ran.err  # nothing was measured, and it says so
        assert ran.json["missing"] == 2000
        assert robot.job(f"evalfactory-wide-{shards}")["status"]["succeeded"] == shards
        asked[shards] = _requests() - before
    began_s = time.monotonic()
    status = robot.bench("status", "wide-1000", "--store", robot.store, "--json").json
    status_s = time.monotonic() - began_s
    assert (status["shards"], status["committed"]) == (1000, 0)
    with capsys.disabled():
        sys.stderr.write(f"\nrequests {asked}, seconds {seconds}, status {status_s:.1f} s\n")
    assert asked[1000] <= asked[10] + 4
