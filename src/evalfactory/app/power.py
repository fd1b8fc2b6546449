"""What earlier runs say of how many cases a suite needs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..analysis.comparable import counted_repeats
from ..analysis.grouping import cluster_of
from ..analysis.noise import draws_of, noise_variance
from ..analysis.power import Price, Seen, Wanted, metric_power, together, together_shown
from ..analysis.sizes import POWER
from ..analysis.statistics.prospect import span_of
from ..analysis.statistics.sample import Sample, sample_of
from ..errors import UsageError
from ..records.gate import MetricGate
from ..records.measurement import Usage
from ..records.plan import Plan
from ..records.report import Difference
from ..records.sizing import Power
from ..records.suite import Suite
from ..storage.layout import RunKeys
from ..storage.open import open_store
from ..storage.port import Store
from ..suites import LoadedSuite, load_suite
from .comparing import all_frozen, compare_runs
from .places import try_command
from .planning import read_plan
from .registry import all_runs, find_run
from .reports import is_quick_look, latest_report_folder, read_report, reported_measurements, reported_outputs

LOOKED_AT = 50  # of a suite's runs, the newest


@dataclass(frozen=True, slots=True)
class PowerOptions:
    """What the command line asks."""

    drop: float | None = None  # twice the gate's allowed drop without it
    chance: float = POWER
    run_id: str | None = None  # count on this run, else on the newest ones that tell enough
    baseline: str | None = None
    store: str | None = None


class _Runs(NamedTuple):
    """The suite's finished runs that are counted on."""

    keys: RunKeys
    plan: Plan
    compared: tuple[str, str] | None  # the runs whose differences are known
    differences: dict[str, Difference]  # by metric
    repeats: int  # draws of a case in each difference
    noise: RunKeys | None  # the run that judged its cases more than once


def suite_power(path: Path, options: PowerOptions) -> Power:
    """What the suite's gate needs to exclude a drop beyond the allowed one, and to show one that is there.

    Raises:
        UsageError: The suite has no finished run yet, or the drop is none.
    """
    loaded = load_suite(path)
    gate = loaded.suite.gate
    drop = 2 * gate.allowed_drop if options.drop is None else options.drop
    if drop <= 0:
        raise UsageError("a drop of nothing cannot be seen with any number of cases", hint="--drop 0.06")
    store = _store(loaded, options.store)
    runs = _runs(store, loaded.suite.name, options)
    noise = _noise(store, runs)
    tiers = _tiers(loaded.suite, runs.plan.dataset_cases)
    known = list(_seen(store, runs, loaded.suite, noise))
    gated = sum(seen.tier != "advisory" for seen in known)
    wanted = Wanted(drop, options.chance, gate.confidence, max(gated, 1))
    metrics = tuple(metric_power(seen, wanted, tiers) for seen in known)
    price = _price(store, runs)
    return Power(
        suite=loaded.suite.name,
        drop=wanted.drop,
        chance=wanted.chance,
        confidence=wanted.confidence,
        run_id=runs.keys.run_id,
        compared=runs.compared,
        noise_run_id=runs.noise.run_id if runs.noise and noise else None,
        dataset_cases=runs.plan.dataset_cases,
        metrics=metrics,
        to_exclude=together(metrics, price),
        to_show=together_shown(metrics, wanted.drop, price),
    )


def _store(loaded: LoadedSuite, url: str | None) -> Store:
    if url is not None:
        return open_store(url, create=False)
    return open_store(loaded.suite.store, folder=loaded.folder, create=False)


def _runs(store: Store, suite: str, options: PowerOptions) -> _Runs:
    """The newest whole run whose differences from a baseline are known, else the newest one alone."""
    chosen = [find_run(store, options.run_id)] if options.run_id else []
    finished = list(_finished(store, suite))
    noise = next((keys for keys in finished if read_plan(store, keys).execution.repeats > 1), None)
    candidates = chosen or [keys for keys in finished if not is_quick_look(read_report(store, keys))]
    for keys in candidates:
        runs = _beside_a_baseline(store, keys, options.baseline, noise)
        if runs is not None:
            return runs
    alone = next(iter(candidates), noise)
    if alone is None:
        again = try_command("run", "suite.yaml")
        raise UsageError(f"suite {suite} has no finished run in {store.url} to count on", hint=again)
    return _Runs(alone, read_plan(store, alone), None, {}, 1, noise)


def _beside_a_baseline(store: Store, keys: RunKeys, asked: str | None, noise: RunKeys | None) -> _Runs | None:
    """The run with its differences from that baseline, or from the one of its report; None where they tell nothing."""
    report = read_report(store, keys)
    compared, baseline = report.compared, report.baseline
    if asked is not None:
        comparison = compare_runs(store, keys, asked)
        compared, baseline = comparison.metrics, comparison.baseline
    differences = {m.name: m.difference for m in compared if m.difference is not None and _tells(m.difference)}
    if baseline is None or baseline.run_id is None or not differences:
        return None
    plan, theirs = read_plan(store, keys), read_plan(store, RunKeys(keys.suite, baseline.run_id))
    repeats = counted_repeats(plan, theirs) or plan.execution.repeats
    return _Runs(keys, plan, (keys.run_id, baseline.run_id), differences, repeats, noise)


