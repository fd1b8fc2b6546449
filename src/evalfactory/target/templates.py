"""Placeholders `{{field}}` in prompts and requests; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from .fields import SEEN_FIELDS

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}")


class MissingField(LookupError):
    """The case lacks a field that the template puts into a text."""


class Unknown(NamedTuple):
    """A placeholder that stands for nothing."""

    name: str
    line: int  # of the text, from 1
    hint: str


def placeholders(text: str) -> tuple[str, ...]:
    """The fields that a text wants."""
    return tuple(_PLACEHOLDER.findall(text))


def needed_in(template: Any) -> Iterator[str]:
    """The fields that a JSON template cannot do without: those inside a text; alone they become null."""
    for _, text in texts_of(template):
        if not _PLACEHOLDER.fullmatch(text.strip()):
            yield from placeholders(text)


def unknown_in(text: str) -> Iterator[Unknown]:
    """Placeholders that name no field of a case, with the nearest one that does."""
    for found in _PLACEHOLDER.finditer(text):
        name = found[1]
        if not _is_known(name):
            yield Unknown(name, text.count("\n", 0, found.start()) + 1, _hint(name))


def texts_of(template: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a JSON template, with its path (`messages[0].content`)."""
    match template:
        case str():
            yield path, template
        case list():
            for index, item in enumerate(template):
                yield from texts_of(item, f"{path}[{index}]")
        case dict():
            for key, item in template.items():
                yield from texts_of(item, f"{path}.{key}" if path else str(key))


def filled_text(template: str, fields: Mapping[str, Any]) -> str:
    """The text with every placeholder replaced; what a case says is never looked into for further ones.

    Raises `MissingField` when the case lacks one.
    """
    return _PLACEHOLDER.sub(lambda found: _in_words(found[1], value_of(found[1], fields)), template)


def filled(template: Any, fields: Mapping[str, Any]) -> Any:
    """The JSON template for one case.

    A text that is one placeholder becomes the field itself: a list stays a list, and what the case lacks becomes null.
    """
    match template:
        case str():
            whole = _PLACEHOLDER.fullmatch(template.strip())
            return value_of(whole[1], fields) if whole else filled_text(template, fields)
        case list():
            return [filled(item, fields) for item in template]
        case dict():
            return {key: filled(item, fields) for key, item in template.items()}
        case _:
            return template


def value_of(name: str, fields: Mapping[str, Any]) -> Any:
    """What a placeholder stands for, dots reaching into objects; None for what the case lacks."""
    if name in fields:
        return fields[name]
    value: Any = fields
    for step in name.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _is_known(name: str) -> bool:
    return name in SEEN_FIELDS or (name.startswith("metadata.") and len(name) > len("metadata."))


def _hint(name: str) -> str:
    near = get_close_matches(name, SEEN_FIELDS, n=1)
    return f"did you mean {{{{{near[0]}}}}}?" if near else f"the fields are {', '.join(SEEN_FIELDS)}, and metadata.NAME"


def _in_words(name: str, value: Any) -> str:
    """A field inside a text: a list of texts as paragraphs, other structures as JSON."""
    match value:
        case None:
            raise MissingField(name)
        case str():
            return value
        case list() if all(isinstance(item, str) for item in value):
            return "\n\n".join(value)
        case _:
            return json.dumps(value, ensure_ascii=False)
