"""What an error says of a value: what was due, what is there, what was probably meant. Hostile text comes out harmless."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any, TypeAlias

from ..records.placement import MOUNT_PATTERN, OBJECT_NAME_PATTERN
from ..records.suite import IMPORT_PATTERN, LABEL_PATTERN, NAME_PATTERN, URL_PATTERN, VARIABLE_PATTERN

JsonSchema: TypeAlias = dict[str, Any]

_LONGEST_SHOWN = 60

_PATTERN_WORDS = {
    NAME_PATTERN: "a name that a folder can have: no spaces, quotes or any of / \\ : * ? < > |, no dot or hyphen in "
    "front, nothing invisible, at most 100 characters",
    LABEL_PATTERN: "a name of one line, at most 100 characters, without spaces at its ends",
    IMPORT_PATTERN: "an import path such as package.module:name",
    VARIABLE_PATTERN: "the name of an environment variable",
    URL_PATTERN: "an address that begins with http:// or https://, without user, password or spaces in it",
    OBJECT_NAME_PATTERN: "a name as Kubernetes takes it: small letters, digits, `-` and `.`",
    MOUNT_PATTERN: "a folder in the pod that begins with /",
}

#: What people write for it elsewhere.
_OTHER_WORDS = {
    "apikey": "api_key_env", "key": "api_key_env", "endpoint": "base_url", "apibase": "base_url", "url": "base_url",
    "rpm": "requests_per_minute", "tpm": "tokens_per_minute", "concurrency": "max_in_flight",
    "maxconcurrent": "max_in_flight", "retries": "max_tries", "maxretries": "max_tries", "file": "path",
    "cost": "price", "parallelism": "workers", "processes": "workers", "response": "output", "body": "request",
    "minscore": "threshold", "evaluators": "metrics", "cases": "dataset", "data": "dataset",
}  # fmt: skip


def shown(text: str) -> str:
    """`text` in quotes, short, on one line, with nothing in it that a terminal would obey."""
    cut = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
    return f'"{visible(cut)}"'


def visible(text: str) -> str:
    """`text` with controls, invisible and direction-changing characters spelt out."""
    return "".join(f"\\u{ord(c):04x}" if not c.isprintable() else c for c in text)


def path_key(path: str, key: str) -> str:
    """`path.key`, or `path["key"]` when the key is no plain word."""
    if not re.fullmatch(rf"[\w-]{{1,{_LONGEST_SHOWN}}}", key):
        return f"{path}[{shown(key)}]"
    return f"{path}.{key}" if path else key


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant: the same but for case and separators, else the most alike."""
    by_squashed = {_squashed(each): each for each in known}
    squashed = _squashed(word)
    if squashed in by_squashed:
        return by_squashed[squashed]
    if _OTHER_WORDS.get(squashed) in by_squashed.values():
        return _OTHER_WORDS[squashed]
    close = difflib.get_close_matches(squashed[:100], by_squashed, n=1, cutoff=0.6)
    return by_squashed[close[0]] if close else None


def _squashed(word: str) -> str:
    return re.sub(r"[\s_-]+", "", word).lower().removesuffix("metric")


def one_of(words: Iterable[str]) -> str:
    """`a`, `b` or `c`."""
    return _listed(words, "or")


def all_of(words: Iterable[str]) -> str:
    """`a`, `b` and `c`."""
    return _listed(words, "and")


def _listed(words: Iterable[str], last: str) -> str:
    *most, end = (f"`{word}`" for word in words)
    return f"{', '.join(most)} {last} {end}" if most else end


def phrase(schema: JsonSchema) -> str:
    """What a piece of JSON Schema asks for: `a whole number above 0`, `a list of texts`."""
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return one_of(str(each) for each in schema["enum"])
    if "anyOf" in schema:
        kinds = [phrase(each) for each in schema["anyOf"] if each != {"type": "null"}]
        return ", ".join(kinds[:-1]) + (", or " if len(kinds) > 1 else "") + kinds[-1]
    match schema.get("type"):
        case "string":
            return _text_phrase(schema)
        case "integer":
            return "a whole number" + _bounds(schema)
        case "number":
            return "a number" + _bounds(schema)
        case "boolean":
            return "true or false"
        case "array":
            return "a list" + (_items(schema["items"]) if schema.get("items") else "")
        case _:
            return "a mapping"


def _text_phrase(schema: JsonSchema) -> str:
    if "pattern" in schema:
        return _PATTERN_WORDS[schema["pattern"]]
    return "a text" if not schema.get("minLength") else "a text that is not empty"


def _items(schema: JsonSchema) -> str:
    if "enum" in schema:
        return f", each item {one_of(schema['enum'])}"
    return {"string": " of texts", "object": " of mappings"}.get(schema.get("type", ""), "")


def _bounds(schema: JsonSchema) -> str:
    match schema:
        case {"minimum": low, "maximum": high}:
            return f" from {low:g} to {high:g}"
        case {"minimum": low}:
            return f" of at least {low:g}"
        case {"exclusiveMinimum": low}:
            return f" above {low:g}"
        case _:
            return ""
