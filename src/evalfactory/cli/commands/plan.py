"""evalfactory plan."""

from __future__ import annotations

import asyncio

from ...app.forecasting import MetricForecast, forecast
from ...app.places import store_option, try_command
from ...render.words import count
from ..output import say, say_json, say_table
from ..parser import Arguments
from ..places import suite_path
from .run import options


def execute(arguments: Arguments) -> int:
    """Print what a run would measure; write it only when asked."""
    forecasted = asyncio.run(forecast(suite_path(arguments.suite), options(arguments), write=arguments.write))
    if arguments.json:
        say_json(forecasted.as_json())
        return 0
    plan = forecasted.plan
    say(f"{plan.suite}, {plan.selection or f'tier {plan.tier}'}: {plan.cases} of {plan.dataset_cases} cases")
    say()
    say_table(
        ("metric", "judge", "threshold", "slots", "judge calls"),
        [_row(metric) for metric in forecasted.metrics],
        numbers=("threshold", "slots", "judge calls"),
    )
    say()
    for line in forecasted.lines():
        say(line)
    if arguments.write:
        say(f"written as run {plan.run_id}, plan {plan.digest}")
        words = ("--run-id", plan.run_id, "--shard-index", "N", *store_option(forecasted.store))
        say(f"work on it: {try_command('work', *words)}   # N from 0 to {len(plan.shards) - 1}")
        say(f"or, all of it here: {try_command('resume', plan.run_id, *store_option(forecasted.store))}")
    return 0


def _row(metric: MetricForecast) -> tuple[str, ...]:
    threshold = "" if metric.threshold is None else f"{metric.threshold:g}"
    return metric.name, metric.judge, threshold, count(metric.slots), count(round(metric.calls))
