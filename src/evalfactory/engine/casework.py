"""What happens to one case: skip, copy, quarantine, produce, measure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from itertools import count

from ..judge.meter import Trace
from ..planning.slots import fingerprint, metric_fields_missing
from ..records.case import Case, FrozenCase
from ..records.measurement import Exchanges, Failure, Measurement, Output, Slot
from .events import Started, finished
from .exchanges import is_kept, packed
from .measuring import Admission, errored, measure, skipped
from .producing import Producer, completed
from .reusing import copied, copied_output
from .shard import OpenSlot, Shard
from .station import Station

Start = Callable[[Coroutine[object, object, None]], None]

CRASHED = "its worker process died whenever this was measured, the last two times with nothing else in flight"


class CaseWork:
    """The steps of one case. `start` runs a step in a task that the line watches."""

    def __init__(self, station: Station, start: Start) -> None:
        self._station = station
        self._start = start
        self._recipes = station.recipes
        self._repeats = station.plan.execution.repeats
        self._orders = count()
        self._all_admitted = False

    def end(self) -> None:
        """No other case will come: let all that is under way end together."""
        self._all_admitted = True

    async def open_slots(
        self, shard: Shard, piece: Sequence[FrozenCase], quarantined: frozenset[Slot]
    ) -> list[tuple[FrozenCase, list[OpenSlot]]]:
        """The slots that must be measured, case by case; skipped, quarantined and reusable ones are kept at once."""
        for frozen in piece:
            self._skip(shard, frozen)
        rows = [(frozen, self._unmeasured(shard, frozen.case, frozen.metrics)) for frozen in piece]
        if quarantined:
            for frozen, slots in rows:
                for slot in slots:
                    if slot.slot in quarantined:
                        self._keep(shard, self._quarantine(frozen.case, slot))
        await self._copy(shard, [slot for frozen, slots in rows if not self._is_due(frozen.case) for slot in slots])
        return [(frozen, still) for frozen, slots in rows if (still := shard.still_open(slots))]

    async def measure(self, shard: Shard, frozen: FrozenCase, slots: list[OpenSlot]) -> None:
        """Produce the output if the target must; then a task for each slot."""
        case = frozen.case
        producer = self._station.producer
        if producer is not None and producer.is_due(case):
            for slot in slots:  # a target can kill its worker, too
                self._station.events.tell(Started(slot.slot))
            output = shard.outputs.get(case.id) or await self._output(shard, producer, case)
            if len(self._open(shard, case.id, frozen.metrics)) == len(slots):
                shard.outputs.pop(case.id, None)  # nobody else will need it
            if output.failure is not None:
                for slot in slots:
                    self._keep(shard, errored(case.id, self._admission(slot), output.failure))
                return
            case = completed(case, output)
            slots = [self._open_slot(case, slot.slot) for slot in slots if not self._still_lacks(shard, case, slot)]
            await self._copy(shard, slots)
            slots = shard.still_open(slots)
        for slot in slots:
            self._start(self._measure_slot(shard, case, slot))

    def _still_lacks(self, shard: Shard, case: Case, slot: OpenSlot) -> bool:
        """Whether the metric needs what the target did not produce; then the slot is kept as the suite wants it."""
        lacking = metric_fields_missing(case, slot.recipe, target_due=False)
        if lacking:
            words = f"the case has no {' and no '.join(lacking)}, and the target produced none"
            if self._station.plan.execution.missing_fields == "skip":
                attempt = self._station.attempt
                self._keep(shard, skipped(case.id, slot.recipe, slot.slot.repeat, words, attempt))
            else:
                failure = Failure(error_class="metric", where="target", message=words)
                self._keep(shard, errored(case.id, self._admission(slot), failure))
        return bool(lacking)

    async def _output(self, shard: Shard, producer: Producer, case: Case) -> Output:
        mark = producer.fingerprint(case)
        match (await self._find({mark})).get(mark):
            case (str(origin), Output() as earlier):
                output = copied_output(origin, earlier, case_id=case.id, attempt=self._station.attempt)
            case _:
                output = await producer.produce(case, order=next(self._orders), attempt=self._station.attempt)
        shard.keep(output)
        return output

    async def _measure_slot(self, shard: Shard, case: Case, slot: OpenSlot) -> None:
        await self._station.metrics.ready()  # a death while they load says nothing about a slot
        self._station.events.tell(Started(slot.slot))
        keep = self._station.plan.execution.keep_exchanges
        trace: Trace | None = [] if keep != "none" else None
        measurement = await measure(self._station.metrics, case, self._admission(slot), trace=trace)
        kept = packed(measurement, trace) if trace and is_kept(measurement, keep) else None
        self._keep(shard, measurement, kept)

    def _unmeasured(self, shard: Shard, case: Case, metrics: Sequence[str]) -> list[OpenSlot]:
        return [self._open_slot(case, slot) for slot in self._open(shard, case.id, metrics)]

    def _open(self, shard: Shard, case_id: str, metrics: Iterable[str]) -> list[Slot]:
        every = (Slot(case_id, name, repeat) for name in metrics for repeat in range(self._repeats))
        return [slot for slot in every if shard.is_open(slot)]

    def _open_slot(self, case: Case, slot: Slot) -> OpenSlot:
        recipe = self._recipes[slot.metric]
        return OpenSlot(slot, recipe, fingerprint(case, recipe, slot.repeat))

    def _skip(self, shard: Shard, frozen: FrozenCase) -> None:
        for slot in self._open(shard, frozen.case.id, frozen.skipped):
            recipe, reason = self._recipes[slot.metric], frozen.skipped[slot.metric]
            self._keep(shard, skipped(slot.case_id, recipe, slot.repeat, reason, self._station.attempt))

    def _quarantine(self, case: Case, slot: OpenSlot) -> Measurement:
        failure = Failure(error_class="crash", where="worker", message=CRASHED)
        return errored(case.id, self._admission(slot), failure)

    async def _copy(self, shard: Shard, slots: Sequence[OpenSlot]) -> None:
        """Keep a copy of every slot's measurement that an earlier run has committed."""
        found = await self._find({slot.fingerprint for slot in slots})
        for slot in slots:
            match found.get(slot.fingerprint):
                case (str(origin), Measurement() as earlier):
                    attempt = self._station.attempt
                    self._keep(shard, copied(origin, earlier, slot=slot.slot, recipe=slot.recipe, attempt=attempt))

    async def _find(self, fingerprints: set[str]) -> dict[str, tuple[str, Measurement | Output]]:
        if not fingerprints or not self._station.plan.reuse:
            return {}
        return await asyncio.to_thread(self._station.reuse.find, fingerprints)

    def _is_due(self, case: Case) -> bool:
        return self._station.producer is not None and self._station.producer.is_due(case)

    def _admission(self, slot: OpenSlot) -> Admission:
        return Admission(
            recipe=slot.recipe,
            repeat=slot.slot.repeat,
            order=next(self._orders),
            attempt=self._station.attempt,
            fingerprint=slot.fingerprint,
            deadline_s=self._station.plan.execution.deadline_s,
            last_lap=lambda: self._all_admitted,
        )

    def _keep(self, shard: Shard, measurement: Measurement, exchanges: Exchanges | None = None) -> None:
        shard.keep(measurement, exchanges)
        self._station.events.tell(finished(measurement, shard.plan.index))
