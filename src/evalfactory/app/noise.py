"""The same answers judged again and again, to know what the judge alone moves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..analysis.noise import draws_of, metric_noise, shakiest
from ..errors import UsageError
from ..records.sizing import Noise
from ..storage.layout import RunKeys
from ..storage.port import Store
from ..suites import load_suite
from .places import store_for
from .planning import read_plan
from .reports import read_report, reported_measurements
from .running import Observer, RunOptions, run

REPEATS = 5


async def judge_again(path: Path, options: RunOptions, repeats: int, observer: Observer) -> Noise:
    """The noise of a new run that judges each case of the tier so many times, and reuses nothing.

    Raises:
        UsageError: Once is not enough to compare anything.
    """
    if repeats < 2:
        raise UsageError("a case that is judged once shows no noise", hint="--times 5")
    choice = replace(options.choice, purpose=f"judge noise, each case {repeats} times")
    again = replace(options, fresh=True, choice=choice, overrides={"execution.repeats": repeats})
    result = await run(path, again, observer)
    loaded = load_suite(path)
    return noise_of(store_for(loaded, options.store), RunKeys(loaded.suite.name, result.report.run_id))


def noise_of(store: Store, keys: RunKeys) -> Noise:
    """The noise that a finished run with repeats has measured.

    Raises:
        UsageError: The run has no report, or judged every case once.
    """
    plan, report = read_plan(store, keys), read_report(store, keys)
    repeats = plan.execution.repeats
    if repeats < 2:
        raise UsageError(
            f"run {keys.run_id} judged every case once, which shows no noise",
            hint="evalfactory noise SUITE judges again",
        )
    draws = draws_of(reported_measurements(store, keys))
    return Noise(
        run_id=keys.run_id,
        suite=keys.suite,
        repeats=repeats,
        cases=report.cases,
        errored=report.counts.errored,
        missing=report.counts.missing,
        metrics=tuple(
            metric_noise(
                recipe.name, [each for each in draws if each.metric == recipe.name], confidence=plan.gate.confidence
            )
            for recipe in plan.recipes
        ),
        shaky=tuple(shakiest(draws)),
        judge=report.judge,
    )
