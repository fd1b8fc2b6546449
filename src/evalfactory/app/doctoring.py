"""What a run needs, tried out before it is begun: each finding with its remedy."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from ..manifests.checkup import Checkup, checkup_job
from ..manifests.names import JOB_LABEL
from ..manifests.policy import RIGHTS
from ..records.placement import Placement
from ..records.plan import StoreFacts
from ..runners.cluster import Cluster
from ..runners.pods import PodFacts, pod_facts
from ..storage.port import Store
from ..storage.probe import probe

REACH_S = 10.0
POD_S = 120.0  # for a pod to be placed, to fetch its image, to look, and to end
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
    cluster: Cluster, placement: Placement, store_url: str, addresses: tuple[str, ...]
) -> AsyncIterator[Finding]:
    """Rights, then everything that a pod finds: image, Secrets, volumes, room, the store and the judge from inside."""
    for group, resources, verbs in RIGHTS:
        for resource in resources:
            lacking = [verb for verb in verbs if not await cluster.allows(verb, group, resource)]
            said = f"may not {', '.join(lacking)}" if lacking else f"may {', '.join(verbs)}"
            hint = "evalfactory render kubernetes SUITE --access" if lacking else ""
            yield Finding(f"right to {resource}", not lacking, said, hint)
    checkup = Checkup(placement, f"evalfactory-doctor-{secrets.token_hex(4)}", store_url, addresses)
    await cluster.create(checkup_job(checkup))
    try:
        pod = await _outcome(cluster, checkup.name)
        for finding in await _from_inside(cluster, pod):
            yield finding
    finally:
        await cluster.delete("Job", checkup.name)


async def _outcome(cluster: Cluster, job: str) -> PodFacts | None:
    """The pod when it has ended, or why it does not begin; None when none was ever made."""
    last: PodFacts | None = None
    with suppress(TimeoutError):
        async with asyncio.timeout(POD_S):
            async for _, found in cluster.watch("Pod", labels={JOB_LABEL: job}):
                last = pod_facts(found)
                if last.ended is not None or (last.trouble and last.trouble.hopeless):
                    return last
    return last


async def _from_inside(cluster: Cluster, pod: PodFacts | None) -> list[Finding]:
    if pod is None:
        return [Finding("a pod", False, "none was made", "kubectl get events: a quota, a policy, a service account")]
    if pod.trouble:
        return [Finding("a pod", False, pod.trouble.what, pod.trouble.hint)]
    if pod.ended is None:
        return [Finding("a pod", False, f"it was still {pod.state} after {POD_S:g} s", "kubectl describe pod")]
    said = [line async for line in cluster.log(pod.name, follow=False)]
    try:
        inside: list[dict[str, Any]] = json.loads("\n".join(said))["findings"]
    except (ValueError, KeyError, TypeError):
        return [Finding("a pod", False, " ".join(said)[-400:] or pod.said, "does the image have this version?")]
    begun = Finding("a pod", True, "image, Secrets and volumes are there, and it ran")
    return [begun, *(Finding(**{**each, "what": f"from a pod: {each['what']}"}) for each in inside)]
