"""A run that nobody follows: its aggregator waits for the Job, with no right but to read it, and reports."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from test_submitting import NOW, end, jobs, submitted

from evalfactory.app.collecting import CollectOptions
from evalfactory.app.finishing import Finished, finish
from evalfactory.app.planning import read_plan
from evalfactory.app.status import run_status
from evalfactory.app.steering import logs
from evalfactory.errors import EnvironmentProblem, UnavailableError
from evalfactory.manifests.aggregator import AggregatorOrder, aggregator
from evalfactory.manifests.pod import Manifest, pod_template
from evalfactory.runners.cluster import Kind
from evalfactory.runners.submitting import check_may_leave, leave, submit
from evalfactory.storage.layout import RunKeys
from evalfactory.storage.open import open_store
from fakes.cluster import FakeCluster
from line_tools import Bench
from placed_given import EVERYTHING, order

NAME = "evalfactory-nightly-7-report"


def left(cluster: FakeCluster) -> AggregatorOrder:
    async def both() -> AggregatorOrder:
        finisher = AggregatorOrder((await submit(cluster, order(), NOW)).order, "main")
        await leave(cluster, finisher)
        return finisher

    return asyncio.run(both())


def test_the_aggregator_can_read_its_job_and_nothing_else() -> None:
    for made in (order(), order(**EVERYTHING)):
        documents = {each["kind"]: each for each in aggregator(AggregatorOrder(made))}
        assert documents["Role"]["rules"] == [
            {"apiGroups": ["batch"], "resources": ["jobs"], "resourceNames": [made.name], "verbs": ["get"]}
        ]
        pod = documents["Job"]["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is True
        assert pod["serviceAccountName"] == documents["RoleBinding"]["subjects"][0]["name"]
        assert pod_template(made)["spec"]["automountServiceAccountToken"] is False


def test_the_aggregator_keeps_the_workers_own_account_which_may_be_their_key_to_the_store() -> None:
    kinds = [each["kind"] for each in aggregator(AggregatorOrder(order(service_account="evals-worker")))]
    assert "ServiceAccount" not in kinds
    assert AggregatorOrder(order(service_account="evals-worker")).account == "evals-worker"


def test_the_aggregator_has_its_image_and_neither_device_nor_models() -> None:
    made = order(
        aggregator_image="full:1", gpu={"resource": "nvidia.com/gpu"}, model_cache={"claim": "m", "path": "/m"}
    )
    pod = pod_template(AggregatorOrder(made))["spec"]
    container = pod["containers"][0]
    assert container["image"] == "full:1"
    assert "nvidia.com/gpu" not in container["resources"]["limits"]
    assert [volume["name"] for volume in pod["volumes"]] == ["tmp"]


def test_a_run_left_twice_has_one_job_and_one_aggregator_and_what_belongs_to_it_goes_with_it() -> None:
    cluster = FakeCluster()
    left(cluster)
    left(cluster)
    assert jobs(cluster) == ["evalfactory-nightly-7", NAME]
    uid = cluster.objects["Job", NAME]["metadata"]["uid"]
    for kind in ("ServiceAccount", "Role", "RoleBinding", "NetworkPolicy"):
        assert cluster.objects[kind, NAME]["metadata"]["ownerReferences"][0]["uid"] == uid


def test_an_aggregator_is_not_taken_for_a_job_of_workers() -> None:
    cluster = FakeCluster()
    left(cluster)
    end(cluster, "evalfactory-nightly-7")
    assert submitted(cluster, order(only=(2, 5))).order.name == "evalfactory-nightly-7-r2"


def test_whoever_may_not_make_an_account_is_told_before_anything_is_made() -> None:
    cluster = FakeCluster()
    cluster.forbidden = {("create", "roles")}
    with pytest.raises(EnvironmentProblem, match=r"may not create roles") as refused:
        asyncio.run(check_may_leave(cluster))
    assert "--access --detach" in str(refused.value)
    assert not cluster.objects


def finished(bench: Bench, cluster: FakeCluster, job: str) -> Finished:
    store = open_store(str(bench.store))
    keys = RunKeys("line", "pods")
    return asyncio.run(finish(store, keys, cluster, job, CollectOptions(), look_s=0.001))


def planned(bench: Bench, *committed: int) -> None:
    bench.suite(judge="offline", execution={"shards": 2})
    assert bench.here("plan", "suite.yaml", "--write", "--run-id", "pods").code == 0
    for shard in committed:
        assert bench("work", "--store", "store", "--run-id", "pods", "--shard-index", str(shard)).code == 0


def job(status: dict[str, Any] | None = None) -> FakeCluster:
    cluster = FakeCluster()
    about = {"name": "j", "annotations": {"evalfactory/shards": "0-1"}}
    cluster.say("ADDED", {"kind": "Job", "metadata": about, "status": status or {}})
    return cluster


FAILED = {
    "conditions": [
        {
            "type": "Failed", "status": "True", "reason": "PodFailurePolicy",
            "message": "Container worker for pod evals/j-0 failed with exit code 77 matching FailJob rule at index 1",
        }
    ]
}  # fmt: skip


def test_all_committed_is_reported_though_the_job_lingers(bench: Bench) -> None:
    planned(bench, 0, 1)
    ended = finished(bench, job(), "j")
    assert (ended.why, ended.report.counts.missing) == ("", 0)
    said = run_status(open_store(str(bench.store)), RunKeys("line", "pods")).aggregator
    assert said == f"reported: {ended.report.verdict.outcome}"


@pytest.mark.parametrize(("cluster", "why"), [(job(FAILED), "exit code 77"), (FakeCluster(), "the Job is gone")])
def test_a_job_that_is_over_too_early_is_reported_as_incomplete_with_why(
    bench: Bench, cluster: FakeCluster, why: str
) -> None:
    planned(bench, 0)
    ended = finished(bench, cluster, "j")
    assert ended.report.verdict.outcome == "INCOMPLETE"
    assert why in ended.why
    store, keys = open_store(str(bench.store)), RunKeys("line", "pods")
    assert any(why in line.message for line in logs(store, keys))
    assert why in bench.here("status", "pods", "--store", "store").out
    assert read_plan(store, keys).run_id == "pods"


class Unreachable(FakeCluster):
    """Does not answer the first times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def get(self, kind: Kind, name: str) -> Manifest | None:
        if self.times:
            self.times -= 1
            raise UnavailableError("the cluster does not answer: no certificate")
        return await super().get(kind, name)


def test_why_an_aggregator_still_waits_is_in_the_log_once_however_often_it_looks(bench: Bench) -> None:
    planned(bench, 0, 1)
    finished(bench, Unreachable(times=5), "j")
    said = [line.message for line in logs(open_store(str(bench.store)), RunKeys("line", "pods"))]
    assert said.count("still waits: the cluster does not answer: no certificate") == 1
