"""A cluster through lightkube: kubeconfig with contexts and exec credentials, or the service account of a pod."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import EnvironmentProblem, EvalFactoryError, UnavailableError, UsageError
from ..manifests.pod import Manifest
from ..settings import proxy_for
from .cluster import Cluster, Kind

try:
    import httpx2
    from lightkube import ApiError, AsyncClient, ConfigError, KubeConfig
    from lightkube.config.client_adapter import verify_cluster
    from lightkube.config.kubeconfig import SingleConfig
    from lightkube.config.models import NameValue, User
    from lightkube.generic_resource import GenericNamespacedResource, create_global_resource, create_namespaced_resource
    from lightkube.types import CascadeType, PatchType
except ImportError as error:
    raise EnvironmentProblem(
        "runs on Kubernetes need the extra `kubernetes`", hint="pip install 'evalfactory[kubernetes]'"
    ) from error

REFRESH_S = 240  # a watch that is silent is begun anew after this long: a connection may be dead without a word

_KINDS: dict[Kind, type[GenericNamespacedResource]] = {
    "Job": create_namespaced_resource("batch", "v1", "Job", "jobs"),
    "NetworkPolicy": create_namespaced_resource("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
    "Pod": create_namespaced_resource("", "v1", "Pod", "pods"),
    "Event": create_namespaced_resource("", "v1", "Event", "events"),
    "ServiceAccount": create_namespaced_resource("", "v1", "ServiceAccount", "serviceaccounts"),
    "Role": create_namespaced_resource("rbac.authorization.k8s.io", "v1", "Role", "roles"),
    "RoleBinding": create_namespaced_resource("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
}

_REVIEW = create_global_resource(
    "authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", verbs=["post"]
)


def connect(context: str | None = None, namespace: str | None = None) -> Cluster:
    """The cluster of the kubeconfig's context, or the one that this pod is in.

    Raises:
        EnvironmentProblem: There is no such configuration.
    """
    try:
        config = KubeConfig.from_env().get(context)
        if config is None:
            raise EnvironmentProblem(_NO_CLUSTER, hint=_NO_CLUSTER_HINT)
        transport = _transport(config)
        tell_program(config.user)
        return LightkubeCluster(
            AsyncClient(config, namespace=namespace, field_manager="evalfactory", transport=transport)
        )
    except ConfigError as error:
        raise EnvironmentProblem(f"{_NO_CLUSTER}: {error}", hint=_NO_CLUSTER_HINT) from error


def _transport(config: SingleConfig) -> httpx2.AsyncHTTPTransport:
    context = verify_cluster(config.cluster, config.user or User(), config.abs_file)
    return httpx2.AsyncHTTPTransport(verify=as_kubectl(context), proxy=proxy_for(config.cluster.server))


def as_kubectl(context: ssl.SSLContext) -> ssl.SSLContext:
    """The context, which verifies what kubectl does: Python 3.13 also wants extensions that authorities of clusters lack."""
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def tell_program(user: User | None) -> None:
    """Let a program that makes the user's credentials be asked as kubectl asks it.

    lightkube knows no `v1`, whose answers are those of `v1beta1`, and tells the program nothing; some insist on it.
    """
    if user is None or user.exec is None:
        return
    program = user.exec
    asked = {"apiVersion": program.apiVersion, "kind": "ExecCredential", "spec": {"interactive": False}}
    program.env = [*(program.env or []), NameValue(name="KUBERNETES_EXEC_INFO", value=json.dumps(asked))]
    if program.apiVersion == "client.authentication.k8s.io/v1":
        program.apiVersion = "client.authentication.k8s.io/v1beta1"


_NO_CLUSTER = "no cluster is configured"
_NO_CLUSTER_HINT = "set KUBECONFIG, or name one of `kubectl config get-contexts` with --context"


class LightkubeCluster:
    """See the port."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self.namespace = str(client.namespace)

    async def create(self, manifest: Manifest) -> Manifest | None:
        wanted = _KINDS[manifest["kind"]].from_dict(manifest)
        with _translated(f"create {manifest['kind']} {manifest['metadata']['name']}"):
            try:
                made = await self._client.create(wanted, namespace=self.namespace)  # type: ignore[call-overload]  # it takes generic ones
                return _plain(made)
            except httpx2.HTTPStatusError as error:
                if _code(error) == 409:
                    return None
                raise

    async def get(self, kind: Kind, name: str) -> Manifest | None:
        with _translated(f"get {kind} {name}"):
            try:
                return _plain(await self._client.get(_KINDS[kind], name, namespace=self.namespace))
            except httpx2.HTTPStatusError as error:
                if _code(error) == 404:
                    return None
                raise

    async def patch(self, kind: Kind, name: str, patch: Manifest) -> None:
        with _translated(f"patch {kind} {name}"):
            await self._client.patch(_KINDS[kind], name, patch, namespace=self.namespace, patch_type=PatchType.MERGE)

    async def delete(self, kind: Kind, name: str) -> None:
        with _translated(f"delete {kind} {name}"):
            try:
                await self._client.delete(_KINDS[kind], name, namespace=self.namespace, cascade=CascadeType.BACKGROUND)
            except httpx2.HTTPStatusError as error:
                if _code(error) != 404:
                    raise

    async def watch(
        self,
        kind: Kind,
        *,
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
        since: str | None = None,
    ) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        with _translated(f"watch {kind}"):
            async for change, found in self._client.watch(
                _KINDS[kind],
                namespace=self.namespace,
                labels=dict(labels) if labels else None,
                fields=dict(fields) if fields else None,
                server_timeout=REFRESH_S,
                resource_version=since,
            ):
                yield change, _plain(found)

    async def log(self, pod: str, *, follow: bool) -> AsyncIterator[str]:
        with _translated(f"read the log of {pod}"):
            async for line in self._client.log(pod, namespace=self.namespace, follow=follow, newlines=False):
                yield line

    async def allows(self, verb: str, group: str, resource: str) -> bool:
        kind, _, part = resource.partition("/")
        asked = {"namespace": self.namespace, "verb": verb, "group": group, "resource": kind, "subresource": part}
        review = _REVIEW.from_dict({"spec": {"resourceAttributes": asked}})
        with _translated("ask what is allowed"):
            answer = _plain(await self._client.create(review))
        return bool(answer.get("status", {}).get("allowed"))

    async def close(self) -> None:
        await self._client.close()

    # Last: below a method of this name, `list[…]` would mean the method.
    async def list(self, kind: Kind, labels: Mapping[str, str]) -> list[Manifest]:
        with _translated(f"list {kind}s"):
            found = self._client.list(_KINDS[kind], namespace=self.namespace, labels=dict(labels))
            return [_plain(each) async for each in found]


