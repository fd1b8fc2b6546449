"""One item of `metrics:`, checked against the catalogue and spelt out into a metric's record."""

from __future__ import annotations

import re
from dataclasses import replace

from ..catalogue import Argument, Catalogue, CatalogueMetric
from ..records.suite import IMPORT_PATTERN
from .shorthand import full_judge
from .translate import actual
from .tree import Findings, Node
from .words import JsonSchema, all_of, nearest, one_of, path_key, phrase, shown

#: Keys of a metric's mapping that are not its arguments.
RESERVED = ("name", "threshold", "judge", "version")

_ARGUMENT_TYPES: dict[str, JsonSchema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "list[str]": {"type": "array", "items": {"type": "string"}},
    "list": {"type": "array"},
    "dict": {"type": "object"},
    "any": {},
}
_HOW = "a metric is its name, or its name with arguments: `- faithfulness: {threshold: 0.8}`"


def argument_schema(argument: Argument) -> JsonSchema:
    """The JSON Schema of one argument; `null` stands for an optional one's absence."""
    schema = dict(_ARGUMENT_TYPES[argument.type])
    if argument.choices:
        choices: JsonSchema = {"enum": list(argument.choices)}
        schema = {"type": "array", "items": choices} if "items" in schema else choices
    return schema


def full_metrics(node: Node, known: Catalogue, findings: Findings) -> Node:
    """The list of metrics as records; problems go to `findings`, and their items are left out."""
    if not isinstance(node.value, tuple):
        hint = f"as in `metrics: [answer_relevancy, faithfulness]`; {_HOW}"
        findings.add(node, f"must be a list of metrics; {actual(node)}", hint=hint)
        return node
    if not node.value:
        findings.add(
            node, "is empty: a suite measures something", hint="as in `metrics: [answer_relevancy, faithfulness]`"
        )
    full = (_full_metric(item, known, findings) for item in node.value if not findings.full)
    return node.with_value(tuple(each for each in full if each is not None))


def _full_metric(item: Node, known: Catalogue, findings: Findings) -> Node | None:
    split = _name_and_settings(item, findings)
    if split is None:
        return None
    kind, settings = split
    metric = known.get(kind)
    if metric is None and not re.fullmatch(IMPORT_PATTERN, kind):
        _refuse_unknown(kind, settings, known, findings)
        return None
    given = settings.value if isinstance(settings.value, dict) else {}
    arguments = {key: child for key, child in given.items() if key not in RESERVED}
    if metric is not None:
        _check_arguments(metric, settings, arguments, findings)
        _check_threshold(given.get("threshold"), findings)
        _check_version(given.get("version"), findings)
    judge = given.get("judge")
    reserved = {key: given[key] for key in RESERVED if key in given}
    name = Node(kind, settings.field, item.line, raw=kind)
    return settings.with_value(
        {"name": name, "type": name, "args": settings.with_value(arguments)}
        | reserved
        | ({"judge": full_judge(judge, findings)} if judge is not None and judge.value is not None else {})
    )


def _name_and_settings(item: Node, findings: Findings) -> tuple[str, Node] | None:
    """The metric's name and the node of its mapping, from `name` or `name: {…}`."""
    match item.value:
        case str(name):
            return name, item
        case dict() if len(item.value) == 1:
            [(name, settings)] = item.value.items()
            if settings.value is None or isinstance(settings.value, dict):
                return name, settings
            example = f"`{name}: {{threshold: {settings.raw}}}`" if settings.raw[:1].isdigit() else f"`{name}: {{…}}`"
            findings.add(
                settings, f"must be a mapping of the metric's settings; {actual(settings)}", hint=f"write {example}"
            )
        case dict() if item.value:
            first, *others = item.value
            hint = f"indent {all_of(others)} further, to stand below `{first}`; or begin a new item with `- `"
            findings.add(item, "one item is one metric, and here are several keys side by side", hint=hint)
        case _:
            findings.add(item, f"must be a metric; {actual(item)}", hint=_HOW)
    return None


