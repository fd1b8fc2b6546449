"""A value for any JSON schema, with content by a teller. Pure: no clock, no randomness of its own."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .chat import Schema

Json = Any

DEEP = 6  # from here on the simplest branch is taken, so that recursive schemas end
DEEPEST = 40
EXAMPLES = ("yes", "no", "idk", "text", "1", "0.5", "2026-01-31", "a-1", "A1", "user@example.com", "00000000")
FORMATS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "email": "judge@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
}


class Unfillable(Exception):
    """No value fits the schema, or none that this filler can find."""


@dataclass(frozen=True, slots=True)
class Mood:
    """What one part of the answer is about, and whether it is found good."""

    good: bool
    quote: str
    position: int = 0
    whole: bool = False  # about the request as a whole, not one thing in a list


class Teller(Protocol):
    """Content by property name."""

    def start(self) -> Mood: ...

    def choose(self, name: str, mood: Mood, options: Sequence[Json]) -> Json: ...

    def text(self, name: str, mood: Mood) -> str: ...

    def number(self, name: str, mood: Mood, low: float | None, high: float | None) -> float: ...

    def yes(self, name: str, mood: Mood) -> bool: ...

    def wanted(self, name: str, mood: Mood) -> bool:
        """Whether a field that may be null is filled."""
        ...

    def each(self, name: str, mood: Mood, keys: frozenset[str]) -> list[Mood]:
        """One mood per element of a list; `keys` are the properties of its elements."""
        ...


def fill(schema: Schema, teller: Teller) -> Json:
    """A value that fits the schema.

    Raises `Unfillable`.
    """
    return _Filler(schema, teller).value(schema, "", teller.start(), 0)


class _Filler:
    def __init__(self, root: Schema, teller: Teller) -> None:
        self._root = root
        self._teller = teller

    def value(self, schema: Schema | bool, name: str, mood: Mood, depth: int) -> Json:
        schema = self._resolved(schema, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._teller.choose(name, mood, _non_empty(schema["enum"]))
        branches = schema.get("anyOf") or schema.get("oneOf")
        if branches:
            rest = {key: part for key, part in schema.items() if key not in ("anyOf", "oneOf")}
            return self.value(_merged(rest, self._branch(branches, name, mood, depth)), name, mood, depth + 1)
        return self._of_kind(schema, name, mood, depth)

    def _of_kind(self, schema: Schema, name: str, mood: Mood, depth: int) -> Json:
        match _kind(schema):
            case "object":
                return self._object(schema, mood, depth)
            case "array":
                return self._array(schema, name, mood, depth)
            case "integer" | "number":
                return self._number(schema, name, mood)
            case "boolean":
                return self._teller.yes(name, mood)
            case "null":
                return None
            case _:
                return _fitted_text(schema, self._teller.text(name, mood))

    def _resolved(self, schema: Schema | bool, depth: int) -> Schema:
        """The schema without references and `allOf`."""
        if depth > DEEPEST or schema is False:
            raise Unfillable("the schema has no end, or allows nothing")
        if schema is True:
            return {}
        if "$ref" in schema:
            rest = {key: part for key, part in schema.items() if key != "$ref"}
            return self._resolved(_merged(rest, self._looked_up(schema["$ref"])), depth + 1)
        if "allOf" in schema:
            merged: Schema = {key: part for key, part in schema.items() if key != "allOf"}
            for part in schema["allOf"]:
                merged = _merged(merged, self._resolved(part, depth + 1))
            return self._resolved(merged, depth + 1)
        return schema

    def _looked_up(self, reference: str) -> Schema | bool:
        place: Any = self._root
        for step in reference.lstrip("#").strip("/").split("/"):
            key = step.replace("~1", "/").replace("~0", "~")
            if key and not (isinstance(place, Mapping) and key in place):
                raise Unfillable(f"the schema refers to {reference}, which it does not define")
            place = place[key] if key else place
        return place  # type: ignore[no-any-return]  # a schema is JSON

    def _branch(self, branches: Sequence[Schema | bool], name: str, mood: Mood, depth: int) -> Schema | bool:
        """Null where the teller wants nothing, else any other branch; the simplest one when it gets deep."""
        possible = [branch for branch in branches if branch is not False]
        if not possible:
            raise Unfillable("no branch of the schema allows anything")
        nulls = [branch for branch in possible if isinstance(branch, Mapping) and branch.get("type") == "null"]
        if nulls and (depth > DEEP or not self._teller.wanted(name, mood)):
            return nulls[0]
        others = [branch for branch in possible if branch not in nulls]
        if depth > DEEP:
            return min(others or possible, key=_height)
        return self._teller.choose("", mood, others or possible)  # type: ignore[no-any-return]  # one of them

    def _object(self, schema: Schema, mood: Mood, depth: int) -> dict[str, Json]:
        properties: Mapping[str, Schema | bool] = schema.get("properties", {})
        required = schema.get("required", ())
        filled = {
            name: self.value(part, name, mood, depth + 1)
            for name, part in properties.items()
            if name in required or (depth <= DEEP and part is not False)
        }
        more = schema.get("additionalProperties", True)
        for name in required:
            if name not in filled:
                filled[name] = self.value(more, name, mood, depth + 1)
        if isinstance(more, Mapping) and not properties and depth <= DEEP:
            for each in self._teller.each("entries", mood, frozenset()):
                filled[f"Fact {each.position + 1}"] = self.value(more, "fact", each, depth + 1)
        extra = 0
        while len(filled) < schema.get("minProperties", 0):
            extra += 1
            filled.setdefault(f"more {extra}", self.value(more, "fact", mood, depth + 1))
        return filled

    def _array(self, schema: Schema, name: str, mood: Mood, depth: int) -> list[Json]:
        fixed = schema.get("prefixItems", ())
        rest = schema.get("items", True)
        least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
        if rest is False:
            most = min(most, len(fixed))
        elements = [self.value(part, name, mood, depth + 1) for part in fixed[: int(min(most, len(fixed)))]]
        moods = self._teller.each(name, mood, self._keys(rest, depth)) if depth <= DEEP else []
        wanted = min(max(least, len(fixed), len(moods)), most)
        for position in range(len(elements), int(wanted)):
            one = moods[position % len(moods)] if moods else Mood(mood.good, mood.quote, position)
            element = self.value(rest, name, one, depth + 1)
            if schema.get("uniqueItems") and element in elements:
                element = self._another(rest, name, one, elements, depth)
                if element in elements:
                    break
            elements.append(element)
        if len(elements) < least:
            raise Unfillable(f"the list {name!r} must have {least} different elements")
        return elements

    def _another(self, schema: Schema | bool, name: str, mood: Mood, taken: list[Json], depth: int) -> Json:
        """An element that is not taken yet, if twenty tries find one."""
        element: Json = taken[-1]
        free = not {"enum", "const", "pattern", "format"} & set(self._resolved(schema, depth))
        for attempt in range(1, 21):
            element = self.value(schema, name, Mood(mood.good, f"{attempt} {mood.quote}", attempt), depth + 1)
            if free and isinstance(element, str):  # the teller says the same to everything, as with "yes"
                element = _fitted_text(self._resolved(schema, depth), f"{attempt} {element}")
            if element not in taken:
                break
        return element

    def _keys(self, schema: Schema | bool, depth: int) -> frozenset[str]:
        return frozenset(self._resolved(schema, depth).get("properties", ())) if schema is not False else frozenset()

    def _number(self, schema: Schema, name: str, mood: Mood) -> float:
        step = schema.get("multipleOf") or (1 if _kind(schema) == "integer" else None)
        low, high = _bounds(schema, step)
        value = self._teller.number(name, mood, low, high)
        value = min(max(value, low if low is not None else value), high if high is not None else value)
        if step is None:
            return value
        multiple = math.floor(value / step + 1e-9)
        if low is not None and multiple * step < low - 1e-9:
            multiple += 1
        if high is not None and multiple * step > high + 1e-9:
            raise Unfillable(f"no multiple of {step} lies within the bounds of {name!r}")
        exact = multiple * step
        return int(exact) if _kind(schema) == "integer" else exact


def _kind(schema: Schema) -> str:
    """The type to fill; of several the first that is not null."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    if kind is None:
        kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(kind)


