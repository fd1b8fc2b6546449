"""The short ways to write a section, spelt out into the record's own shape; each node keeps the place it was written at."""

from __future__ import annotations

from ..records.suite import DEFAULT_TIERS, ChatTarget, Limits, ModelSpec
from .translate import actual, record_schema, report_unknown
from .tree import Findings, Node, planted
from .words import all_of, shown

_OPENAI_URL = str(ModelSpec.model_fields["base_url"].default)
_OFFLINE_KEYS = ("kind", *Limits.model_fields)
_TARGETS = {"url": "http", "model": "chat", "python": "python"}
_TARGET_HINT = "{url: an HTTP endpoint}, {model: a chat with your prompt} or {python: a function}"
_OPTIONAL_SECTIONS = ("target", "tiers", "gate", "execution", "publish")


def without_empty_sections(top: dict[str, Node]) -> dict[str, Node]:
    """The top level without optional sections that have a heading and nothing below it."""
    return {key: node for key, node in top.items() if key not in _OPTIONAL_SECTIONS or node.value is not None}


def full_dataset(node: Node) -> Node:
    """`cases.jsonl` -> `{path: cases.jsonl}`."""
    return _mapping(node, path=node) if isinstance(node.value, str) else node


def full_judge(node: Node, findings: Findings) -> Node:
    """`offline` -> `{kind: offline}`; a model at OpenAI's own address reads OPENAI_API_KEY unless told otherwise."""
    if node.value == "offline":
        return _mapping(node, kind=node, model=node)
    if isinstance(node.value, str):
        hint = "for a model: {model: …, base_url: …, api_key_env: …}"
        findings.add(node, f"must be `offline` or a mapping; it is the text {shown(node.value)}", hint=hint)
        return node
    if not isinstance(node.value, dict):
        return node
    kind, model = node.value.get("kind"), node.value.get("model")
    if kind is not None and kind.value == "offline":
        return _offline(node, findings)
    if kind is None and model is not None and model.value == "offline":
        findings.add(model, "no endpoint serves a model of this name", hint="for the offline judge: `judge: offline`")
    return with_key_of_openai(node)


def with_key_of_openai(node: Node) -> Node:
    """The model spec, with the name of the key's variable filled in for OpenAI's own address."""
    if not isinstance(node.value, dict) or "model" not in node.value or "api_key_env" in node.value:
        return node
    address = node.value.get("base_url")
    if address is not None and address.value != _OPENAI_URL:
        return node
    return node.with_value({**node.value, "api_key_env": planted("OPENAI_API_KEY", f"{node.field}.api_key_env")})


def _offline(node: Node, findings: Findings) -> Node:
    assert isinstance(node.value, dict)
    for key, child in node.value.items():
        if key not in _OFFLINE_KEYS and not (key == "model" and child.value == "offline"):
            hint = f"it takes {all_of(_OFFLINE_KEYS)}"
            findings.add_key(child, "the offline judge is no model and has no such key", hint=hint)
    return node.with_value({**node.value, "model": node.value["kind"]})


def full_target(node: Node, findings: Findings) -> Node:
    """The target with its `kind`, told by the one key that only it has."""
    if not isinstance(node.value, dict):
        findings.add(node, f"must be a mapping; {actual(node)}", hint=_TARGET_HINT)
        return node
    told = [key for key in _TARGETS if key in node.value]
    kind = node.value.get("kind")
    if len(told) != 1:
        found = f"; here are {all_of(told)}" if told else ""
        findings.add(node, f"needs exactly one of `url`, `model` and `python`{found}", hint=_TARGET_HINT)
        return node
    if kind is not None and kind.value != _TARGETS[told[0]]:
        findings.add(kind, f"a target with `{told[0]}` is of the kind `{_TARGETS[told[0]]}`", hint="leave `kind` out")
    made = node.with_value({**node.value, "kind": planted(_TARGETS[told[0]], f"{node.field}.kind")})
    return with_key_of_openai(_without_planned_keys(made, findings)) if told[0] == "model" else made


def _without_planned_keys(node: Node, findings: Findings) -> Node:
    """The chat target as a suite may have it; the record also has keys that only a plan fills in."""
    assert isinstance(node.value, dict)
    known = record_schema()["$defs"][ChatTarget.__name__]["properties"]
    planned = [key for key in node.value if key in ChatTarget.model_fields and key not in known]
    for key in planned:
        report_unknown(node, key, list(known), findings)
    return node.with_value({key: child for key, child in node.value.items() if key not in planned})


def full_tiers(node: Node) -> Node:
    """`{smoke: 10}` -> `{smoke: {count: 10}}`, added to the tiers that every suite has; what is not said stays theirs."""
    if not isinstance(node.value, dict):
        return node
    usual = {name: planted(tier.model_dump(mode="json"), f"tiers.{name}") for name, tier in DEFAULT_TIERS.items()}
    own = {
        name: _over(usual.get(name), tier if isinstance(tier.value, dict) else _mapping(tier, count=tier))
        for name, tier in node.value.items()
    }
    return node.with_value({**usual, **own})


def _over(usual: Node | None, own: Node) -> Node:
    if usual is None or not isinstance(usual.value, dict) or not isinstance(own.value, dict):
        return own
    return own.with_value({**usual.value, **own.value})


def _mapping(at: Node, **children: Node) -> Node:
    return at.with_value(dict(children))
