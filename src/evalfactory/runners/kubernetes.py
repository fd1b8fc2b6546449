"""The pods of an Indexed Job as a run's workers: submitted, followed, told of, left to themselves when asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..engine.orders import Assignment
from ..errors import EnvironmentProblem, Exit, UnavailableError
from ..manifests.names import JOB_LABEL
from ..manifests.order import JobOrder
from ..manifests.pod import Manifest
from ..records.placement import Placement
from ..records.plan import Plan
from ..storage.layout import RunKeys
from ..storage.port import Store
from .cluster import Cluster
from .pods import JobEnd, PodFacts, Trouble, event_trouble, job_end, pod_facts
from .port import Ended, nowhere
from .progress import Progress, WorkerProgress
from .submitting import submit
from .tally import Tally


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds."""

    look_s: float = 2.0  # between two looks at the store
    again_s: float = 2.0  # between two tries to watch a cluster that does not answer
    patience_s: float = 20.0  # with what waiting seldom helps: a registry may be slow, a cluster be set up still


@dataclass
class _View:
    """The run as the watches have told it."""

    order: JobOrder
    job: Manifest
    pods: dict[str, PodFacts] = field(default_factory=dict)
    refused: Trouble | None = None  # by a warning about the Job
    mounts: Trouble | None = None  # by a warning about a pod
    hopeless_since_s: float | None = None
    worked: bool = False  # a pod has run

    def trouble(self) -> Trouble | None:
        """What keeps pods from working at present."""
        waiting = [pod.trouble for pod in self.pods.values() if pod.trouble and pod.ended is None]
        if waiting:
            return waiting[0]
        if any(pod.state == "starting" for pod in self.pods.values()):
            return self.mounts
        return None if any(pod.running for pod in self.pods.values()) else self.refused


