"""The reference page of the suite, made from the records and the catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ..catalogue import Argument, Catalogue, CatalogueMetric
from ..catalogue import catalogue as committed_catalogue
from ..records.suite import OFFLINE_METRICS, Limits
from .metric_items import RESERVED, argument_words
from .translate import record_schema, resolved
from .words import JsonSchema, all_of, phrase

_INTRODUCTION = """\
# The suite: `suite.yaml`

<!-- Made from the code by `evalfactory.suites.reference`; the test of it says how to make it anew. -->

A suite says what is measured, by which judge, and when the run passes. Four keys are required; all others have a default:

```yaml
name: support-bot
dataset: cases.jsonl
judge: offline
metrics: [answer_relevancy, faithfulness]
```

The file is UTF-8 YAML. An unknown key is refused, with the nearest known one; everything that is wrong is said at once, with its
line. Dates stay texts, and what YAML takes for a number or for true and false (`2`, `no`, `on`) needs quotes where a text is due.
Paths are relative to the suite's folder. Secrets never stand in a suite: it names environment variables.

Editors complete and check a suite by its JSON Schema, which `evalfactory schema` prints. Name it in the first line:

```yaml
# yaml-language-server: $schema=suite.schema.json
```
"""

_SECTIONS = (
    ("Top level", "Suite", ""),
    (
        "`dataset`",
        "DatasetSpec",
        "A text is the `path`: `dataset: cases.jsonl`. The keys of `fields` are ours, the values their columns:\n\n"
        "```yaml\ndataset:\n  path: qa.jsonl.gz\n  fields: {input: question, actual_output: answer.text, retrieval_context: knowledge}\n```\n",
    ),
    ("`dataset.must_run`", "MustRun", ""),
    (
        "`judge`",
        "JudgeSpec",
        "Any OpenAI-compatible endpoint, or `offline`. Its [limits](#limits) are those of the whole run, however many workers share them.\n\n"
        "```yaml\njudge:\n  model: qwen3-32b\n  base_url: http://judge:8000/v1\n  api_key_env: JUDGE_API_KEY\n"
        "  max_in_flight: 200\n  requests_per_minute: 6000\n```\n\n"
        "`judge: offline` needs nothing and takes limits only. It compares words, for demos and tests of the pipeline: its scores mean "
        f"nothing beyond that. It can judge {all_of(OFFLINE_METRICS)}; metrics that ask no judge work beside it.\n",
    ),
    ("`judge.price`", "Price", ""),
    (
        "Limits",
        "Limits",
        "Keys of `judge` and of every kind of `target`, beside their own.\n",
    ),
    (
        "`target`: an HTTP endpoint",
        "HttpTarget",
        "The system under test produces the outputs that the dataset lacks. One of three keys tells what it is: `url`, `model` or `python`.\n\n"
        "```yaml\ntarget:\n  url: http://bot:8080/ask\n  request: {question: \"{{input}}\"}\n  output: answer.text\n"
        "  retrieval_context: chunks.*.text\n```\n",
    ),
    (
        "`target`: a chat with your prompt",
        "ChatTarget",
        "```yaml\ntarget: {model: gpt-4o-mini, prompt: prompts/answer.txt}\n```\n",
    ),
    ("`target`: a Python function", "PythonTarget", "```yaml\ntarget: {python: \"mybot.app:answer\"}\n```\n"),
    (
        "`metrics`",
        "MetricSpec",
        "A list; an item is a metric's name, or its name over its settings. Keys other than those below are the metric's arguments.\n\n"
        "```yaml\nmetrics:\n  - answer_relevancy\n  - faithfulness: {threshold: 0.8}\n"
        "  - geval: {name: politeness, criteria: \"Is the answer polite?\", evaluation_params: [input, actual_output]}\n"
        "  - \"mypackage.metrics:Brevity\": {version: \"2\", longest: 400}\n```\n",
    ),
    (
        "`tiers`",
        "TierSpec",
        "Sizes of the suite by name; a number or `all` is the `count`. `smoke` (20), `regression` (500) and `full` (all) are there "
        "without being written.\n\n```yaml\ntiers: {smoke: 10, nightly: 2000}\n```\n",
    ),
    ("`gate`", "GateSpec", ""),
    ("`gate.metrics.<name>`", "MetricGate", ""),
    ("`gate.target`", "TargetGate", ""),
    ("`execution`", "Execution", ""),
    (
        "`publish`",
        "PublishSpec",
        "For `evalfactory publish`: see [publish to GitHub](../how-to/publish-to-github.md).\n\n"
        "```yaml\npublish: {redact: [input, actual_output, context]}\n```\n",
    ),
    (
        "`placement`",
        "Placement",
        "For `evalfactory run --on kubernetes`: see [run on Kubernetes](../how-to/run-on-kubernetes.md). Only `image` is required.\n\n"
        "```yaml\nplacement:\n  image: registry.example.org/evalfactory:0.1.0\n  pods: 8\n  env_from_secrets: [judge-key, bucket-key]\n```\n",
    ),
    ("`placement.resources`", "Resources", ""),
    ("`placement.gpu`", "Gpu", ""),
    ("`placement.secrets.<variable>`", "SecretVariable", ""),
    ("`placement.files[]`", "Files", ""),
    ("`placement.store`, `placement.model_cache`", "Claim", ""),
)  # fmt: skip

#: What the short ways to write a section accept beside the record itself.
_WRITTEN_AS = {
    ("Suite", "dataset"): "a text or a mapping",
    ("Suite", "judge"): "`offline` or a mapping",
    ("Suite", "target"): "a mapping",
    ("Suite", "metrics"): "a list",
    ("Suite", "tiers"): "a mapping of counts",
    ("Suite", "placement"): "a mapping",
    ("HttpTarget", "request"): "any value",
}
_NOT_WRITTEN = {"MetricSpec": ("type", "args")}
_DEFAULTS = {
    ("Suite", "tiers"): "these three",
    ("HttpTarget", "request"): '`{input: "{{input}}"}`',
    ("JudgeSpec", "api_key_env"): "see there",
    ("ChatTarget", "api_key_env"): "see there",
    ("MetricSpec", "name"): "its own",
}


def suite_reference(catalogue: Catalogue | None = None) -> str:
    """The page, in Markdown."""
    return "\n".join(
        [
            _INTRODUCTION,
            *(part for heading, record, text in _SECTIONS for part in _section(heading, record, text)),
            *_metrics(catalogue or committed_catalogue()),
        ]
    )


def _section(heading: str, record: str, text: str) -> Iterator[str]:
    schema = _schema_of(record)
    yield f"## {heading}\n"
    if text:
        yield text
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    required = [key for key in schema.get("required", ()) if (record, key) not in _DEFAULTS]
    limits = [] if record == "Limits" else list(Limits.model_fields)
    others = [key for key in schema["properties"] if key not in required]
    for key in [*required, *others]:
        if key not in limits and key not in _NOT_WRITTEN.get(record, ()):
            yield _key_row(record, key, schema["properties"][key], required=key in required)
    yield ""


def _schema_of(record: str) -> JsonSchema:
    match record:
        case "Suite":
            return record_schema()
        case "Limits":
            return Limits.model_json_schema()
        case _:
            return dict(record_schema()["$defs"][record])


def _key_row(record: str, key: str, schema: JsonSchema, *, required: bool) -> str:
    kind = _WRITTEN_AS.get((record, key)) or _kind(schema)
    default = _DEFAULTS.get((record, key)) or ("**required**" if required else _default(schema))
    return _row(f"`{key}`", kind, default, resolved(schema).get("description", ""))


def _kind(schema: JsonSchema) -> str:
    full = resolved(schema)
    values = full.get("additionalProperties")
    match full:
        case {"type": "object"} if isinstance(values, dict):
            return f"a mapping of {'texts' if values.get('type') == 'string' else 'mappings'}"
        case {"type": "object"} if values is True:
            return "any mapping"
        case {"type": "string", "pattern": _}:
            return "a text"
        case _:
            return phrase(full).removesuffix(" that is not empty")


def _default(schema: JsonSchema) -> str:
    match schema.get("default"):
        case None | dict() | []:
            return "–"
        case value:
            return f"`{_number(value)}`"


def _number(value: object) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole and isinstance(value, float) else value, ensure_ascii=False).strip('"')


def _metrics(known: Catalogue) -> Iterator[str]:
    yield f"## The metrics of DeepEval {known.deepeval_version}\n"
    yield (
        "What each one needs of a case, its default threshold, and the arguments that a suite may set besides\n"
        f"{', '.join(f'`{key}`' for key in RESERVED[:3])}. Required ones are **bold**. Metrics that need a trace are not here.\n"
    )
    for kind, heading in (("single", "One answer"), ("conversation", "Conversations")):
        yield f"### {heading}\n"
        yield "| metric | needs | threshold | judge | arguments |\n|---|---|---|---|---|"
        yield from (_metric_row(metric) for metric in known.metrics if metric.kind == kind)
        yield ""


def _metric_row(metric: CatalogueMetric) -> str:
    judge = ("offline too" if metric.name in OFFLINE_METRICS else "a model") if metric.uses_judge else "none"
    threshold = "–" if metric.threshold is None else f"{metric.threshold:g}"
    arguments = "; ".join(_argument(each) for each in metric.arguments if each.name not in RESERVED)
    if metric.one_of:
        arguments += f"; at least one of {all_of(metric.one_of)}"
    return _row(f"`{metric.name}`", _codes(metric.requires), threshold, judge, arguments or "–")


def _argument(argument: Argument) -> str:
    name = f"**`{argument.name}`**" if argument.required else f"`{argument.name}`"
    if argument.default not in (None, [], ()):
        return f"{name} = {json.dumps(argument.default, ensure_ascii=False)}"
    return f"{name}: {argument_words(argument)}"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
