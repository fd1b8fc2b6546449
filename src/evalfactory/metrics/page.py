"""The reference page of the metrics, from the catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import yaml

from ..catalogue import Argument, Catalogue, CatalogueMetric
from ..records.suite import OFFLINE_METRICS
from .about import ABOUT
from .examples import EXAMPLE_ARGUMENTS
from .introspect import LEFT_OUT

_HEAD = """\
# Metrics

<!-- Made from the installed DeepEval by `python -m evalfactory.metrics.generate`; a test compares. -->

All text metrics of DeepEval {version} that need no trace. Scores and reasons are DeepEval's own, from 0 to 1, and the high one
is the good one. A score at or above the threshold is a success.

Every metric takes `threshold`, `name` (two of a kind need two names) and `judge` (another than the suite's). *Calls* are the
judge's, for one measurement: c is the number of chunks of (retrieval) context, t the number of pairs of turns. *Offline* says
whether `judge: offline` will do.
"""

_OWN = """\
## Your own metrics

`package.module:Name` instead of a metric's name, in a module beside the suite or an installed one. `Name` is one of these:

- a subclass of DeepEval's `BaseMetric` or `BaseConversationalMetric`, with an `a_measure`;
- a function that returns such a metric, or a `DeepAcyclicGraph`; it is called for every measurement;
- a `DeepAcyclicGraph`, which becomes a `DAGMetric` or a `ConversationalDAGMetric`.

Classes and functions get the suite's arguments by name and, where their signature has them, `model` (the judge; ask it with
`await self.model.a_generate(prompt, schema=…)`), `threshold` and `name`. The score must be a finite number, of any size.
What a metric needs stands in its `_required_params`, as DeepEval's own have it.

```yaml
metrics:
  - mymetrics:Politeness: {{threshold: 0.7, version: "2"}}
```

A metric of your own is known by its `version`, and without one by its module's source: a change of either measures anew. What
the module imports is not looked at, so declare a version where that matters. Each measurement has a fresh object, in a thread
with an event loop of its own: code that blocks holds up nobody, and clients that belong to an event loop are best kept in
the object.

## Metrics of DeepEval that are not for suites

{left_out}
"""


_REMARKS = {
    "geval": "It needs the fields that `evaluation_params` names, too. Criteria cost one more call, once for all runs.",
    "conversational_geval": "It needs the fields that `evaluation_params` names, too. Criteria cost one more call, once for all runs.",
    "json_correctness": "The judge is asked for a reason only where the output does not fit.",
    "tool_correctness": "The judge is asked, once, only where `available_tools` are given.",
    "role_violation": "In strict mode DeepEval puts the threshold at 0, so that every case passes.",
    "tool_use": "Tool calls are those of the turns.",
    "turn_contextual_relevancy": "A chunk is judged again in every window of turns that holds it: a smaller `window_size` saves calls.",
}


def page_text(catalogue: Catalogue) -> str:
    """The page, in Markdown."""
    parts = [_HEAD.format(version=catalogue.deepeval_version), _overview(catalogue.metrics)]
    parts += [_section(metric) for metric in catalogue.metrics]
    left_out = "\n".join(f"- `{name}`: {why}." for name, why in sorted(LEFT_OUT.items()))
    return "\n".join([*parts, _OWN.format(left_out=left_out)])


def _overview(metrics: Iterable[CatalogueMetric]) -> str:
    rows = [
        (f"[`{m.name}`](#{m.name})", m.kind, _code(m.requires), _threshold(m), _calls(m), _offline(m)) for m in metrics
    ]
    return _table(("metric", "cases", "needs", "threshold", "calls", "offline"), rows)


def _section(metric: CatalogueMetric) -> str:
    parts = [f"## {metric.name}\n", f"{ABOUT[metric.name]}\n"]
    if metric.one_of:
        parts.append(f"At least one of {_code(metric.one_of)} is needed.\n")
    if metric.name in _REMARKS:
        parts.append(f"{_REMARKS[metric.name]}\n")
    if "turns.retrieval_context" in metric.requires:
        parts.append(
            "At least one turn must have retrieval context: without any, DeepEval would judge against nothing.\n"
        )
    if metric.threshold_matters:
        parts.append("The judge is told the threshold: with another one, cases are measured anew.\n")
    if metric.arguments:
        rows = [_argument_row(argument) for argument in metric.arguments]
        parts.append(_table(("argument", "type", "default", ""), rows))
    if metric.name in EXAMPLE_ARGUMENTS:
        parts.append(f"```yaml\n{_example(metric.name)}```\n")
    return "\n".join(parts)


def _argument_row(argument: Argument) -> tuple[str, ...]:
    notes = [argument.note, f"any of {_code(argument.choices)}" if argument.choices else ""]
    default = "required" if argument.required else f"`{json.dumps(argument.default)}`"
    return f"`{argument.name}`", argument.type, default, "; ".join(note for note in notes if note)


def _example(name: str) -> str:
    args: dict[str, Any] = dict(EXAMPLE_ARGUMENTS[name])
    if "criteria" in args:
        del args["evaluation_steps"]
        args = {"name": "politeness", **args}
    return yaml.safe_dump({"metrics": [{name: args}]}, sort_keys=False, allow_unicode=True, width=120)


def _calls(metric: CatalogueMetric) -> str:
    chunk = "c(t + 1)/2" if metric.windowed else "c"
    terms = [(metric.calls_per_chunk, chunk), (metric.calls_per_turn, "t"), (metric.calls, "")]
    return " + ".join(_term(amount, unit) for amount, unit in terms if amount) or "0"


def _term(amount: float, unit: str) -> str:
    return unit if unit and amount == 1 else f"{amount:g}{unit}"


def _threshold(metric: CatalogueMetric) -> str:
    return "none" if metric.threshold is None else f"{metric.threshold:g}"


def _offline(metric: CatalogueMetric) -> str:
    return "yes" if metric.name in OFFLINE_METRICS or not metric.uses_judge else "no"


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, tuple("---" for _ in head), *rows)]
    return "\n".join(lines) + "\n"
