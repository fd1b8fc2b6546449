"""The adapter to a cluster, over real HTTP: what a server says becomes objects as they are, and errors that say what to try."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from aiohttp import web

pytest.importorskip("lightkube", reason="the extra `kubernetes` is not installed")

from lightkube import AsyncClient, KubeConfig
from lightkube.config.models import Cluster, User, UserExec

from evalfactory.errors import EnvironmentProblem, EvalFactoryError, UnavailableError, UsageError
from evalfactory.manifests.job import indexed_job
from evalfactory.runners.lightkube_cluster import LightkubeCluster, as_kubectl, tell_program
from placed_given import order

Result = TypeVar("Result")
JOBS = "/apis/batch/v1/namespaces/evals/jobs"
NAME = "evalfactory-nightly-7"


def config_of(url: str, user: User | None = None) -> KubeConfig:
    return KubeConfig.from_one(user=user or User(token="t"), cluster=Cluster(server=url))


class Server:
    """An API server of one Job. `refuse` makes it answer everything with that status."""

    def __init__(self) -> None:
        self.jobs: dict[str, Any] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.bearers: set[str] = set()
        self.refuse = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path, dict(request.query)))
        self.bearers.add(request.headers.get("Authorization", ""))
        if self.refuse:
            return _status(self.refuse, "because")
        if request.path.endswith("selfsubjectaccessreviews"):
            asked = (await request.json())["spec"]["resourceAttributes"]
            return web.json_response({"status": {"allowed": asked["subresource"] != "log"}})
        if request.query.get("watch") == "true":
            return await self._watched(request)
        return await self._on_jobs(request)

    async def _on_jobs(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix(JOBS).strip("/")
        if request.method == "POST":
            job = await request.json()
            name = job["metadata"]["name"]
            if name in self.jobs:
                return _status(409, "already exists")
            self.jobs[name] = {**job, "unknown": {"field": 1}}
        elif request.method == "GET" and not name:
            return web.json_response({"kind": "JobList", "metadata": {}, "items": list(self.jobs.values())})
        elif name not in self.jobs:
            return _status(404, "not found")
        elif request.method == "DELETE":
            return web.json_response(self.jobs.pop(name))
        elif request.method == "PATCH":
            self.jobs[name]["spec"] |= json.loads(await request.text())["spec"]
        return web.json_response(self.jobs[name])

    async def _watched(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for number, change in enumerate(("ADDED", "MODIFIED")):
            job = {"metadata": {"name": NAME, "resourceVersion": str(number)}, "status": {"active": number}}
            await response.write(json.dumps({"type": change, "object": job}).encode() + b"\n")
        gone = {"kind": "Status", "status": "Failure", "code": 410, "message": "too old", "reason": "Expired"}
        await response.write(json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n")
        return response


def _status(code: int, message: str) -> web.Response:
    return web.json_response({"kind": "Status", "status": "Failure", "code": code, "message": message}, status=code)


def on(server: Server, do: Callable[[LightkubeCluster], Awaitable[Result]], user: User | None = None) -> Result:
    """What `do` returns of a cluster that is this server."""

    async def served() -> Result:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", server.answer)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        cluster = LightkubeCluster(AsyncClient(config_of(url, user), namespace="evals"))
        try:
            return await do(cluster)
        finally:
            await cluster.close()
            await runner.cleanup()

    return asyncio.run(served())


def test_a_job_is_made_once_found_changed_and_removed_with_every_field_as_it_was() -> None:
    server = Server()
    job = indexed_job(order())

    async def life(cluster: LightkubeCluster) -> None:
        made = await cluster.create(job)
        assert made is not None
        assert made["unknown"] == {"field": 1}
        assert await cluster.create(job) is None
        assert [each["metadata"]["name"] for each in await cluster.list("Job", {"evalfactory/run": NAME})] == [NAME]
        await cluster.patch("Job", NAME, {"spec": {"parallelism": 9}})
        found = await cluster.get("Job", NAME)
        assert found is not None
        assert found["spec"] == {**job["spec"], "parallelism": 9}
        await cluster.delete("Job", NAME)
        await cluster.delete("Job", NAME)
        assert await cluster.get("Job", NAME) is None

    on(server, life)
    listed = [query for method, path, query in server.asked if (method, path) == ("GET", JOBS)]
    assert listed[0]["labelSelector"] == f"evalfactory/run={NAME}"


def user_by(script: str, version: str) -> User:
    """A user whose credentials a program makes."""
    asked = f"client.authentication.k8s.io/{version}"
    user = User(exec=UserExec(apiVersion=asked, command=sys.executable, args=["-c", script]))
    tell_program(user)
    return user


TELLS = """
import json, os
asked = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
print(json.dumps({**asked, "status": {"token": asked["apiVersion"].rpartition("/")[2]}}))
"""


async def looks(cluster: LightkubeCluster) -> None:
    await cluster.list("Job", {})


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_program_that_makes_credentials_is_asked_as_kubectl_asks_it(version: str) -> None:
    server = Server()
    on(server, looks, user_by(TELLS, version))
    assert server.bearers == {f"Bearer {version}"}


@pytest.mark.parametrize("script", ["import sys; sys.exit('log in first')", None])
def test_a_program_that_makes_no_credentials_is_named_with_what_it_says(script: str | None) -> None:
    user = user_by(script or "", "v1")
    if script is None:
        assert user.exec is not None
        user.exec.command = "no-such-program"
    with pytest.raises(EnvironmentProblem, match=r"no credentials for the cluster: .*(log in first|no-such-program)"):
        on(Server(), looks, user)


def test_a_watch_tells_each_change_and_ends_by_an_error_that_can_be_waited_for() -> None:
    server = Server()
    seen: list[tuple[str, int]] = []

    async def watch(cluster: LightkubeCluster) -> None:
        async for change, job in cluster.watch("Job", fields={"metadata.name": NAME}, since="7"):
            seen.append((change, job["status"]["active"]))

    with pytest.raises(UnavailableError, match="too old"):
        on(server, watch)
    assert seen == [("ADDED", 0), ("MODIFIED", 1)]
    (asked,) = [query for _, _, query in server.asked]
    assert (asked["fieldSelector"], asked["resourceVersion"]) == (f"metadata.name={NAME}", "7")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, EnvironmentProblem),
        (403, EnvironmentProblem),
        (422, UsageError),
        (500, UnavailableError),
        (429, UnavailableError),
    ],
)
def test_a_refusal_says_what_was_asked_and_what_to_try(status: int, kind: type[EvalFactoryError]) -> None:
    server = Server()
    server.refuse = status
    with pytest.raises(kind, match=f"create Job {NAME}"):
        on(server, lambda cluster: cluster.create(indexed_job(order())))


def test_a_cluster_that_is_not_there_is_told_of() -> None:
    async def ask() -> None:
        cluster = LightkubeCluster(AsyncClient(config_of("http://127.0.0.1:1"), namespace="evals"))
        try:
            await cluster.get("Job", NAME)
        finally:
            await cluster.close()

    with pytest.raises(UnavailableError, match="does not answer"):
        asyncio.run(ask())


def test_what_is_allowed_is_asked_of_the_cluster() -> None:
    async def ask(cluster: LightkubeCluster) -> tuple[bool, bool]:
        return await cluster.allows("get", "", "pods"), await cluster.allows("get", "", "pods/log")

    assert on(Server(), ask) == (True, False)


def test_an_authority_that_kubectl_accepts_is_accepted_and_every_other_still_refused() -> None:
    strict = ssl.create_default_context()
    strict.verify_flags |= ssl.VERIFY_X509_STRICT  # what Python 3.13 begins with
    context = as_kubectl(strict)
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
