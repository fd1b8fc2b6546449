"""One case of a run, found in the store."""

from __future__ import annotations

from ..engine.commits import commit_body, read_commit, read_part
from ..engine.frozen import frozen_cases
from ..engine.lines import parse_part
from ..errors import UsageError
from ..records.case import FrozenCase
from ..records.measurement import Output
from ..records.plan import Plan
from ..storage.layout import RunKeys
from ..storage.port import Store
from .alike import alike
from .planning import read_plan


def frozen_case(store: Store, keys: RunKeys, plan: Plan, case_id: str) -> FrozenCase:
    """The case as it was dealt, in this run or in the one that it supplements.

    Raises:
        UsageError: The run has no such case; the nearest ids are named.
    """
    ids: list[str] = []
    for shard in plan.shards:
        for piece in frozen_cases(store, keys, shard):
            for frozen in piece:
                if frozen.case.id == case_id:
                    return frozen
                ids.append(frozen.case.id)
    if plan.parent is not None:
        parent = RunKeys(plan.suite, plan.parent.run_id)
        return frozen_case(store, parent, read_plan(store, parent), case_id)
    near = ", ".join(alike(case_id, ids)) or "another run: --run RUN, `evalfactory runs` lists them"
    raise UsageError(f"run {keys.run_id} has no case {case_id!r}", hint=near)


def output_of(store: Store, keys: RunKeys, plan: Plan, case_id: str) -> Output | None:
    """What the target produced for the case, in this run or those that it supplements; None when it produced nothing."""
    if plan.target is None:
        return None
    for shard in plan.shards:
        try:
            body = commit_body(store, keys, plan, shard.index)
        except FileNotFoundError:
            continue
        for part in read_commit(keys, plan, shard.index, body).parts:
            for record in parse_part(read_part(store, keys, shard.index, part))[1]:
                if isinstance(record, Output) and record.case_id == case_id and record.failure is None:
                    return record
    if plan.parent is None:
        return None
    parent = RunKeys(plan.suite, plan.parent.run_id)
    return output_of(store, parent, read_plan(store, parent), case_id)
