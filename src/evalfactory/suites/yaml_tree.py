"""From YAML nodes to the tree, aliases spelt out within bounds: duplicate keys, tags and numbers that are none are found here."""

from __future__ import annotations

import re

import yaml

from ..errors import InputError
from .tree import Findings, Node, Scalar
from .words import path_key, shown
from .yaml_text import MAX_BYTES, MAX_DEPTH, compose, refused

#: Nodes after every alias is spelt out; what a bomb multiplies.
MAX_NODES = 50_000
_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({"str", "timestamp", "value"})  # a date stays the text it is
_NUMBER_TAGS = frozenset({"int", "float", "str"})
_BOOLEANS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_KEY_KINDS = {"int": "a number", "float": "a number", "bool": "true or false", "null": "nothing"}
_FLOAT = re.compile(r"[-+]?(?:\d*\.\d+|\d+\.\d*|\d+(?=[eE]))(?:[eE][-+]?\d+)?", re.ASCII)
_LARGEST = 2**63 - 1
EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")  # a number to everybody but YAML 1.1


def read_tree(text: str, findings: Findings) -> Node:
    """The suite's tree. Problems of single keys go to `findings`; what cannot be read at all raises `InputError`."""
    try:
        return _Expansion(findings).node(compose(text, file=findings.file), "", None, 0)
    except InputError as error:
        raise InputError(error.message, (*findings.problems, *error.problems)) from None


class _Expansion:
    """One walk over the nodes, which counts what it spells out."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.nodes = 0
        self.characters = 0

    def node(self, source: yaml.Node, at: str, key_line: int | None, depth: int) -> Node:
        line = source.start_mark.line + 1
        self._count(source, line, depth)
        place = Node(None, at, line, key_line, source.value if isinstance(source, yaml.ScalarNode) else "")
        tag = source.tag.removeprefix(_TAG)
        match source:
            case yaml.ScalarNode():
                return place.with_value(self._scalar(place, tag, plain_style=not source.style))
            case yaml.SequenceNode() if tag == "seq":
                items = enumerate(source.value)
                return place.with_value(tuple(self.node(item, f"{at}[{i}]", None, depth + 1) for i, item in items))
            case yaml.MappingNode() if tag == "map":
                return place.with_value(self._mapping(place, source, depth))
            case _:
                self._refuse_tag(place, tag)
                return place

    def _count(self, source: yaml.Node, line: int, depth: int) -> None:
        self.nodes += 1
        self.characters += len(source.value) if isinstance(source, yaml.ScalarNode) else 0
        if depth > MAX_DEPTH:
            raise refused(self.findings.file, "is nested too deeply; does an alias hold itself?", line=line)
        if self.nodes > MAX_NODES or self.characters > 4 * MAX_BYTES:
            raise refused(self.findings.file, "has too many values, or aliases that multiply", line=line)

    def _mapping(self, place: Node, source: yaml.MappingNode, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        merged: list[dict[str, Node]] = []
        for key_node, value_node in source.value:
            key_line = key_node.start_mark.line + 1
            if key_node.tag == f"{_TAG}merge":
                merged += self._merged(self.node(value_node, path_key(place.field, "<<"), key_line, depth + 1))
                continue
            key = self._key(place, key_node)
            if key is None:
                continue
            child = self.node(value_node, path_key(place.field, key), key_line, depth + 1)
            if key in found:
                first = found[key]
                self.findings.add_key(child, f"the key is here twice; the first is on line {first.key_line}")
            else:
                found[key] = child
        for each in merged:
            found = {**each, **found}
        return found

    def _merged(self, node: Node) -> list[dict[str, Node]]:
        """The mappings that `<<` brings in, the one that wins first."""
        sources = node.value if isinstance(node.value, tuple) else (node,)
        mappings = [each.value for each in sources if isinstance(each.value, dict)]
        if len(mappings) != len(sources):
            self.findings.add_key(node, "`<<` takes a mapping, or a list of mappings")
        return mappings

    def _key(self, place: Node, key: yaml.Node) -> str | None:
        line = key.start_mark.line + 1
        where = Node("", place.field, line)
        if not isinstance(key, yaml.ScalarNode):
            hint = "a text with {{…}} or brackets in it needs quotes"
            self.findings.add(where, "a key must be a text, and this is a list or a mapping", hint=hint)
            return None
        if key.tag.removeprefix(_TAG) in _TEXT_TAGS or (key.tag.startswith(_TAG) and ":" in key.value):
            return str(key.value)
        where = Node("", path_key(place.field, key.value), line)
        hint = f"put it in quotes: {shown(key.value)}"
        kind = _KEY_KINDS.get(key.tag.removeprefix(_TAG), "something else")
        self.findings.add(where, f"a key must be a text, and YAML reads this one as {kind}", hint=hint)
        return None

    def _scalar(self, place: Node, tag: str, *, plain_style: bool) -> Scalar:
        raw = place.raw
        if tag in _TEXT_TAGS and not (plain_style and EXPONENT.fullmatch(raw)):
            return self._text(place)
        if ":" in raw and tag in {"int", "float"}:
            return raw  # 12:30 is a text to everybody but YAML 1.1
        if tag in _NUMBER_TAGS:
            return self._number(place)
        if tag == "bool" and raw.lower() in _BOOLEANS:
            return _BOOLEANS[raw.lower()]
        if tag != "null":
            self._refuse_tag(place, tag)
        return None

    def _text(self, place: Node) -> str:
        if any("\ud800" <= c <= "\udfff" for c in place.raw):
            self.findings.add(place, "holds half of a surrogate pair, which is no character")
            return ""
        return place.raw

    def _number(self, place: Node) -> Scalar:
        """The number that `raw` is to every reader of YAML; any other is reported."""
        raw = place.raw.replace("_", "")
        try:
            number = float(raw) if _FLOAT.fullmatch(raw) else int(raw[:40], 0)
        except ValueError:
            known = re.fullmatch(r"[-+]?0\d+", raw)
            hint = f"write {raw.replace('0', '', 1)}, or put it in quotes" if known else "write an ordinary number"
            reason = (
                "a number with a leading zero is read in two ways"
                if known
                else f"{shown(raw)} is no number to count with"
            )
            self.findings.add(place, reason, hint=hint)
            return None
        if not -_LARGEST <= number <= _LARGEST:
            self.findings.add(place, "the number is too large")
            return None
        return number

    def _refuse_tag(self, place: Node, tag: str) -> None:
        name = tag if tag.startswith(("!", "tag:")) else f"!!{tag}"
        self.findings.add(place, f"the tag {shown(name)} has no meaning in a suite", hint="write the plain value")
