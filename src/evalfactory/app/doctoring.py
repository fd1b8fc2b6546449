"""What a run needs, tried out before it is begun: each finding with its remedy."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

from ..manifests.checkup import Checkup, checkup_job
from ..manifests.names import JOB_LABEL
from ..manifests.policy import DETACHED_RIGHTS, RIGHTS
from ..records.placement import Placement
from ..records.plan import StoreFacts
from ..runners.cluster import Cluster
from ..runners.pods import PodFacts, Trouble, event_trouble, pod_facts
from ..storage.port import Store
from ..storage.probe import probe

REACH_S = 10.0
POD_S = 120.0  # for a pod to be placed, to fetch its image, to look, and to end
SETTLE_S = 20.0  # for what keeps it from that to pass: a volume may be made, a node be on its way
MOST_AHEAD_S = 5.0  # shares of limits are agreed on by the store's clock, in seconds


class Finding(NamedTuple):
    """One thing that was tried."""

    what: str
    is_well: bool
    said: str
    hint: str = ""


def store_findings(store: Store) -> list[Finding]:
    """What the store does of what results rely on. Raises `UnavailableError` when nothing can be written there."""
    return list(_findings(probe(store)))


def _findings(facts: StoreFacts) -> Iterator[Finding]:
    yield Finding(
        "create if absent",
        facts.creates_once,
        "one of two writers wins" if facts.creates_once else "a second writer overwrites the first",
        ""
        if facts.creates_once
        else "nothing: plans record it, and of several attempts at a shard the one that the store has had longest counts",
    )
    yield Finding("write again", facts.knows_its_own, "a write whose answer was lost is known as one's own")
    yield Finding("read back", facts.reads_back, "what is written is read at once")
    yield Finding("list after write", facts.lists_at_once, "what is written is listed at once")
    yield Finding(
        "delete", facts.deletes, "what is deleted is gone", "" if facts.deletes else "the key needs to delete"
    )
    in_time = abs(facts.ahead_s) <= MOST_AHEAD_S
    way = "ahead of" if facts.ahead_s > 0 else "behind"
    said = "agrees with this machine's" if in_time else f"is {abs(facts.ahead_s):g} s {way} this machine's"
    yield Finding("clock", in_time, said, "" if in_time else "set this machine's clock, or the store's")


async def reach_findings(addresses: tuple[str, ...]) -> list[Finding]:
    """Whether something answers at each address; a refusal is an answer."""
    import aiohttp

    findings = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REACH_S)) as session:
        for address in addresses:
            try:
                async with session.get(address) as response:
                    findings.append(Finding(f"reach {address}", True, f"it answers ({response.status})"))
            except (aiohttp.ClientError, TimeoutError) as error:
                said = str(error) or type(error).__name__
                hint = "is that its address from there? placement.addresses; is its port in placement.egress?"
                findings.append(Finding(f"reach {address}", False, f"nothing answers: {said}", hint))
    return findings


async def cluster_findings(
    cluster: Cluster, placement: Placement, store_url: str, addresses: tuple[str, ...], *, settle_s: float = SETTLE_S
) -> AsyncIterator[Finding]:
    """Rights, then everything that a pod finds: image, Secrets, volumes, room, the store and the judge from inside."""
    detached = placement.aggregator_image is not None  # who names one means to leave runs to themselves
    for group, resources, verbs in (*RIGHTS, *(DETACHED_RIGHTS if detached else ())):
        for resource in resources:
            lacking = [verb for verb in verbs if not await cluster.allows(verb, group, resource)]
            said = f"may not {', '.join(lacking)}" if lacking else f"may {', '.join(verbs)}"
            hint = f"evalfactory render kubernetes SUITE --access{' --detach' * detached}" if lacking else ""
            yield Finding(f"right to {resource}", not lacking, said, hint)
    checkup = Checkup(placement, f"evalfactory-doctor-{secrets.token_hex(4)}", store_url, addresses)
    await cluster.create(checkup_job(checkup))
    try:
        for finding in await _from_inside(cluster, await _outcome(cluster, checkup.name, settle_s)):
            yield finding
    finally:
        await cluster.delete("Job", checkup.name)


class _Seen:
    """What the watches tell of the pod: how it is, and what a warning says."""

    def __init__(self, job: str) -> None:
        self._job = job
        self.pod: PodFacts | None = None
        self.warning: Trouble | None = None

    @property
    def trouble(self) -> Trouble | None:
        """What keeps it from its work."""
        begun = self.pod is not None and (self.pod.running or self.pod.ended is not None)
        return None if begun else (self.pod and self.pod.trouble) or self.warning

    async def watch_pod(self, cluster: Cluster) -> None:
        """Until it has ended, or never will begin."""
        async for _, found in cluster.watch("Pod", labels={JOB_LABEL: self._job}):
            self.pod = pod_facts(found)
            if self.pod.ended is not None or (self.pod.trouble and self.pod.trouble.hopeless):
                return

    async def watch_warnings(self, cluster: Cluster) -> None:
        """Until one says that it never will begin."""
        async for _, found in cluster.watch("Event", fields={"type": "Warning"}):
            self.warning = event_trouble(found, self._job) or self.warning
            if self.warning is not None and self.warning.hopeless:
                return


async def _outcome(cluster: Cluster, job: str, settle_s: float) -> _Seen:
    """The pod when it has ended, or what keeps it from that."""
    seen = _Seen(job)
    watches = [asyncio.create_task(watch(cluster)) for watch in (seen.watch_pod, seen.watch_warnings)]
    try:
        done, _ = await asyncio.wait(watches, timeout=settle_s, return_when=asyncio.FIRST_COMPLETED)
        if not done and seen.trouble is None:
            done, _ = await asyncio.wait(watches, timeout=POD_S, return_when=asyncio.FIRST_COMPLETED)
        for watch in done:
            watch.result()
    finally:
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
    return seen


async def _from_inside(cluster: Cluster, seen: _Seen) -> list[Finding]:
    pod, trouble = seen.pod, (seen.pod and seen.pod.trouble) or seen.trouble
    if trouble is not None:
        return [Finding("a pod", False, trouble.what, trouble.hint)]
    if pod is None:
        return [Finding("a pod", False, "none was made", "kubectl get events: a quota, a policy, a service account")]
    if pod.ended is None:
        return [Finding("a pod", False, f"it was still {pod.state} after {POD_S:g} s", "kubectl describe pod")]
    said = [line async for line in cluster.log(pod.name, follow=False)]
    try:
        inside: list[dict[str, Any]] = json.loads("\n".join(said))["findings"]
    except (ValueError, KeyError, TypeError):
        return [Finding("a pod", False, " ".join(said)[-400:] or pod.said, "does the image have this version?")]
    begun = Finding("a pod", True, "image, Secrets and volumes are there, and it ran")
    return [begun, *(Finding(**{**each, "what": f"from a pod: {each['what']}"}) for each in inside)]
