"""One shard while it is worked on: which slots are still open, what is kept, and the commit at the end."""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from ..records.measurement import Commit, Exchanges, Measurement, Output, PartHeader, PartRef, Slot
from ..records.plan import MetricRecipe, ShardPlan
from .commits import put_commit
from .events import Finished, Noticed, finished
from .parts import PartWriter, earlier_parts
from .station import Station


class OpenSlot(NamedTuple):
    """A slot that must be measured, with what is needed to do it."""

    slot: Slot
    recipe: MetricRecipe
    fingerprint: str


class Shard:
    """The open slots of one shard, and where its lines go. Belongs to one event loop."""

    def __init__(self, station: Station, plan: ShardPlan) -> None:
        self.plan = plan
        self.outputs: dict[str, Output] = {}  # by case, of which slots are still open
        self.fingerprints: list[str] = []  # of what was scored here, for the index of reuse
        self._station = station
        header = PartHeader(
            run_id=station.keys.run_id,
            shard=plan.index,
            plan_digest=station.plan.digest,
            attempt=station.attempt,
            versions=station.plan.versions,
        )
        self._parts_folder = station.keys.parts_folder(plan.index)
        self._exchanges_folder = station.keys.exchanges_folder(plan.index)
        self._writer = PartWriter(station.store, self._parts_folder, header)
        self._exchanges = PartWriter(station.store, self._exchanges_folder, header)
        self._states: dict[Slot, str] = {}
        self._reused = 0
        self._adopted: list[PartRef] = []
        self._adopted_exchanges: list[PartRef] = []
        self._started_at = _now()
        self._done = asyncio.Event()
        self._look_if_done()

    def take_over(self) -> list[Finished | Noticed]:
        """What earlier attempts measured. Their sealed parts will be named by the commit, unsealed lines are copied."""
        news: list[Finished | Noticed] = []
        self._take_over_exchanges()
        for part in earlier_parts(self._station, self._parts_folder):
            has_news = False
            if part.damage:
                news.append(Noticed(f"a file of the run was changed or cut short: {part.damage}"))
            for record in part.records:
                if isinstance(record, PartHeader | Exchanges) or not self._is_news(record):
                    continue
                has_news = True
                if part.ref is None:
                    self._writer.add(record)
                self._note(record)
                if isinstance(record, Measurement):
                    news.append(finished(record, self.plan.index, earlier=True))
            if part.ref is not None and has_news:
                self._adopted.append(part.ref)
        return news

    def is_open(self, slot: Slot) -> bool:
        """Whether nobody has measured the slot yet."""
        return slot not in self._states

    def still_open(self, slots: Sequence[OpenSlot]) -> list[OpenSlot]:
        """Those that nobody has measured yet."""
        return [slot for slot in slots if slot.slot not in self._states]

    def _take_over_exchanges(self) -> None:
        """The same of what judges were asked and answered, each once; of it nothing needs to be whole."""
        known: set[tuple[Slot, str]] = set()
        for part in earlier_parts(self._station, self._exchanges_folder):
            before = len(known)
            for record in part.records:
                if not isinstance(record, Exchanges) or (mark := (record.slot, record.attempt)) in known:
                    continue
                known.add(mark)
                if part.ref is None:
                    self._exchanges.add(record)
            if part.ref is not None and len(known) > before:
                self._adopted_exchanges.append(part.ref)

    def keep(self, record: Measurement | Output, exchanges: Exchanges | None = None) -> None:
        """Write the record down; the shard is done when every slot of the plan has one."""
        if exchanges is not None:  # first, so that whoever finds the measurement finds them
            self._exchanges.add(exchanges)
        self._writer.add(record)
        self._note(record)

    async def flush(self) -> None:
        """Make what was kept so far safe on an object store."""
        await self._exchanges.flush()
        await self._writer.flush()

    async def seal(self) -> None:
        """Close the files."""
        await self._exchanges.seal()
        await self._writer.seal()

    @property
    def is_done(self) -> bool:
        """Whether every slot of the plan is kept."""
        return self._done.is_set()

    async def wait_until_done(self) -> None:
        """Return once every slot of the plan is kept."""
        await self._done.wait()

    async def commit(self) -> bool:
        """Seal the parts and commit the shard; False when another attempt had committed it before."""
        station = self._station
        exchanges = (*self._adopted_exchanges, *await self._exchanges.seal())
        parts = (*self._adopted, *await self._writer.seal())
        states = Counter(self._states.values())
        used = resource.getrusage(resource.RUSAGE_SELF)
        commit = Commit(
            run_id=station.keys.run_id,
            shard=self.plan.index,
            plan_digest=station.plan.digest,
            attempt=station.attempt,
            parts=parts,
            exchanges=exchanges,
            slots=len(self._states),
            scored=states["scored"],
            errored=states["errored"],
            skipped=states["skipped"],
            reused=self._reused,
            versions=station.plan.versions,
            started_at=self._started_at,
            finished_at=_now(),
            peak_rss_mb=round(used.ru_maxrss / 1024, 1),
            cpu_s=round(used.ru_utime + used.ru_stime, 3),
        )
        return await asyncio.to_thread(put_commit, station.store, station.keys, station.plan, commit)

    def _is_news(self, record: Measurement | Output) -> bool:
        if isinstance(record, Measurement):
            return record.slot not in self._states
        return record.case_id not in self.outputs

    def _note(self, record: Measurement | Output) -> None:
        if isinstance(record, Output):
            self.outputs[record.case_id] = record
            if record.failure is None and record.reused_from is None:
                self.fingerprints.append(record.fingerprint)
        else:
            self._states[record.slot] = record.state
            self._reused += record.reused_from is not None
            if record.state == "scored" and record.reused_from is None:
                self.fingerprints.append(record.fingerprint)
            self._look_if_done()

    def _look_if_done(self) -> None:
        if len(self._states) >= self.plan.slots:
            self._done.set()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
