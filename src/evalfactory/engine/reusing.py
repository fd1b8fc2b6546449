"""Records of earlier runs that still count: found by fingerprint, copied with the run they came from."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pydantic import ValidationError

from ..errors import InputError
from ..planning.slots import fingerprint, success_of
from ..records.measurement import Commit, Measurement, Output, Slot, Usage
from ..records.plan import MetricRecipe, Plan
from ..storage.layout import RunKeys
from ..storage.port import Store
from ..storage.reuse import Index, Location, add
from .frozen import frozen_cases
from .lines import parse_part

FEW_SLOTS = 50_000
SHARDS_REMEMBERED = 4  # parsed earlier shards kept in memory: neighbours in a piece mostly come from the same one


class Reuse:
    """Looks up earlier records for one run of one process. Calls block."""

    def __init__(self, store: Store, keys: RunKeys) -> None:
        self._store = store
        self._keys = keys
        self._index = Index(store)
        self._read = lru_cache(SHARDS_REMEMBERED)(self._read_shard)

    def find(self, fingerprints: Iterable[str]) -> dict[str, tuple[str, Measurement | Output]]:
        """Fingerprint -> run id and committed record, for those that some earlier run has scored or produced.

        A run that was deleted or changed since, or never committed the shard, has nothing to offer: its slots are
        measured anew.
        """
        by_shard: dict[tuple[str, str, int], list[str]] = defaultdict(list)
        for mark, place in self._index.find(fingerprints).items():
            by_shard[place.suite, place.run_id, place.shard].append(mark)
        found: dict[str, tuple[str, Measurement | Output]] = {}
        for (suite, run_id, shard), wanted in sorted(by_shard.items()):
            records = self._read(suite, run_id, shard)
            found |= {mark: (run_id, records[mark]) for mark in wanted if mark in records}
        return found

    def remember(self, shard: int, fingerprints: Sequence[str]) -> None:
        """Add a shard's fingerprints to the index: before its commit, so that no death between the two can lose them."""
        if fingerprints:
            place = Location(suite=self._keys.suite, run_id=self._keys.run_id, shard=shard)
            add(self._store, dict.fromkeys(fingerprints, place), f"{self._keys.run_id}-{shard:05d}")

    def _read_shard(self, suite: str, run_id: str, shard: int) -> dict[str, Measurement | Output]:
        keys = RunKeys(suite, run_id)
        try:
            commit = Commit.model_validate_json(self._store.read(keys.commit(shard)))
            bodies = [(ref, self._store.read(keys.part(shard, ref.name))) for ref in commit.parts]
        except (FileNotFoundError, ValidationError):
            return {}
        sound = (body for ref, body in bodies if hashlib.sha256(body).hexdigest() == ref.sha256)
        return {record.fingerprint: record for body in sound for record in parse_part(body)[1] if _counts(record)}


def is_all_known(store: Store, keys: RunKeys, plan: Plan, shards: Iterable[int]) -> bool:
    """Whether the index has a score for every slot of these shards: then nothing needs DeepEval, most likely.

    Looks no further than the first piece of cases with a slot that is not known, and at large runs not at all: there
    the import that can be saved is soon over.
    """
    if not plan.reuse or plan.target is not None or plan.slots > FEW_SLOTS:
        return False
    index, recipes = Index(store), {recipe.name: recipe for recipe in plan.recipes}
    try:
        for shard in shards:
            for piece in frozen_cases(store, keys, plan.shards[shard]):
                wanted = {
                    fingerprint(frozen.case, recipes[metric], repeat)
                    for frozen in piece
                    for metric in frozen.metrics
                    for repeat in range(plan.execution.repeats)
                }
                if len(index.find(wanted)) < len(wanted):
                    return False
    except InputError:  # the shard's worker names what was changed
        return False
    return True


def copied(origin: str, measurement: Measurement, *, slot: Slot, recipe: MetricRecipe, attempt: str) -> Measurement:
    """The measurement as this run keeps it: same score and reason, judged by this run's threshold, free of cost."""
    assert measurement.score is not None
    is_own = ":" in recipe.type  # may define success for itself; its threshold is part of the fingerprint
    return measurement.model_copy(
        update={
            "case_id": slot.case_id,
            "metric": slot.metric,
            "repeat": slot.repeat,
            "threshold": recipe.threshold,
            "success": measurement.success if is_own else success_of(measurement.score, recipe),
            "usage": Usage(),
            "seconds": 0.0,
            "attempt": attempt,
            "reused_from": measurement.reused_from or origin,
        }
    )


def copied_output(origin: str, output: Output, *, case_id: str, attempt: str) -> Output:
    """The output as this run keeps it: with what it took back then, as the target's speed is gated, too."""
    return output.model_copy(
        update={
            "case_id": case_id,
            "seconds": 0.0,
            "attempt": attempt,
            "reused_from": output.reused_from or origin,
        }
    )


def _counts(record: Measurement | Output) -> bool:
    if isinstance(record, Measurement):
        return record.state == "scored"
    return record.failure is None
