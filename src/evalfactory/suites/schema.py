"""The JSON Schema of what a user writes, for editors: the records, the short ways to write them, and the catalogue."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

from ..catalogue import Catalogue, CatalogueMetric, typical_calls
from ..catalogue import catalogue as committed_catalogue
from ..records.suite import IMPORT_PATTERN, LABEL_PATTERN, Limits
from .metric_items import RESERVED, argument_schema
from .translate import record_schema, resolved
from .words import JsonSchema

_OFFLINE_JUDGE = "OfflineJudge"


def suite_schema(catalogue: Catalogue | None = None) -> JsonSchema:
    """The schema (draft 2020-12). It knows shapes, names and types; rules between keys are the reader's."""
    known = catalogue or committed_catalogue()
    schema = copy.deepcopy(record_schema())
    for each in _objects(schema):
        each.pop("title", None)
    definitions = schema["$defs"]
    definitions["JudgeSpec"]["properties"]["kind"] = {"const": "openai", "description": "A model; need not be written."}
    definitions[_OFFLINE_JUDGE] = _offline_judge(definitions["JudgeSpec"])
    del definitions["MetricSpec"]
    for metric in known.metrics:
        definitions[f"metric_{metric.name}"] = _metric_settings(metric)
    definitions["metric"] = _metric_item(known)
    definitions["judge"] = _judge()
    _shorten(schema)
    schema["description"] = "A suite of evalfactory."
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "evalfactory suite", **schema}


def schema_text(catalogue: Catalogue | None = None) -> str:
    """The schema as the text that is committed, printed, and written beside a starter suite."""
    return json.dumps(suite_schema(catalogue), indent=1, ensure_ascii=False) + "\n"


def _shorten(schema: JsonSchema) -> None:
    """Let the sections be written in their short ways, and be empty where they may be left out."""
    sections = schema["properties"]
    tier = {"anyOf": [{"$ref": "#/$defs/TierSpec"}, schema["$defs"]["TierSpec"]["properties"]["count"]]}
    sections["dataset"] = _either(sections["dataset"], {"type": "string", "minLength": 1})
    sections["judge"] = {"$ref": "#/$defs/judge", "description": sections["judge"]["description"]}
    sections["metrics"] |= {"items": {"$ref": "#/$defs/metric"}, "minItems": 1}
    sections["tiers"] |= {"type": ["object", "null"], "additionalProperties": tier}
    for name in ("gate", "execution", "placement", "publish"):
        sections[name] = _either(sections[name], {"type": "null"})


def _either(section: JsonSchema, short: JsonSchema) -> JsonSchema:
    inside = {key: value for key, value in section.items() if key not in {"description", "default"}}
    return {"anyOf": [inside, short], "description": resolved(section)["description"]}


def _judge() -> JsonSchema:
    return {
        "anyOf": [
            {"const": "offline", "description": "Needs nothing; its scores mean nothing beyond a demo."},
            {"$ref": f"#/$defs/{_OFFLINE_JUDGE}"},
            {"$ref": "#/$defs/JudgeSpec"},
        ]
    }


def _offline_judge(model: JsonSchema) -> JsonSchema:
    limits = {key: model["properties"][key] for key in Limits.model_fields}
    own = {"kind": {"const": "offline"}, "model": {"const": "offline", "description": "Need not be written."}}
    return {
        "type": "object",
        "description": "Needs nothing; its scores mean nothing beyond a demo.",
        "properties": own | limits,
        "required": ["kind"],
        "additionalProperties": False,
    }


def _metric_item(known: Catalogue) -> JsonSchema:
    """A metric's name, or one key, its name, over its settings."""
    bare = (
        metric for metric in known.metrics if not metric.one_of and not any(each.required for each in metric.arguments)
    )
    names = [{"const": metric.name, "description": about(metric)} for metric in bare]
    own: JsonSchema = {
        "type": "string",
        "pattern": IMPORT_PATTERN,
        "description": "Your own metric: package.module:Class.",
    }
    settings = {
        metric.name: {"$ref": f"#/$defs/metric_{metric.name}", "description": about(metric)} for metric in known.metrics
    }
    mapping = {
        "type": "object",
        "properties": settings,
        "patternProperties": {IMPORT_PATTERN: _own_settings()},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"anyOf": [*names, own, mapping]}


def about(metric: CatalogueMetric) -> str:
    """One line on a metric: what it needs of a case, its default threshold and what it asks of the judge."""
    needs = ", ".join(metric.requires)
    calls = typical_calls(metric)
    asks = f"about {calls:g} judge call{'' if calls == 1 else 's'}" if metric.uses_judge else "asks no judge"
    kind = "a conversation's" if metric.kind == "conversation" else "a case's"
    threshold = f"; threshold {metric.threshold:g}" if metric.threshold is not None else ""
    return f"DeepEval's {metric.class_name}: needs {kind} {needs}; {asks}{threshold}."


def _reserved() -> JsonSchema:
    metric = record_schema()["$defs"]["MetricSpec"]["properties"]
    return {
        "name": {"type": "string", "pattern": LABEL_PATTERN, "description": metric["name"]["description"]},
        "threshold": {"type": ["number", "null"], "description": metric["threshold"]["description"]},
        "judge": {"$ref": "#/$defs/judge", "description": metric["judge"]["description"]},
        "version": {"type": ["string", "null"], "minLength": 1, "description": metric["version"]["description"]},
    }


def _metric_settings(metric: CatalogueMetric) -> JsonSchema:
    reserved = {key: schema for key, schema in _reserved().items() if key != "version"}
    reserved["threshold"] = {**reserved["threshold"], "minimum": 0, "maximum": 1, "default": metric.threshold}
    required = [argument.name for argument in metric.arguments if argument.required and argument.name not in RESERVED]
    schema: JsonSchema = {
        "type": "object" if required or metric.one_of else ["object", "null"],
        "description": about(metric),
        "properties": reserved | dict(_arguments(metric)),
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    if metric.one_of:
        schema["anyOf"] = [{"required": [name]} for name in metric.one_of]
    return schema


def _arguments(metric: CatalogueMetric) -> Iterator[tuple[str, JsonSchema]]:
    for argument in metric.arguments:
        if argument.name in RESERVED:
            continue
        schema = argument_schema(argument)
        if not argument.required and "type" in schema:
            schema = {"anyOf": [schema, {"type": "null"}], "default": argument.default}
        if argument.note:
            schema["description"] = argument.note
        yield argument.name, schema


def _own_settings() -> JsonSchema:
    return {
        "type": ["object", "null"],
        "description": "The settings of your own metric; keys other than these are its arguments.",
        "properties": _reserved(),
        "additionalProperties": True,
    }


def _objects(schema: object) -> Iterator[JsonSchema]:
    """Every JSON object inside that is a schema and not a table of properties."""
    if isinstance(schema, list):
        for each in schema:
            yield from _objects(each)
    elif isinstance(schema, dict):
        yield schema
        for key, value in schema.items():
            if key in {"properties", "$defs", "patternProperties"}:
                for each in value.values():
                    yield from _objects(each)
            elif key not in {"default", "enum", "const"}:
                yield from _objects(value)
