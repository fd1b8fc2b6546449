"""evalfactory metrics."""

from __future__ import annotations

from difflib import get_close_matches

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
    rows = [
        {
            "metric": metric.name,
            "cases": metric.kind,
            "needs": ", ".join(metric.requires),
            "judge calls": f"{metric.calls:g}",
        }
        for metric in metrics
    ]
    say_table(["metric", "cases", "needs", "judge calls"], rows)
    say(f"{len(metrics)} metrics of DeepEval {catalogue().deepeval_version}; your own: module:Class")
    return 0


def _one(arguments: Arguments) -> int:
    metric = catalogue().get(arguments.name)
    if metric is None:
        near = get_close_matches(arguments.name, [each.name for each in catalogue().metrics], n=3)
        raise UsageError(f"there is no metric {arguments.name!r}", hint=f"nearest: {', '.join(near) or 'none'}")
    if arguments.json:
        say_json(metric.model_dump(mode="json"))
    else:
        _say_one(metric)
    return 0


def _say_one(metric: CatalogueMetric) -> None:
    say(f"{metric.name}  (deepeval.metrics.{metric.class_name}, {metric.kind} cases)")
    say(f"needs {', '.join(metric.requires)}; default threshold {metric.threshold}; about {metric.calls:g} judge calls")
    rows = [
        {
            "argument": argument.name,
            "type": argument.type,
            "default": "required" if argument.required else repr(argument.default),
        }
        for argument in metric.arguments
    ]
    if rows:
        say_table(["argument", "type", "default"], rows)
