"""A cluster in memory: it keeps what it is given, and says of it what it is told to."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from typing import Any

from evalfactory.errors import EnvironmentProblem, UnavailableError
from evalfactory.manifests.merged import merged
from evalfactory.manifests.pod import Manifest
from evalfactory.runners.cluster import Kind


class FakeCluster:
    """See the port. `say` changes an object as a controller would, and tells those who watch."""

    namespace = "evals"

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Manifest] = {}
        self._numbers = itertools.count(1)
        self.forbidden: set[tuple[str, str]] = set()
        self.down = 0  # how many more watches find nobody there
        self.refused = 0  # how many more are not allowed
        self._watchers: list[tuple[Kind, asyncio.Queue[tuple[str, dict[str, Any]]]]] = []

    async def create(self, manifest: Manifest) -> Manifest | None:
        key = (str(manifest["kind"]), str(manifest["metadata"]["name"]))
        if key in self.objects:
            return None
        made: Manifest = merged(deepcopy(manifest), {"metadata": {"uid": f"uid-{next(self._numbers)}"}})
        self.say("ADDED", made)
        return made

    async def get(self, kind: Kind, name: str) -> Manifest | None:
        return deepcopy(self.objects.get((kind, name)))

    async def patch(self, kind: Kind, name: str, patch: Manifest) -> None:
        self.say("MODIFIED", merged(self.objects[kind, name], patch))

    async def delete(self, kind: Kind, name: str) -> None:
        if (gone := self.objects.get((kind, name))) is not None:
            self.say("DELETED", gone)

    def say(self, change: str, found: Manifest) -> None:
        """Let the object be so, or be gone."""
        key = (str(found["kind"]), str(found["metadata"]["name"]))
        if change == "DELETED":
            self.objects.pop(key, None)
        else:
            self.objects[key] = found
        for kind, watcher in self._watchers:
            if kind == key[0]:
                watcher.put_nowait((change, deepcopy(found)))

    async def watch(
        self,
        kind: Kind,
        *,
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
        since: str | None = None,
    ) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        if self.down > 0:
            self.down -= 1
            raise UnavailableError("the cluster does not answer")
        if self.refused > 0:
            self.refused -= 1
            raise EnvironmentProblem("the cluster does not allow it")
        watcher: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        for found in self._with(kind, labels or {}) if since is None else []:
            watcher.put_nowait(("ADDED", found))
        self._watchers.append((kind, watcher))
        while True:
            yield await watcher.get()

    async def log(self, pod: str, *, follow: bool) -> AsyncIterator[str]:
        yield f"{pod} says nothing"

    async def allows(self, verb: str, group: str, resource: str) -> bool:
        return (verb, resource) not in self.forbidden

    async def close(self) -> None:
        """Nothing."""

    def _with(self, kind: Kind, labels: Mapping[str, str]) -> list[Manifest]:
        return [
            deepcopy(found)
            for (its_kind, _), found in self.objects.items()
            if its_kind == kind and labels.items() <= found["metadata"].get("labels", {}).items()
        ]

    # Last: below a method of this name, `list[…]` would mean the method.
    async def list(self, kind: Kind, labels: Mapping[str, str]) -> list[Manifest]:
        return self._with(kind, labels)