def _plain(found: Any) -> Manifest:
    return dict(found.to_dict())


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    """Within it the client's errors become ours."""
    try:
        yield
    except httpx2.HTTPStatusError as error:
        raise _in_our_words(error, doing) from error
    except httpx2.HTTPError as error:
        said = str(error) or type(error).__name__
        raise UnavailableError(f"the cluster does not answer: {said}", hint="kubectl cluster-info") from error
    except (ConfigError, OSError) as error:  # of a program for credentials: all else is the HTTP library's
        hint = "does `kubectl get jobs` work here? `kubectl config view --minify` names the program"
        raise EnvironmentProblem(f"there are no credentials for the cluster: {error}", hint=hint) from error


def _code(error: httpx2.HTTPStatusError) -> int:
    """The status of an answer, or that of an error in the middle of a watch, whose answer was fine."""
    return (error.status.code or 0) if isinstance(error, ApiError) else error.response.status_code


def _said(error: httpx2.HTTPStatusError) -> str:
    text = error.status.message if isinstance(error, ApiError) else error.response.text
    return " ".join(str(text).split())[:400]


def _in_our_words(error: httpx2.HTTPStatusError, doing: str) -> EvalFactoryError:
    code, said = _code(error), _said(error)
    if code in (401, 403):
        hint = (
            "who submits needs the Role that `evalfactory render kubernetes SUITE --access` prints (`--detach` is more)"
        )
        return EnvironmentProblem(f"the cluster does not allow to {doing}: {said}", hint=hint)
    if code in (400, 404, 422):
        return UsageError(f"the cluster refuses to {doing}: {said}", hint="look at `placement:` in the suite")
    return UnavailableError(f"the cluster answers {code} when asked to {doing}: {said}")
