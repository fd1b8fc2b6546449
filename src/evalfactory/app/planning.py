"""From a suite to a plan in the store: cases read once, chosen, dealt, frozen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import NamedTuple

from .. import __version__
from ..bulk import without_cycle_search
from ..datasets import read_cases
from ..errors import EnvironmentProblem, InputError, Problem, UsageError
from ..planning.dealing import deal, shard_count
from ..planning.order import select, tier_order
from ..planning.slots import estimated_calls
from ..records.base import is_moment
from ..records.case import CaseKind
from ..records.plan import MetricRecipe, Parent, Plan, content_digest
from ..records.suite import Execution, Suite, TierSpec
from ..storage.layout import RunKeys
from ..storage.port import Store
from ..storage.probe import what_to_record
from ..suites import LoadedSuite
from ..target.needs import NOTHING, Needs, needs_of
from .alike import alike
from .choosing import Choice, choose
from .freezing import CaseFiles, Freezer, write_cases
from .named import Named
from .preparing import Prepared
from .scratch import scratch_space
from .spool import Spool, stratum


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the command line adds to the suite."""

    tier: str
    run_id: str
    workers: int
    shards: int | None = None
    fresh: bool = False
    choice: Choice = field(default_factory=Choice)
    parent: Parent | None = None
    only: Mapping[str, Sequence[str]] | None = None  # case id -> metrics: a child run's slots


@without_cycle_search()
@scratch_space()
def make_plan(loaded: LoadedSuite, options: PlanOptions, prepared: Prepared, store: Store) -> Plan:
    """The run's plan, written to the store with its frozen cases. An equal plan that is there already is returned.

    Raises:
        InputError: The dataset is wrong, or a case lacks a metric's or the target's field and the suite says `refuse`.
        UsageError: The tier does not exist, or nothing is left to measure.
        EnvironmentProblem: The run exists with another plan.
    """
    suite, recipes = loaded.suite, prepared.recipes
    keys = RunKeys(suite.name, options.run_id)
    with Spool() as spool:
        _read(spool, loaded, recipes)
        chosen = _chosen(spool, suite, options)
        piles = _deal(spool, chosen.indexes, suite.execution, options)
        freezer = Freezer(suite, recipes, _needs(prepared, loaded), only=options.only)
        shards = write_cases(spool, piles, chosen.must_run, freezer, CaseFiles(store, keys))
        plan = Plan(
            run_id=options.run_id,
            created_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            digest="",
            suite=suite.name,
            tier=options.tier,
            selection=options.choice.in_words(),
            chosen_by=options.choice.as_options(),
            suite_digest=loaded.digest,
            dataset_digest=spool.digest(),
            inputs_digest=spool.inputs_digest(),
            dataset_cases=len(spool),
            versions=versions(),
            recipes=recipes,
            target=prepared.target,
            target_digest=prepared.target_digest,
            execution=suite.execution,
            gate=suite.gate,
            on_inconclusive=tier_of(suite, options.tier).on_inconclusive,
            cluster_by=suite.dataset.cluster_by,
            slices=suite.dataset.slices,
            reuse=not options.fresh,
            seed=suite.dataset.seed,
            cases=sum(shard.cases for shard in shards),
            slots=sum(shard.slots for shard in shards),
            skipped=freezer.skipped,
            must_run=len(chosen.must_run),
            shards=tuple(shards),
            parent=options.parent,
            planning=prepared.usage,
            store=what_to_record(store),
            publish=suite.publish,
        )
    return agree(store, keys, plan.model_copy(update={"digest": content_digest(plan.model_dump(mode="json"))}))


def versions() -> dict[str, str]:
    """The versions that decide scores; parts measured by others refuse to merge."""
    return {"deepeval": version("deepeval"), "evalfactory": __version__}


def agree(store: Store, keys: RunKeys, plan: Plan) -> Plan:
    """Write the plan if nobody has; else the plan that is there, which must be an equal one."""
    body = plan.model_dump_json(indent=1).encode()
    if not _is_there(store, keys) and store.create(keys.plan, body):  # looked for first: a store may ignore conditions
        return plan
    there = read_plan(store, keys)
    if there.digest != plan.digest:
        raise EnvironmentProblem(
            f"run {keys.run_id} exists with another plan ({there.digest[:12]}, this one is {plan.digest[:12]})",
            hint="choose another --run-id: the suite, the data, the tier, the number of shards or a version differs",
        )
    return there


