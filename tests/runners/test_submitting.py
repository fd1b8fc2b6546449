"""A Job for a run's open shards is made once, however often it is asked for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evalfactory.errors import EnvironmentProblem
from evalfactory.manifests.order import JobOrder
from evalfactory.runners.submitting import Submitted, submit
from fakes.cluster import FakeCluster
from placed_given import order

NOW = datetime(2026, 11, 23, 3, 0, 0, tzinfo=UTC)
FIRST, SECOND = "evalfactory-nightly-7", "evalfactory-nightly-7-r2"


def submitted(cluster: FakeCluster, wanted: JobOrder) -> Submitted:
    return asyncio.run(submit(cluster, wanted, NOW))


def end(cluster: FakeCluster, name: str) -> None:
    ended = {"conditions": [{"type": "Failed", "status": "True"}]}
    cluster.say("MODIFIED", {**cluster.objects["Job", name], "status": ended})


def jobs(cluster: FakeCluster) -> list[str]:
    return [name for kind, name in cluster.objects if kind == "Job"]


def test_the_same_run_submitted_twice_is_one_job() -> None:
    cluster = FakeCluster()
    first, again = submitted(cluster, order()), submitted(cluster, order())
    assert (first.is_new, again.is_new) == (True, False)
    assert jobs(cluster) == [FIRST]


def test_what_is_open_when_a_job_has_ended_is_another_job() -> None:
    cluster = FakeCluster()
    submitted(cluster, order())
    end(cluster, FIRST)
    second = submitted(cluster, order(only=(2, 5)))
    assert jobs(cluster) == [FIRST, SECOND]
    assert second.order.shards == (2, 5)
    assert second.job["spec"]["completions"] == 2


def test_a_job_that_is_still_at_the_open_shards_is_taken_up_with_its_own_indexes() -> None:
    cluster = FakeCluster()
    submitted(cluster, order())
    taken = submitted(cluster, order(only=(2, 5)))
    assert jobs(cluster) == [FIRST]
    assert taken.order.shards == tuple(range(8))


def test_a_job_that_is_being_deleted_is_not_waited_for() -> None:
    cluster = FakeCluster()
    going = submitted(cluster, order()).job
    cluster.say("MODIFIED", {**going, "metadata": {**going["metadata"], "deletionTimestamp": "2026-11-23T02:00:00Z"}})
    assert submitted(cluster, order()).order.name == SECOND


def test_another_run_of_the_same_id_is_refused_and_nothing_is_made() -> None:
    cluster = FakeCluster()
    submitted(cluster, order())
    other = order()
    for changed in (
        replace(other, store="s3://elsewhere"),
        replace(other, plan=other.plan.model_copy(update={"digest": "0" * 64})),
    ):
        with pytest.raises(EnvironmentProblem, match="another run of this id"):
            submitted(cluster, changed)
    assert jobs(cluster) == [FIRST]


def test_a_jobs_policy_is_there_before_it_and_goes_with_it() -> None:
    cluster = FakeCluster()
    job = submitted(cluster, order()).job
    assert list(cluster.objects) == [("NetworkPolicy", FIRST), ("Job", FIRST)]
    owners = cluster.objects["NetworkPolicy", FIRST]["metadata"]["ownerReferences"]
    assert [owner["uid"] for owner in owners] == [job["metadata"]["uid"]]


def test_a_placement_without_a_policy_makes_none() -> None:
    cluster = FakeCluster()
    submitted(cluster, order(network_policy=False))
    assert list(cluster.objects) == [("Job", FIRST)]


def pod(cluster: FakeCluster, index: int, phase: str, *, due: str | None = None) -> None:
    metadata = {"name": f"{FIRST}-{index}", "labels": {"evalfactory/job": FIRST}}
    gone = {"deletionTimestamp": due} if due else {}
    cluster.say("ADDED", {"kind": "Pod", "metadata": {**metadata, **gone}, "status": {"phase": phase}})


@pytest.mark.parametrize(
    ("second", "jobs_then"),
    [
        (("Succeeded", None), 2),
        (("Running", "2026-11-23T02:30:00Z"), 2),
        (("Running", "2026-11-23T02:59:30Z"), 1),
        (("Running", None), 1),
        (("Pending", None), 1),
    ],
)
def test_a_job_of_which_only_pods_on_lost_nodes_are_left_gets_another_one_beside_it(
    second: tuple[str, str | None], jobs_then: int
) -> None:
    cluster = FakeCluster()
    submitted(cluster, order())
    pod(cluster, 0, "Running", due="2026-11-23T02:40:00Z")
    pod(cluster, 1, second[0], due=second[1])
    submitted(cluster, order(only=(0, 3)))
    assert len(jobs(cluster)) == jobs_then
