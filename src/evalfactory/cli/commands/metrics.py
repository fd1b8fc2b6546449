"""evalfactory metrics."""

from __future__ import annotations

import json
from typing import Any

from ...app.alike import alike
from ...catalogue import CatalogueMetric, catalogue, typical_calls
from ...errors import UsageError
from ...render.words import plural
from ..output import say, say_json, say_table
from ..parser import Arguments


def execute(arguments: Arguments) -> int:
    """Print the catalogue, or one metric of it."""
    if arguments.name:
        return _one(arguments)
    metrics = catalogue().metrics
    if arguments.json:
        say_json(catalogue().model_dump(mode="json") | {"metrics": [_as_json(metric) for metric in metrics]})
        return 0
    rows = [(each.name, each.kind, f"{typical_calls(each):g}", ", ".join(each.requires)) for each in metrics]
    say_table(("metric", "cases", "judge calls", "needs"), rows, numbers=("judge calls",))
    say()
    say("judge calls: of a case with three chunks of context, or a conversation of three pairs of turns")
    say(f"{len(metrics)} metrics of DeepEval {catalogue().deepeval_version}; your own: module:Class")
    return 0


def _one(arguments: Arguments) -> int:
    metric = catalogue().get(arguments.name)
    if metric is None:
        near = ", ".join(alike(arguments.name, [each.name for each in catalogue().metrics]))
        raise UsageError(f"there is no metric {arguments.name!r}", hint=near or "evalfactory metrics")
    if arguments.json:
        say_json(_as_json(metric))
    else:
        _say_one(metric)
    return 0


def _as_json(metric: CatalogueMetric) -> dict[str, Any]:
    return metric.model_dump(mode="json") | {"typical_calls": typical_calls(metric)}


def _in_yaml(default: object) -> str:
    """A default as it would stand in a suite; a dash for none."""
    return "–" if default is None else json.dumps(default, ensure_ascii=False)


def _say_one(metric: CatalogueMetric) -> None:
    say(f"{metric.name}  (deepeval.metrics.{metric.class_name}, {metric.kind} cases)")
    calls = plural(round(typical_calls(metric)), "judge call")
    say(f"needs {', '.join(metric.requires)}; default threshold {metric.threshold}; about {calls}")
    rows = [
        (each.name, each.type, "required" if each.required else _in_yaml(each.default)) for each in metric.arguments
    ]
    if rows:
        say()
        say_table(("argument", "type", "default"), rows)