def _bounds(schema: Schema, step: float | None) -> tuple[float | None, float | None]:
    """The inclusive bounds; an exclusive one is moved inwards by a step, or by a millionth."""
    low, high = schema.get("minimum"), schema.get("maximum")
    over, under = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    inch = step or 1e-6
    if over is not None and (low is None or low <= over):
        low = over + inch
    if under is not None and (high is None or high >= under):
        high = under - inch
    if low is not None and high is not None and low > high:
        raise Unfillable(f"no number lies between {low} and {high}")
    return low, high


def _fitted_text(schema: Schema, text: str) -> str:
    """The text, or another one that has the format, the pattern and the length."""
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    pattern = schema.get("pattern")
    if pattern is not None:
        return _matching(pattern, text, least, most)
    text = text + " …" * (max(0, least - len(text) + 1) // 2)
    return text if most is None else text[:most]


def _matching(pattern: str, text: str, least: int, most: int | None) -> str:
    """The text if it matches, an alternative that the pattern spells out, or a common example."""
    spelt = re.fullmatch(r"\^?\(?(?:\?:)?([\w |-]+)\)?\$?", pattern)
    candidates: list[str] = [text, *(spelt[1].split("|") if spelt else ()), *EXAMPLES]
    for candidate in candidates:
        if least <= len(candidate) <= (most or len(candidate)) and re.search(pattern, candidate):
            return candidate
    raise Unfillable(f"no example matches the pattern {pattern!r}")


def _height(branch: Schema | bool) -> int:
    """How much a branch may still grow: scalars first, references last."""
    if not isinstance(branch, Mapping) or "$ref" in branch:
        return 3
    return {"object": 2, "array": 1}.get(_kind(branch), 0)


def _merged(one: Schema, other: Schema | bool) -> Schema:
    """Both schemas' demands; of a conflict the second's."""
    if not isinstance(other, Mapping):
        return one
    merged = {**one, **other}
    for key in ("properties", "$defs"):
        if key in one and key in other:
            merged[key] = {**one[key], **other[key]}
    if "required" in one and "required" in other:
        merged["required"] = list(dict.fromkeys((*one["required"], *other["required"])))
    return merged


def _non_empty(options: Sequence[Json]) -> Sequence[Json]:
    if not options:
        raise Unfillable("an enum allows nothing")
    return options
