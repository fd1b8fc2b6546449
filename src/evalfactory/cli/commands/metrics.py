"""evalfactory metrics."""

from __future__ import annotations

from ...app.alike import alike
from ...catalogue import CatalogueMetric, catalogue
from ...errors import UsageError
from ..output import say, say_json, say_table
from ..parser import Arguments


def execute(arguments: Arguments) -> int:
    """Print the catalogue, or one metric of it."""
    if arguments.name:
        return _one(arguments)
    metrics = catalogue().metrics
    if arguments.json:
        say_json(catalogue().model_dump(mode="json"))
        return 0
    rows = [(each.name, each.kind, f"{each.calls:g}", ", ".join(each.requires)) for each in metrics]
    say_table(("metric", "cases", "judge calls", "needs"), rows, numbers=("judge calls",))
    say()
    say(f"{len(metrics)} metrics of DeepEval {catalogue().deepeval_version}; your own: module:Class")
    return 0


def _one(arguments: Arguments) -> int:
    metric = catalogue().get(arguments.name)
    if metric is None:
        near = ", ".join(alike(arguments.name, [each.name for each in catalogue().metrics]))
        raise UsageError(f"there is no metric {arguments.name!r}", hint=near or "evalfactory metrics")
    if arguments.json:
        say_json(metric.model_dump(mode="json"))
    else:
        _say_one(metric)
    return 0


def _say_one(metric: CatalogueMetric) -> None:
    say(f"{metric.name}  (deepeval.metrics.{metric.class_name}, {metric.kind} cases)")
    say(
        f"needs {', '.join(metric.requires)}; default threshold {metric.threshold}; about {metric.calls:g} judge call{'' if metric.calls == 1 else 's'}"
    )
    rows = [(each.name, each.type, "required" if each.required else repr(each.default)) for each in metric.arguments]
    if rows:
        say()
        say_table(("argument", "type", "default"), rows)