class KubernetesRunner:
    """Runs shards as a Job. Asked to stop, it stops following: the pods go on until `evalfactory stop`."""

    def __init__(
        self, placement: Placement, store: Store, connect: Callable[[], Cluster], pace: Pace | None = None
    ) -> None:
        self._placement = placement
        self._store = store
        self._connect = connect
        self._pace = pace or Pace()
        self._cluster: Cluster | None = None
        self._stopping = asyncio.Event()
        self.on_log: Callable[[str, str], None] = nowhere  # pods keep their own
        self.stop_code: int | None = None
        self.on_stop: Callable[[], object] | None = None
        self.again: tuple[str, ...] = ("--on", "kubernetes")

    @property
    def workers(self) -> int:
        """Pods at once."""
        return self._placement.pods

    async def start(self) -> None:
        """Connect, so that a wrong configuration is known before a plan is made."""
        self._cluster = await asyncio.to_thread(self._connect)

    def stop(self, code: int) -> None:
        """Stop following; the pods go on."""
        self.stop_code = self.stop_code or code
        self._stopping.set()
        if self.on_stop is not None:
            self.on_stop()

    async def close(self) -> None:
        """Let the connections go."""
        if self._cluster is not None:
            await self._cluster.close()

    async def run(self, plan: Plan, assignment: Assignment, shards: Iterable[int], progress: Progress) -> Ended:
        """Submit a Job over the shards, or take up the one that is at them, and follow it to its end."""
        assert self._cluster is not None
        cluster = self._cluster
        order = JobOrder(plan, self._placement, assignment.store, tuple(sorted(shards)))
        await asyncio.to_thread(keep_placement, self._store, plan, self._placement)
        submitted = await submit(cluster, order, datetime.now(UTC))
        view = _View(submitted.order, submitted.job)
        tally = Tally(self._store, plan, order.shards)
        watches = [
            asyncio.create_task(watch(cluster, view))
            for watch in (self._watch_job, self._watch_pods, self._watch_warnings)
        ]
        try:
            return await self._follow(cluster, view, tally, progress, watches)
        finally:
            for watch in watches:
                watch.cancel()
            await asyncio.gather(*watches, return_exceptions=True)

    async def _follow(
        self, cluster: Cluster, view: _View, tally: Tally, progress: Progress, watches: list[asyncio.Task[None]]
    ) -> Ended:
        wanted = set(view.order.shards)
        while True:
            await self._look(tally, progress)
            progress.workers = _workers(view, tally)
            if wanted <= tally.committed:
                return Ended(0)
            if job_end(view.job, (), view.order.shards):
                await self._look(tally, progress)
                return Ended(0) if wanted <= tally.committed else await self._why(cluster, view)
            if hopeless := self._hopeless(view):
                await cluster.delete("Job", view.order.name)
                raise EnvironmentProblem(hopeless.what, hint=hopeless.hint)
            if self.stop_code is not None:
                return self._left(view)
            await self._pause(watches)

    async def _look(self, tally: Tally, progress: Progress) -> None:
        with contextlib.suppress(UnavailableError):  # the pods have patience of their own; the next look may do
            for event in await asyncio.to_thread(tally.news):
                progress.note(_NOBODY, event)

    async def _why(self, cluster: Cluster, view: _View) -> Ended:
        """How the Job ended, with what its pods said last: their watch may be behind."""
        with contextlib.suppress(UnavailableError):
            for pod in await cluster.list("Pod", {JOB_LABEL: view.order.name}):
                _see_pod(view, "MODIFIED", pod)
        end = job_end(view.job, view.pods.values(), view.order.shards) or JobEnd(Exit.BUG)
        return Ended(end.code or Exit.BUG, end.why or "the Job ended before every shard was committed", end.hint)

    def _hopeless(self, view: _View) -> Trouble | None:
        """What will not mend itself, once it has lasted and no pod has ever run."""
        trouble = view.trouble()
        now_s = asyncio.get_running_loop().time()
        if trouble is None or not trouble.hopeless or view.worked:
            view.hopeless_since_s = None
            return None
        view.hopeless_since_s = view.hopeless_since_s or now_s
        return trouble if now_s - view.hopeless_since_s >= self._pace.patience_s else None

    def _left(self, view: _View) -> Ended:
        end = f"`evalfactory stop {view.order.plan.run_id}` ends them"
        return Ended(self.stop_code or Exit.INTERRUPTED, f"not followed any more; the pods go on, and {end}")

    async def _pause(self, watches: list[asyncio.Task[None]]) -> None:
        """Until the next look, or until there is something to see. Raises what ended a watch."""
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            done, _ = await asyncio.wait(
                [stopping, *watches], timeout=self._pace.look_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            stopping.cancel()
        for watch in watches:
            if watch in done:
                watch.result()

    async def _watch_job(self, cluster: Cluster, view: _View) -> None:
        """Keep the Job fresh, for as long as it takes. One that is gone when we look again was deleted meanwhile."""
        name = view.order.name

        async def look() -> None:
            job = await cluster.get("Job", name)
            _see_job(view, "DELETED" if job is None else "ADDED", job or view.job)
            since = view.job["metadata"].get("resourceVersion", "")
            async for change, found in cluster.watch("Job", fields={"metadata.name": name}, since=since):
                _see_job(view, change, found)

        await self._again_and_again(look)

    async def _watch_pods(self, cluster: Cluster, view: _View) -> None:
        async def look() -> None:
            view.pods = {name: pod for name, pod in view.pods.items() if pod.ended is not None}
            async for change, found in cluster.watch("Pod", labels={JOB_LABEL: view.order.name}):
                _see_pod(view, change, found)

        await self._again_and_again(look)

    async def _watch_warnings(self, cluster: Cluster, view: _View) -> None:
        async def look() -> None:
            async for change, found in cluster.watch("Event", fields={"type": "Warning"}):
                _see_event(view, change, found)

        await self._again_and_again(look)

    async def _again_and_again(self, look: Callable[[], Awaitable[None]]) -> None:
        """Look for as long as it takes. Raises what a cluster refuses at first sight, or for long.

        A server that has only just started refuses for a moment what it allows.
        """
        time_s = asyncio.get_running_loop().time
        allowed_s: float | None = None
        while True:
            try:
                with contextlib.suppress(UnavailableError):
                    await look()
                allowed_s = time_s()
            except EnvironmentProblem:
                if allowed_s is None or time_s() - allowed_s > self._pace.patience_s:
                    raise
            await asyncio.sleep(self._pace.again_s)


def keep_placement(store: Store, plan: Plan, placement: Placement) -> None:
    """Note where the run's pods are, for commands that know nothing but the run."""
    store.create(RunKeys(plan.suite, plan.run_id).placement, placement.model_dump_json(indent=1).encode())


#: Whose events those of the store are: nobody's in particular.
_NOBODY = WorkerProgress("pods")


def _see_job(view: _View, change: str, job: Manifest) -> None:
    if change == "DELETED":
        gone = {"type": "Failed", "status": "True", "reason": "Deleted", "message": "the Job was deleted"}
        job = {**job, "status": {"conditions": [gone]}}
    view.job = job


def _see_pod(view: _View, change: str, pod: Manifest) -> None:
    facts = pod_facts(pod)
    if change == "DELETED" and facts.ended is None:
        view.pods.pop(facts.name, None)
        return
    view.pods[facts.name] = facts
    view.worked = view.worked or facts.running or facts.ended is not None


def _see_event(view: _View, change: str, event: Manifest) -> None:
    trouble = event_trouble(event, view.order.name)
    if trouble is None or change == "DELETED":
        return
    if event.get("involvedObject", {}).get("kind") == "Pod":
        view.mounts = trouble
    elif event.get("involvedObject", {}).get("uid") == view.job.get("metadata", {}).get("uid"):
        view.refused = trouble


def _workers(view: _View, tally: Tally) -> list[WorkerProgress]:
    """A line for each pod at work, and one with what keeps others from it."""
    trouble = view.trouble() or next((pod.trouble for pod in view.pods.values() if pod.trouble), None)
    note = f"{trouble.what} (try: {trouble.hint})" if trouble else ""
    lines = []
    for pod in sorted(view.pods.values(), key=lambda pod: pod.index):
        if pod.ended is not None and not pod.trouble:
            continue
        shard = view.order.shards[pod.index]
        line = WorkerProgress(f"pod {pod.index}", pod.state, done=tally.kept_in(shard), in_flight=None)
        lines.append(line)
    return lines if not note else [*lines, WorkerProgress("pods", "waiting", in_flight=None, note=note)]