def _refuse_unknown(kind: str, settings: Node, known: Catalogue, findings: Findings) -> None:
    if ":" in kind:
        findings.add_key(settings, f"{shown(kind)} is no import path", hint="your own metric: package.module:Class")
        return
    names = {metric.name: metric.name for metric in known.metrics} | {m.class_name: m.name for m in known.metrics}
    found = nearest(kind, names)
    hint = (
        f"nearest known metric: {names[found]}" if found else f"known metrics: {all_of(m.name for m in known.metrics)}"
    )
    findings.add_key(settings, f"there is no metric called {shown(kind)}", hint=hint)


def _check_arguments(metric: CatalogueMetric, settings: Node, given: dict[str, Node], findings: Findings) -> None:
    known = {argument.name: argument for argument in metric.arguments if argument.name not in RESERVED}
    for key, node in given.items():
        if key not in known:
            usable = ("name", "threshold", "judge", *known)
            close = nearest(key, usable)
            hint = f"nearest known key: {close}" if close else f"it knows {all_of(usable)}"
            findings.add_key(node, f"`{metric.name}` has no such argument", hint=hint)
        elif not (node.value is None and not known[key].required):
            _check_type(node, known[key], findings)
    for argument in known.values():
        if argument.required and argument.name not in given:
            findings.add_missing(
                _as_mapping(settings, metric.name),
                argument.name,
                f"is missing: `{metric.name}` needs it, {argument_words(argument)}",
            )
    if metric.one_of and not any(key in given for key in metric.one_of):
        findings.add(settings, f"`{metric.name}` needs {one_of(metric.one_of)}")


def _as_mapping(item: Node, name: str) -> Node:
    """The settings, or for a bare metric the place that they would have."""
    return replace(item, field=path_key(item.field, name)) if isinstance(item.value, str) else item


def argument_words(argument: Argument) -> str:
    """What to write for an argument: `a list of texts`, `a text (a regular expression …)`."""
    schema = argument_schema(argument)
    words = phrase(schema) if schema else ""
    note = f"({argument.note})" if words else argument.note
    return " ".join(part for part in (words, note) if part and part != "()") or "a value"


def _check_type(node: Node, argument: Argument, findings: Findings) -> None:
    schema = argument_schema(argument)
    if not fits(node, schema):
        findings.add(node, f"must be {argument_words(argument)}; {actual(node)}")
        return
    choices = schema.get("items", schema).get("enum")
    for each in node.value if isinstance(node.value, tuple) and choices else ():
        if each.value not in choices:
            close = nearest(str(each.value), choices)
            hint = f"nearest: {close}" if close else None
            findings.add(each, f"must be {one_of(choices)}; {actual(each)}", hint=hint)


def fits(node: Node, schema: JsonSchema) -> bool:
    """Whether the value is of the schema's type; of a list's items the choices are left to be checked one by one."""
    value = node.value
    match schema:
        case {"enum": choices}:
            return value in choices
        case {"type": "string"}:
            return isinstance(value, str)
        case {"type": "boolean"}:
            return isinstance(value, bool)
        case {"type": "integer"}:
            return isinstance(value, int) and not isinstance(value, bool)
        case {"type": "number"}:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case {"type": "array", "items": {"type": "string"}}:
            return isinstance(value, tuple) and all(isinstance(each.value, str) for each in value)
        case {"type": "array"}:
            return isinstance(value, tuple)
        case {"type": "object"}:
            return isinstance(value, dict)
        case _:
            return True


def _check_threshold(node: Node | None, findings: Findings) -> None:
    if node is not None and isinstance(node.value, int | float) and not 0 <= node.value <= 1:
        findings.add(node, f"must be a number from 0 to 1, as scores are; {actual(node)}")


def _check_version(node: Node | None, findings: Findings) -> None:
    if node is not None:
        hint = "DeepEval's version is that of its metrics: remove the line"
        findings.add_key(node, "is for metrics of your own", hint=hint)
