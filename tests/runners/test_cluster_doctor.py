"""A cluster is tried out before it is relied on, from outside and from inside a pod."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from evalfactory.app.doctoring import Finding, cluster_findings, reach_findings
from fakes.cluster import FakeCluster
from placed_given import S3, order


class WithOnePod(FakeCluster):
    """Makes the pod of a Job at once, in the state that it is told."""

    def __init__(self, state: dict[str, Any], said: str = "") -> None:
        super().__init__()
        self._state, self._said = state, said

    async def create(self, manifest: dict[str, Any]) -> dict[str, Any] | None:
        made = await super().create(manifest)
        template = manifest["spec"]["template"]
        status = {"containerStatuses": [{"name": "worker", "state": self._state}]}
        metadata = {"name": f"{manifest['metadata']['name']}-x", "labels": template["metadata"]["labels"]}
        self.say("ADDED", {"kind": "Pod", "metadata": metadata, "spec": template["spec"], "status": status})
        return made

    async def log(self, pod: str, *, follow: bool) -> AsyncIterator[str]:
        for line in self._said.splitlines():
            yield line


def examined(cluster: FakeCluster, **placement: Any) -> dict[str, Finding]:
    placed = order(**placement).placement

    async def all_findings() -> list[Finding]:
        return [each async for each in cluster_findings(cluster, placed, S3, ("http://judge:8000/v1",))]

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


def test_an_image_of_something_else_is_told_by_what_it_says() -> None:
    found = examined(WithOnePod({"terminated": {"exitCode": 2}}, "evalfactory: there is no command 'doctor'"))
    assert not found["a pod"].is_well
    assert "there is no command" in found["a pod"].said


def test_an_address_where_nobody_answers_is_told_of() -> None:
    (finding,) = asyncio.run(reach_findings(("http://127.0.0.1:1/v1",)))
    assert not finding.is_well
    assert "placement.addresses" in finding.hint
