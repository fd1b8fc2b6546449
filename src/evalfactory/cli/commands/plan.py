"""evalfactory plan."""

from __future__ import annotations

import asyncio

from ...app.forecasting import forecast
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
    say_table(
        ["metric", "judge", "threshold", "slots", "judge calls"],
        [
            {"metric": row.name, "judge": row.judge, "threshold": row.threshold, "slots": str(row.slots), "judge calls": f"{row.calls:.0f}"}
            for row in forecasted.metrics
        ],
    )  # fmt: skip
    for line in forecasted.lines():
        say(line)
    if arguments.write:
        say(f"written as run {plan.run_id}, plan {plan.digest}")
    return 0
