"""The port to a cluster: what a run needs of Kubernetes, in objects as Kubernetes writes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal, Protocol

from ..manifests.pod import Manifest

Kind = Literal["Job", "NetworkPolicy", "Pod", "Event", "ServiceAccount", "Role", "RoleBinding"]


class Cluster(Protocol):
    """One namespace of a cluster.

    Raises `UnavailableError` when it does not answer, `EnvironmentProblem` when it allows too little, `UsageError` when
    it refuses what it is asked for.
    """

    namespace: str

    async def create(self, manifest: Manifest) -> Manifest | None:
        """The object as it was made; None if one of this name is there."""
        ...

    async def get(self, kind: Kind, name: str) -> Manifest | None:
        """The object; None if it is not there."""
        ...

    async def list(self, kind: Kind, labels: Mapping[str, str]) -> list[Manifest]:
        """The objects with these labels."""
        ...

    async def patch(self, kind: Kind, name: str, patch: Manifest) -> None:
        """Merge the patch into the object."""
        ...

    async def delete(self, kind: Kind, name: str) -> None:
        """Remove the object, and then what it owns, if it is there."""
        ...

    def watch(
        self,
        kind: Kind,
        *,
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
        since: str | None = None,
    ) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """First every object as `ADDED`, then each change; ends by an `UnavailableError` when the connection does.

        With `since`, an object's `resourceVersion`, only the changes after it.
        """
        ...

    def log(self, pod: str, *, follow: bool) -> AsyncIterator[str]:
        """The lines that a pod has written."""
        ...

    async def allows(self, verb: str, group: str, resource: str) -> bool:
        """Whether we may do that here."""
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...
