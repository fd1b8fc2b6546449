"""A run in a cluster is followed to its end: by its store how far it is, by its pods what keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from evalfactory.engine.orders import Assignment
from evalfactory.errors import EnvironmentProblem, Exit
from evalfactory.runners.kubernetes import KubernetesRunner, Pace
from evalfactory.runners.port import Ended
from evalfactory.runners.progress import Progress
from evalfactory.storage.layout import RunKeys
from fakes.cluster import FakeCluster
from fakes.memory_store import MemoryStore
from placed_given import S3, order

JOB = "evalfactory-nightly-7"
QUICK = Pace(look_s=0.01, again_s=0.01, patience_s=0.05)


class Followed:
    """A run of two shards, its cluster, and its store."""

    def __init__(self, pace: Pace = QUICK) -> None:
        self.cluster = FakeCluster()
        self.store = MemoryStore()
        self.order = order(2, pods=2)
        self.runner = KubernetesRunner(self.order.placement, self.store, lambda: self.cluster, pace)
        self.progress = Progress(planned=2, started_s=0.0)

    def to_its_end(self, *happenings: Callable[[], None]) -> Ended:
        """What the runner says of it; each thing happens once the one before is seen, or as soon as it may."""
        return asyncio.run(self._follow(happenings))

    async def _follow(self, happenings: tuple[Callable[[], None], ...]) -> Ended:
        plan = self.order.plan
        assignment = Assignment(
            store=S3, suite=plan.suite, run_id=plan.run_id, plan_digest=plan.digest, attempt="a", workers=2
        )
        self.progress.count_committed(plan, [0, 1])
        await self.runner.start()
        following = asyncio.create_task(self.runner.run(plan, assignment, [0, 1], self.progress))
        while ("Job", JOB) not in self.cluster.objects:
            await asyncio.sleep(0)
        for happening in happenings:
            happening()
            await asyncio.sleep(0.03)
        async with asyncio.timeout(60):
            return await following

    def commit(self, shard: int) -> Callable[[], None]:
        keys = RunKeys(self.order.plan.suite, self.order.plan.run_id)
        return lambda: self.store.put(keys.commit(shard), b"{}")

    def pod(self, index: int, **status: Any) -> Callable[[], None]:
        labels = {"evalfactory/job": JOB, "batch.kubernetes.io/job-completion-index": str(index)}
        spec = {"containers": [{"name": "worker", "image": "img:1"}]}
        pod = {
            "kind": "Pod",
            "metadata": {"name": f"{JOB}-{index}-x", "labels": labels},
            "spec": spec,
            "status": status,
        }
        return lambda: self.cluster.say("ADDED", pod)

    def worker(self, index: int, **state: Any) -> Callable[[], None]:
        return self.pod(index, containerStatuses=[{"name": "worker", "state": state}])

    def ends(self, kind: str, reason: str, message: str = "", **status: Any) -> Callable[[], None]:
        condition = {"type": kind, "status": "True", "reason": reason, "message": message}

        def end() -> None:
            job = self.cluster.objects["Job", JOB]
            self.cluster.say("MODIFIED", {**job, "status": {"conditions": [condition], **status}})

        return end


@pytest.fixture
def run() -> Followed:
    return Followed()


def test_a_run_has_ended_well_when_every_shard_is_committed_whatever_its_job_says(run: Followed) -> None:
    assert run.to_its_end(run.commit(0), run.commit(1)) == Ended(0)
    assert run.progress.done == 2


def test_a_job_that_failed_after_the_last_commit_is_a_run_that_ended_well(run: Followed) -> None:
    ended = run.to_its_end(run.commit(1), run.commit(0), run.ends("Failed", "DeadlineExceeded"))
    assert ended.code == 0


def test_a_cluster_that_is_away_is_watched_again(run: Followed) -> None:
    run.cluster.down = 7
    said = "evalfactory: the key was refused\n  try: set it"
    message = "Container worker for pod evals/x failed with exit code 77 matching FailJob rule at index 1"
    ended = run.to_its_end(
        run.worker(0, terminated={"exitCode": 77, "message": said}), run.ends("Failed", "PodFailurePolicy", message)
    )
    assert ended == Ended(Exit.REFUSED, "the key was refused", "set it")


def test_a_server_that_has_only_just_started_may_refuse_for_a_moment() -> None:
    run = Followed(replace(QUICK, patience_s=60))
    run.cluster.down, run.cluster.refused = 3, 3
    meanwhile = [run.commit(0)] * 5
    assert run.to_its_end(*meanwhile, run.commit(1)) == Ended(0)
    assert run.cluster.refused == 0


@pytest.mark.parametrize("down", [0, 3])
def test_a_server_that_goes_on_refusing_ends_the_run(down: int) -> None:
    run = Followed()
    run.cluster.down, run.cluster.refused = down, 1_000_000
    with pytest.raises(EnvironmentProblem, match="does not allow"):
        run.to_its_end()


def test_what_waiting_cannot_mend_ends_the_run_and_leaves_no_job(run: Followed) -> None:
    missing = {"reason": "CreateContainerConfigError", "message": 'secret "judge-key" not found'}
    with pytest.raises(EnvironmentProblem, match="judge-key") as caught:
        run.to_its_end(run.worker(0, waiting=missing))
    assert "kubectl create secret generic judge-key" in str(caught.value.hint)
    assert ("Job", JOB) not in run.cluster.objects


def test_what_may_mend_itself_is_told_and_waited_for(run: Followed) -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "Insufficient cpu"}
    notes: list[str] = []

    def look() -> None:
        notes.extend(worker.note for worker in run.progress.workers)

    waiting = run.pod(0, phase="Pending", conditions=[condition])
    assert run.to_its_end(waiting, look, run.commit(0), run.commit(1)).code == 0
    assert any("Insufficient cpu" in note for note in notes)


def test_who_stops_following_leaves_the_pods_at_work(run: Followed) -> None:
    ended = run.to_its_end(lambda: run.runner.stop(Exit.INTERRUPTED))
    assert ended.code == Exit.INTERRUPTED
    assert "evalfactory stop nightly-7" in ended.message
    assert ("Job", JOB) in run.cluster.objects


def test_a_job_that_somebody_deleted_is_told_of(run: Followed) -> None:
    ended = run.to_its_end(lambda: run.cluster.say("DELETED", run.cluster.objects["Job", JOB]))
    assert (ended.code, ended.message) == (Exit.BUG, "the Job was deleted")