def _finished(store: Store, suite: str) -> Iterator[RunKeys]:
    """The suite's newest runs that have a report, newest first."""
    runs = (RunKeys(each.suite, each.run_id) for each in reversed(all_runs(store)) if each.suite == suite)
    return (keys for keys in islice(runs, LOOKED_AT) if latest_report_folder(store, keys) is not None)


def _tells(known: Difference) -> bool:
    """Whether the differences say how far cases differ: those of reused scores are all zero."""
    return known.nonzero > 1 and known.standard_error > 0


def _noise(store: Store, runs: _Runs) -> dict[str, float]:
    """The judge's deviation by metric, from the newest run that judged its cases more than once, in the same way."""
    if runs.noise is None:
        return {}
    then = {recipe.name: recipe.digest for recipe in read_plan(store, runs.noise).recipes}
    draws = draws_of(reported_measurements(store, runs.noise))
    found = {}
    for recipe in runs.plan.recipes:
        own = [each for each in draws if each.metric == recipe.name]
        if own and then.get(recipe.name) == recipe.digest:
            found[recipe.name] = math.sqrt(noise_variance(own))
    return found


def _seen(store: Store, runs: _Runs, suite: Suite, noise: dict[str, float]) -> Iterator[Seen]:
    alone = _alone(store, runs) if len(runs.differences) < len(runs.plan.recipes) else {}
    for recipe in runs.plan.recipes:
        name, known = recipe.name, runs.differences.get(recipe.name)
        rule = suite.gate.metrics.get(name, MetricGate())
        allowed = suite.gate.allowed_drop if rule.allowed_drop is None else rule.allowed_drop
        if known is not None:
            spread = _of_single_draws(known.standard_error * math.sqrt(known.cases), runs.repeats, noise.get(name))
            sizes = known.cases, known.clusters, known.effective, known.largest_cluster, known.span
            yield Seen(name, rule.tier, allowed, "differences", spread, *sizes, noise=noise.get(name))
        elif name in alone:
            sample, span = alone[name]
            spread = sample.standard_error * math.sqrt(2 * sample.pairs)
            largest = float(sample.sizes.max() / sample.sizes.mean())
            sizes = sample.pairs, sample.clusters, sample.effective, largest, span
            yield Seen(name, rule.tier, allowed, "scores", spread, *sizes, noise=noise.get(name))
        else:
            yield Seen(name, rule.tier, allowed, "none", None, noise=noise.get(name))


def _of_single_draws(spread: float, repeats: int, noise: float | None) -> float:
    """The spread of differences as it is when each case is judged once."""
    return math.sqrt(spread**2 + 2 * (noise or 0.0) ** 2 * (1 - 1 / repeats))


def _alone(store: Store, runs: _Runs) -> dict[str, tuple[Sample, float]]:
    """Each metric's scores in this one run, and how far two of them can be apart.

    A second run is taken for one that has nothing to do with it, so that its variance comes twice.
    """
    plan = runs.plan
    clusters = {each.case.id: cluster_of(each.case, plan.cluster_by) for each in all_frozen(store, plan)}
    found = {}
    for recipe in plan.recipes:
        own = [
            (("cluster", cluster) if (cluster := clusters.get(each.case_id)) else each.case_id, each.score)
            for each in reported_measurements(store, runs.keys)
            if each.metric == recipe.name and each.score is not None and not each.repeat
        ]
        sample, scores = sample_of(own), [score for _, score in own]
        if sample.clusters > 1:
            found[recipe.name] = (sample, span_of(min(scores), max(scores)))
    return found


def _price(store: Store, runs: _Runs) -> Price:
    """What one case takes, from the newest run that paid for all it measured."""
    for keys in (runs.keys, *_finished(store, runs.keys.suite)):
        report = read_report(store, keys)
        if report.counts.scored and not report.counts.reused:
            outputs = [each.usage for each in reported_outputs(store, keys) if each.failure is None]
            judged = report.cases * read_plan(store, keys).execution.repeats
            return Price(report.judge, judged, sum(outputs, Usage()), len(outputs))
    return Price()


def _tiers(suite: Suite, dataset_cases: int) -> dict[str, int]:
    """The cases of each tier, as far as the dataset has them."""
    sizes = {name: dataset_cases if tier.count == "all" else tier.count for name, tier in suite.tiers.items()}
    return {name: min(count, dataset_cases) for name, count in sizes.items() if dataset_cases}
