"""A run that nobody follows: waited for beside its Job, then merged and told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from datetime import UTC, datetime
from typing import NamedTuple

from ..errors import UnavailableError
from ..manifests.pod import Manifest
from ..records.plan import Plan
from ..records.report import Report
from ..runners.cluster import Cluster
from ..runners.pods import job_end
from ..runners.submitting import shards_of
from ..storage.layout import AGGREGATOR, RunKeys
from ..storage.port import Store
from ..storage.reuse import compact
from .collecting import CollectOptions
from .planning import read_plan
from .running import uncommitted
from .telling import Told, collect_and_write

LOOK_S = 5.0  # between two looks at the Job and the store


class Finished(NamedTuple):
    """A run with its report. `why` says what ended its Job, if that was not the last shard."""

    report: Report
    told: Told
    why: str = ""


async def finish(
    store: Store, keys: RunKeys, cluster: Cluster, job: str, options: CollectOptions, *, look_s: float = LOOK_S
) -> Finished:
    """The run's report, once every shard is committed or the Job is over; of what is there then.

    Raises:
        InputError: A file of the run was changed or cut short.
        UnavailableError: The store does not answer any more; another try goes on.
    """
    diary = _Diary(store, keys)
    plan = await asyncio.to_thread(read_plan, store, keys)
    await diary.note(f"waits for the Job {job}")
    why = await _waited(store, plan, cluster, job, diary, look_s)
    report, told = await asyncio.to_thread(collect_and_write, store, keys, options)
    await diary.note(f"{why}; " * bool(why) + f"reported: {report.verdict.outcome}")
    with contextlib.suppress(UnavailableError):  # the verdict stands; the next run tidies up
        await asyncio.to_thread(compact, store)
    return Finished(report, told, why)


async def _waited(store: Store, plan: Plan, cluster: Cluster, job: str, diary: _Diary, look_s: float) -> str:
    """Why the Job is over; empty when all is committed. The store is asked last, as pods may still have been at it."""
    said = ""
    while True:
        why: str | None = None
        try:
            why = _over(await cluster.get("Job", job))
            if not await asyncio.to_thread(uncommitted, store, RunKeys(plan.suite, plan.run_id), plan):
                return ""
        except UnavailableError as error:  # the cluster or the store: both come back
            if str(error) != said:
                said = str(error)
                await diary.note(f"still waits: {said}")
        if why is not None:
            return why
        await asyncio.sleep(look_s)


def _over(job: Manifest | None) -> str | None:
    """Why no more shards will come; None while pods work."""
    if job is None:
        return "the Job is gone"
    end = job_end(job, (), shards_of(job))
    if end is None:
        return None
    return f"the Job ended ({end.code}): {end.why}" if end.why else "the Job ended"


class _Diary:
    """What the aggregator says, kept where workers' words are."""

    def __init__(self, store: Store, keys: RunKeys) -> None:
        self._store = store
        self._attempt = f"{AGGREGATOR}-{secrets.token_hex(3)}"
        self._key = keys.log(self._attempt)
        self._run = keys.run_id
        self._lines: list[str] = []

    async def note(self, message: str) -> None:
        """Keep a line; words that cannot be kept are no reason to stop."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = {"time": now, "level": "info", "run": self._run, "attempt": self._attempt, "logger": "evalfactory"}
        self._lines.append(json.dumps({**row, "message": message}, ensure_ascii=False) + "\n")
        with contextlib.suppress(UnavailableError):
            await asyncio.to_thread(self._store.put, self._key, "".join(self._lines).encode())