def check_whole(store: Store, keys: RunKeys) -> None:
    """Return if the run's measurements are all there. Raises `UsageError` when `clean` has left only its report."""
    if store.list(keys.cleaned):
        raise UsageError(
            f"run {keys.run_id} was cleaned: its report is kept, for others to be compared with, and its measurements are gone",
            hint="measure it again, in a new run",
        )


def _is_there(store: Store, keys: RunKeys) -> bool:
    return bool(store.list(keys.plan))


def read_plan(store: Store, keys: RunKeys) -> Plan:
    """The run's plan, proven by its own digest."""
    try:
        body = store.read(keys.plan)
    except FileNotFoundError:
        raise UsageError(
            f"there is no run {keys.run_id} of suite {keys.suite} in {store.url}", hint="`evalfactory runs` lists them"
        ) from None
    try:
        plan = Plan.model_validate_json(body)
    except ValueError as error:
        raise _damaged(keys, "it is no plan") from error
    if content_digest(json.loads(body)) != plan.digest:
        raise _damaged(keys, "its digest does not match its content")
    if (plan.run_id, plan.suite) != (keys.run_id, keys.suite):
        raise _damaged(keys, f"it is that of run {plan.run_id} of the suite {plan.suite}")
    if not is_moment(plan.created_at):
        raise _damaged(keys, "the time in it is none")
    return plan


def _damaged(keys: RunKeys, message: str) -> InputError:
    return InputError("the run's plan was changed or cut short", (Problem(message, file=keys.plan),))


def _read(spool: Spool, loaded: LoadedSuite, recipes: Sequence[MetricRecipe]) -> None:
    dataset = loaded.suite.dataset
    by_kind: dict[CaseKind, list[MetricRecipe]] = {"single": [], "conversation": []}
    for recipe in recipes:
        by_kind[recipe.kind].append(recipe)
    named = Named(dataset)
    for case, line in read_cases(dataset, loaded.folder):
        named.look_at(case)
        if case.must_run or named.is_must_run(case):
            spool.must_run.append(len(spool))
        spool.add(
            case,
            line=line,
            stratum=stratum(case, dataset.strata) if dataset.strata else "",
            weight=sum(estimated_calls(case, recipe) for recipe in by_kind[case.kind]),
        )
    named.check(spool.ids, limit=dataset.max_problems)


class _Chosen(NamedTuple):
    """Positions in the spool."""

    indexes: list[int]
    must_run: frozenset[int]


def _chosen(spool: Spool, suite: Suite, options: PlanOptions) -> _Chosen:
    tier = tier_of(suite, options.tier)
    if options.only is not None:
        wanted = [index for index, case_id in enumerate(spool.ids) if case_id in options.only]
        return _Chosen(wanted, frozenset(spool.must_run).intersection(wanted))
    if options.choice:
        return _Chosen(choose(spool, options.choice, suite.dataset.seed), frozenset())
    count = None if tier.count == "all" else tier.count
    order = tier_order(spool.ids, spool.strata, seed=suite.dataset.seed)
    must_run = frozenset(spool.must_run)
    return _Chosen(select(order, count, must_run), must_run)


def _needs(prepared: Prepared, loaded: LoadedSuite) -> Needs:
    return NOTHING if prepared.target is None else needs_of(prepared.target, loaded.folder)


def _deal(spool: Spool, indexes: list[int], execution: Execution, options: PlanOptions) -> list[list[int]]:
    if not indexes:
        raise UsageError("no case is left to measure", hint="look at --case, --filter, --limit and the dataset")
    weights = [spool.weights[index] for index in indexes]
    wanted = options.shards or execution.shards
    shards = wanted or shard_count(len(indexes), workers=options.workers)
    piles = deal([spool.ids[index] for index in indexes], weights, shards, how=execution.dealing)
    return [[indexes[place] for place in pile] for pile in piles]


def tier_of(suite: Suite, name: str) -> TierSpec:
    """The suite's tier of that name."""
    try:
        return suite.tiers[name]
    except KeyError:
        near = "".join(f"{each}; " for each in alike(name, suite.tiers, most=1))
        raise UsageError(f"the suite has no tier {name!r}", hint=f"{near}it has {', '.join(suite.tiers)}") from None
