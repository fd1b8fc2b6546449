"""What a judge was asked and answered during a run, found again for a measurement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..engine.commits import commit_body, proven, read_commit
from ..engine.exchanges import Call, unpacked
from ..engine.lines import records_of
from ..errors import InputError, Problem, UsageError
from ..records.measurement import Exchanges, Measurement
from ..records.plan import Plan
from ..storage.layout import RunKeys
from ..storage.port import Store
from .planning import read_plan
from .registry import find_run


class Said(NamedTuple):
    """The requests of one measurement as they were made in a run. Later ones that were too much are `left_out`."""

    run_id: str
    repeat: int
    calls: list[Call]
    left_out: int


def said_then(store: Store, keys: RunKeys, plan: Plan, measurement: Measurement) -> Said | None:
    """What was said when the measurement was made, in this run, one that it supplements or copied from; None if not kept.

    Raises:
        InputError: A file that the run's commits name was changed.
    """
    for run_keys, run_plan in _runs(store, keys, plan, measurement):
        found = list(_exchanges(store, run_keys, run_plan, measurement))
        if found:  # twins of one measurement: that of the attempt which counts
            chosen = next((each for each in found if each.attempt == measurement.attempt), found[-1])
            return Said(run_keys.run_id, measurement.repeat, _calls(run_keys, chosen), chosen.left_out)
    return None


def _runs(store: Store, keys: RunKeys, plan: Plan, measurement: Measurement) -> Iterator[tuple[RunKeys, Plan]]:
    if measurement.reused_from is not None:
        try:
            origin = find_run(store, measurement.reused_from)
            yield origin, read_plan(store, origin)
        except (UsageError, InputError):  # deleted since
            pass
        return
    yield keys, plan
    while plan.parent is not None:
        keys = RunKeys(plan.suite, plan.parent.run_id)
        plan = read_plan(store, keys)
        yield keys, plan


def _exchanges(store: Store, keys: RunKeys, plan: Plan, measurement: Measurement) -> Iterator[Exchanges]:
    mark = measurement.fingerprint.encode()
    for shard in plan.shards:
        try:
            commit = read_commit(keys, plan, shard.index, commit_body(store, keys, plan, shard.index))
        except FileNotFoundError:
            continue
        for ref in commit.exchanges:
            body = proven(store, keys.exchanges(shard.index, ref.name), ref)
            if mark in body:  # far quicker than to look at every line
                kept = (record for record in records_of(body) if isinstance(record, Exchanges))
                yield from (each for each in kept if each.fingerprint == measurement.fingerprint)


def _calls(keys: RunKeys, exchanges: Exchanges) -> list[Call]:
    try:
        return unpacked(exchanges)
    except ValueError as error:
        problem = Problem(f"what the judge said of {exchanges.case_id!r} {error}", file=keys.shards_folder)
        raise InputError("a file of the run was changed or cut short", (problem,)) from error
