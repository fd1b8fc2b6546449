"""What the record's check says of a value, in words about what the writer wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pydantic import ValidationError

from ..records.suite import Suite
from .tree import Findings, Node
from .words import JsonSchema, nearest, phrase, shown

_TARGET_RECORDS = {"http": "HttpTarget", "chat": "ChatTarget", "python": "PythonTarget"}
#: Where a secret may stand by mistake: what is there is never repeated to a terminal or a log.
_SECRET_PLACES = ("api_key", "headers", "query")


@cache
def record_schema() -> JsonSchema:
    """The JSON Schema of the resolved suite."""
    return Suite.model_json_schema()


def report(error: ValidationError, root: Node, findings: Findings) -> None:
    """Add the problems that the record's check found."""
    errors = error.errors(include_url=False, include_context=False)
    meant = set()  # keys that a misspelt one stands for: they are not also missing
    for each in sorted(errors, key=lambda one: one["type"] != "extra_forbidden"):
        if findings.full:
            return
        node, schema = _locate(root, each["loc"])
        last = str(each["loc"][-1]) if each["loc"] else ""
        if each["type"] == "extra_forbidden":
            meant.add((node.field, report_unknown(node, last, list(schema["properties"]), findings)))
        elif each["type"] == "missing":
            if (node.field, last) not in meant:
                _report_missing(node, schema, last, findings)
        else:
            other = schema.get("type") == "string" and not isinstance(node.value, str)
            due = "a text" if other else phrase(schema)
            findings.add(node, f"must be {due}; {actual(node)}", hint=_hint(node, schema))


def report_unknown(holder: Node, key: str, known: Sequence[str], findings: Findings) -> str | None:
    """The known key that was probably meant by an unknown `key` of `holder`, which is reported."""
    node = holder.child(key) or holder
    close = nearest(key, known)
    if close:
        hint = f"nearest known key: {close}"
    elif home := _home_of(key):
        hint = f"it belongs under `{home}`"
    else:
        hint = f"known keys: {', '.join(known)}"
    if key == "api_key":
        hint = "a key never stands in a suite: put it in an environment variable, and that one's name in api_key_env"
    findings.add_key(node, "unknown key", hint=hint)
    return close


def actual(node: Node) -> str:
    """What is there instead: `it is the text "ten"`, `it is a list`."""
    if node.value is not None and (any(place in node.field for place in _SECRET_PLACES) or _may_hold_a_key(node)):
        return "what is there is not shown, as it may be secret"
    match node.value:
        case None:
            return "it has no value"
        case bool() if node.raw.lower() not in {"true", "false"}:
            return f"it is `{node.raw}`, which YAML reads as {str(node.value).lower()}"
        case bool():
            return f"it is {str(node.value).lower()}"
        case "":
            return "it is an empty text"
        case str(text):
            return f"it is the text {shown(text)}"
        case int() | float():
            return f"it is the number {node.raw or node.value}"
        case tuple():
            return "it is a list" if node.value else "it is an empty list"
        case dict():
            return "it is a mapping" if node.value else "it is an empty mapping"


def lowered(sentence: str) -> str:
    """The sentence as it stands inside another one; a name or an abbreviation in front keeps its capital."""
    return sentence[:1].lower() + sentence[1:] if re.match(r"[A-Z]([a-z']| )", sentence) else sentence


def _may_hold_a_key(node: Node) -> bool:
    return isinstance(node.value, str) and node.field.endswith("url") and any(mark in node.value for mark in "@?")


def resolved(schema: JsonSchema) -> JsonSchema:
    """The schema with its reference followed and the alternative `null` taken away."""
    if "$ref" in schema:
        target = record_schema()["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
        return resolved({**target, **{key: value for key, value in schema.items() if key != "$ref"}})
    others = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(others) == 1:
        return resolved({**{key: value for key, value in schema.items() if key != "anyOf"}, **others[0]})
    return schema


def _locate(root: Node, loc: Sequence[int | str]) -> tuple[Node, JsonSchema]:
    """The last node on the way to `loc` that is there, and the schema of what should be."""
    node, schema = root, resolved(record_schema())
    for step in loc:
        inner = _step(schema, step)
        child = node if "oneOf" in schema else _child(node, step)
        if inner is None or child is None:
            break
        node, schema = child, inner
    return node, schema


def _child(node: Node, step: int | str) -> Node | None:
    if isinstance(step, int):
        return node.value[step] if isinstance(node.value, tuple) and step < len(node.value) else None
    return node.child(step)


def _step(schema: JsonSchema, step: int | str) -> JsonSchema | None:
    if "oneOf" in schema:
        name = _TARGET_RECORDS.get(str(step))
        return resolved({"$ref": f"#/$defs/{name}"}) if name else None
    if isinstance(step, int):
        inner = schema.get("items")
    else:
        inner = schema.get("properties", {}).get(step) or schema.get("additionalProperties") or None
    return resolved(inner) if isinstance(inner, dict) else None


def _report_missing(holder: Node, schema: JsonSchema, key: str, findings: Findings) -> None:
    examples = {
        "judge": "`judge: offline` needs nothing; a model is {model: …, base_url: …, api_key_env: …}",
        "metrics": "as in `metrics: [answer_relevancy, faithfulness]`",
        "dataset": "as in `dataset: cases.jsonl`",
        "name": "as in `name: support-bot`",
    }
    meaning = resolved(schema["properties"][key]).get("description", "")
    hint = examples.get(key) if not holder.field else lowered(meaning.removesuffix("."))
    findings.add_missing(holder, key, "is missing", hint=hint)


def _hint(node: Node, schema: JsonSchema) -> str | None:
    value = node.value
    kind = schema.get("type")
    if isinstance(value, str):
        return _hint_for_text(value, schema)
    if value is None:
        return "give it a value, or remove the line"
    if kind == "string" and isinstance(value, bool | int | float) and "enum" not in schema:
        secret = "is not shown" in actual(node)
        return "put it in quotes" if secret else f'put it in quotes: "{node.raw}"'
    return None


def _hint_for_text(text: str, schema: JsonSchema) -> str | None:
    kind = schema.get("type")
    if "enum" in schema:
        close = nearest(text, schema["enum"])
        return f"nearest: {close}" if close else None
    if kind in {"number", "integer"} and _is_number(text):
        return "write it without quotes"
    if kind == "boolean" and text.lower() in {"true", "false", "yes", "no", "on", "off"}:
        return "write it without quotes"
    if kind == "array" and schema.get("items", {}).get("type") == "string":
        return f"write it in brackets: [{shown(text)}]"
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@cache
def _homes() -> dict[str, str]:
    """Key -> the section it stands in, for keys that only one section has."""
    places: dict[str, list[str]] = {}
    for section, schema in record_schema()["properties"].items():
        for key in resolved(schema).get("properties", {}):
            places.setdefault(key, []).append(section)
    return {key: sections[0] for key, sections in places.items() if len(sections) == 1}


def _home_of(key: str) -> str | None:
    return _homes().get(key)
