"""The law of merging: every planned slot exactly once, whatever the order, the twins and the late attempts.

Work goes shard by shard, so memory is that of one shard. `in_order` then joins shards that are each in order.
"""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ..errors import InputError, Problem
from ..records.case import FrozenCase
from ..records.measurement import Measurement, Output, PartHeader, Slot
from ..records.plan import MetricRecipe, Plan

#: What stands for one slot in a merged stream: its measurement, or the bare slot when it is missing.
Entry: TypeAlias = Measurement | Slot

_STATE_RANK = {"scored": 0, "skipped": 1, "errored": 2}


class MergedShard(NamedTuple):
    """One shard, merged. `measurements` and `missing` are in slot order and together are the shard's plan."""

    measurements: tuple[Measurement, ...]
    outputs: dict[str, Output]
    missing: tuple[Slot, ...]
    duplicates: int  # measurements dropped as twins
    foreign: int  # lines dropped because the plan does not know their slot or case

    def entries(self) -> Iterator[Entry]:
        """Every planned slot once, in order: its measurement, or the slot itself where it is missing."""
        return in_order(self.measurements, self.missing)


def slot_of(entry: Entry) -> Slot:
    """The slot that an entry stands for."""
    return entry if isinstance(entry, Slot) else entry.slot


def slot_in_words(slot: Slot) -> str:
    """The slot as reports name it: case and metric, and which repeat from the second on."""
    return f"{slot.case_id} · {slot.metric}" + (f" #{slot.repeat + 1}" if slot.repeat else "")


def in_order(*streams: Iterable[Entry]) -> Iterator[Entry]:
    """All entries in slot order (code points of case id, then metric, then repeat), from streams that each are."""
    return heapq.merge(*streams, key=slot_of)


def planned_slots(frozen: FrozenCase, repeats: int) -> list[Slot]:
    """The slots that the plan wants of a case: those to measure and those to record as skipped."""
    metrics = dict.fromkeys((*frozen.metrics, *frozen.skipped))
    return [Slot(frozen.case.id, metric, repeat) for metric in metrics for repeat in range(repeats)]


def merge_shard(
    cases: Iterable[FrozenCase],
    recipes: Sequence[MetricRecipe],
    repeats: int,
    lines: Iterable[Measurement | Output],
) -> MergedShard:
    """One shard's plan with what its parts say, the same for every order of `lines`.

    Of twins the best state counts (scored, then skipped, then errored); among equals the choice falls by a hash of
    the line, so that neither low nor high scores are favoured. A slot is missing when no line speaks of it, skipped
    slots included: a worker writes those too. Raises `InputError` for cases and lines that no planner or worker writes.
    """
    planned = _plan_of(cases, {recipe.name for recipe in recipes}, repeats)
    case_ids = {slot.case_id for slot in planned}
    chosen: dict[tuple[str, str, int], Measurement] = {}
    outputs: dict[str, list[Output]] = {}
    duplicates = foreign = 0
    for line in lines:
        if isinstance(line, Output):
            if line.case_id in case_ids:
                outputs.setdefault(line.case_id, []).append(line)
            else:
                foreign += 1
            continue
        slot = (line.case_id, line.metric, line.repeat)
        if slot not in planned:
            foreign += 1
            continue
        _refuse_contradiction(line)
        twin = chosen.get(slot)
        duplicates += twin is not None
        chosen[slot] = line if twin is None else _better(twin, line)
    return MergedShard(
        measurements=tuple(chosen[slot] for slot in sorted(chosen)),
        outputs=_chosen_outputs(outputs, chosen.values()),
        missing=tuple(sorted(planned.difference(chosen))),
        duplicates=duplicates,
        foreign=foreign,
    )


def check_headers(headers: Iterable[PartHeader], plan: Plan, *, shard: int | None = None) -> None:
    """Nothing when all parts are of this plan, measured by the same versions; else raises `InputError` with every difference.

    The plan's versions count where it names one; versions that it does not name must agree among the parts.
    """
    versions = dict(plan.versions)
    problems: list[Problem] = []
    for header in headers:
        place = f"shard {header.shard}, attempt {header.attempt}"
        problems += [
            Problem(f"{name} is {seen!r}, expected {wanted!r}", file=place)
            for name, seen, wanted in (
                ("run_id", header.run_id, plan.run_id),
                ("plan_digest", header.plan_digest, plan.digest),
                ("shard", header.shard, header.shard if shard is None else shard),
            )
            if seen != wanted
        ]
        for name, version in header.versions.items():
            if versions.setdefault(name, version) != version:
                problems.append(Problem(f"measured with {name} {version}, others with {versions[name]}", file=place))
        lacking = sorted(plan.versions.keys() - header.versions.keys())
        problems += [Problem(f"does not say its version of {name}", file=place) for name in lacking]
    if problems:
        raise InputError(
            "these parts do not belong together, so they are not merged",
            tuple(dict.fromkeys(problems)),
            hint="run again under a new run id; measurements with the same fingerprint are reused",
        )


def _plan_of(cases: Iterable[FrozenCase], metrics: Collection[str], repeats: int) -> set[Slot]:
    planned: set[Slot] = set()
    for frozen in cases:
        slots = planned_slots(frozen, repeats)
        unknown = sorted({slot.metric for slot in slots}.difference(metrics))
        if unknown:
            raise InputError(f"case {frozen.case.id!r} is planned with {unknown[0]!r}, of which the plan has no recipe")
        before = len(planned)
        planned.update(slots)
        if len(planned) != before + len(slots):
            raise InputError(f"case {frozen.case.id!r} is planned twice in one shard")
    return planned


def _refuse_contradiction(line: Measurement) -> None:
    scored = line.score is not None and math.isfinite(line.score)
    sound = scored if line.state == "scored" else line.score is None
    if not sound or (line.state == "errored") != (line.failure is not None):
        raise InputError(
            f"the measurement of {line.case_id!r} by {line.metric} says {line.state}"
            f" with score {line.score} and {'a' if line.failure else 'no'} failure"
        )


def _better(one: Measurement, other: Measurement) -> Measurement:
    return one if _STATE_RANK[one.state] < _STATE_RANK[other.state] else min(one, other, key=_measurement_rank)


def _measurement_rank(line: Measurement) -> tuple[int, str]:
    return _STATE_RANK[line.state], _lot(line)


def _chosen_outputs(twins: dict[str, list[Output]], chosen: Iterable[Measurement]) -> dict[str, Output]:
    """Of each case's outputs one: not failed before failed, then one of the attempts whose measurements count."""
    doubtful = {case_id for case_id, outputs in twins.items() if len(outputs) > 1}
    attempts: dict[str, set[str]] = {}
    for line in chosen:
        if line.case_id in doubtful:
            attempts.setdefault(line.case_id, set()).add(line.attempt)

    def rank(output: Output) -> tuple[bool, bool, str]:
        return output.failure is not None, output.attempt not in attempts.get(output.case_id, ()), _lot(output)

    return {case_id: min(outputs, key=rank) for case_id, outputs in sorted(twins.items())}


def _lot(line: Measurement | Output) -> str:
    return hashlib.sha256(line.to_json().encode()).hexdigest()
