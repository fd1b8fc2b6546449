"""A cluster is tried out before it is relied on, from outside and from inside a pod."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from evalfactory.app.doctoring import Finding, cluster_findings, reach_findings
from fakes.cluster import FakeCluster
from placed_given import S3, order

SETTLE_S = 0.01


class WithOnePod(FakeCluster):
    """Makes the pod of a Job at once, in the state that it is told."""

    def __init__(self, state: dict[str, Any], said: str = "", conditions: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__()
        self._state, self._said, self._conditions = state, said, list(conditions)

    async def create(self, manifest: dict[str, Any]) -> dict[str, Any] | None:
        made = await super().create(manifest)
        template = manifest["spec"]["template"]
        statuses = [{"name": "worker", "state": self._state}]
        status = {"containerStatuses": statuses, "conditions": self._conditions}
        metadata = {"name": f"{manifest['metadata']['name']}-x", "labels": template["metadata"]["labels"]}
        self.say("ADDED", {"kind": "Pod", "metadata": metadata, "spec": template["spec"], "status": status})
        return made

    async def log(self, pod: str, *, follow: bool) -> AsyncIterator[str]:
        for line in self._said.splitlines():
            yield line


def examined(cluster: FakeCluster, **placement: Any) -> dict[str, Finding]:
    placed = order(**placement).placement

    async def all_findings() -> list[Finding]:
        asked = ("http://judge:8000/v1",)
        return [each async for each in cluster_findings(cluster, placed, S3, asked, settle_s=SETTLE_S)]

    return {finding.what: finding for finding in asyncio.run(all_findings())}


def test_a_pod_tells_what_it_finds_and_nothing_is_left_of_it() -> None:
    inside = {"what": "read back", "is_well": True, "said": "at once", "hint": ""}
    cluster = WithOnePod({"terminated": {"exitCode": 0}}, json.dumps({"findings": [inside]}, indent=1))
    found = examined(cluster)
    assert found["a pod"].is_well
    assert found["from a pod: read back"].said == "at once"
    assert not [name for kind, name in cluster.objects if kind == "Job"]


def test_a_right_that_is_lacking_is_named_with_who_gives_it() -> None:
    cluster = WithOnePod({"terminated": {"exitCode": 0}})
    cluster.forbidden = {("patch", "jobs"), ("get", "pods/log")}
    found = examined(cluster)
    assert found["right to jobs"].said == "may not patch"
    assert not found["right to pods/log"].is_well
    assert "--access" in found["right to jobs"].hint
    assert found["right to pods"].is_well


def test_rights_for_detached_runs_are_looked_at_where_an_image_for_them_is_named() -> None:
    cluster = WithOnePod({"terminated": {"exitCode": 0}})
    cluster.forbidden = {("create", "roles")}
    assert "right to roles" not in examined(cluster)
    found = examined(cluster, aggregator_image="full:1")["right to roles"]
    assert (found.is_well, found.said) == (False, "may not create")
    assert "--access --detach" in found.hint


def test_a_pod_that_cannot_begin_says_why() -> None:
    waiting = {"reason": "CreateContainerConfigError", "message": 'secret "bucket-key" not found'}
    found = examined(WithOnePod({"waiting": waiting}))
    assert "bucket-key" in found["a pod"].said
    assert not found["a pod"].is_well


class Refusing(FakeCluster):
    """Makes no pod of a Job, and says why."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self._said = said

    async def create(self, manifest: dict[str, Any]) -> dict[str, Any] | None:
        about = {"kind": "Job", "name": manifest["metadata"]["name"]}
        event = {"involvedObject": about, "type": "Warning", "reason": "FailedCreate", "message": self._said}
        self.say("ADDED", {"kind": "Event", "metadata": {"name": "warning"}, **event})
        return await super().create(manifest)


def test_a_pod_that_nothing_places_is_told_of_before_all_patience_is_spent() -> None:
    message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: none"
    unplaced = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    found = examined(WithOnePod({}, conditions=[unplaced]))["a pod"]
    assert "Insufficient nvidia.com/gpu" in found.said
    assert "less nvidia.com/gpu" in found.hint


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ('pods "x" is forbidden: exceeded quota: q, requested: requests.memory=1Gi', "larger quota"),
        ('pods "x" is forbidden: violates PodSecurity "restricted:latest": host namespaces', "pod_template"),
        ('pods "x" is forbidden: error looking up service account evals/nobody: not found', "service_account"),
    ],
)
def test_a_pod_that_is_not_made_at_all_is_told_of_with_the_reason(said: str, hint: str) -> None:
    found = examined(Refusing(said))["a pod"]
    assert not found.is_well
    assert said in found.said
    assert hint in found.hint


def test_an_image_of_something_else_is_told_by_what_it_says() -> None:
    found = examined(WithOnePod({"terminated": {"exitCode": 2}}, "evalfactory: there is no command 'doctor'"))
    assert not found["a pod"].is_well
    assert "there is no command" in found["a pod"].said


def test_an_address_where_nobody_answers_is_told_of() -> None:
    (finding,) = asyncio.run(reach_findings(("http://127.0.0.1:1/v1",)))
    assert not finding.is_well
    assert "placement.addresses" in finding.hint
