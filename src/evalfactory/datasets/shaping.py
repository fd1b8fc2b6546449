"""Raw values brought into the shape of a case's field: texts into lists, names into tools, cells into objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from ..errors import Problem
from .clean import unclean
from .names import TOOL_NAMES, TURN_EXTRA_NAMES, TURN_NAMES, nearest_tool_field, nearest_turn_field
from .problems import FileProblem, shown
from .strict_json import parse

#: How a text becomes a list: `one` item; in a `column` that the suite maps, JSON or one item; in a `cell`, JSON or the
#: items between `|`; where DeepEval has `saved` it, the same, and brackets that are no JSON are a text's own.
Lists = Literal["one", "column", "cell", "saved"]
#: DeepEval's kinds of tools.
TOOL_KINDS = ("FUNCTION", "MCP")
_ITEMS, _TOOLS = "|", ";"
#: How DeepEval saves a piece of retrieved context that knows its source.
_SOURCED = re.compile(r"deepeval_source=(?P<source>.*?),deepeval_context=(?P<context>.*)", re.DOTALL)


class Shaper:
    """Shapes one case's values; what is wrong gathers in `problems`."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def texts(self, value: Any, field: str, lists: Lists) -> Any:
        """A list of texts, if `value` is one or can stand for one; else `value`, for the record to refuse."""
        if isinstance(value, str):
            value = self._text_as_list(value, field, lists)
        if not isinstance(value, list):
            return value
        return [_plain_context(item) for item in value]

    def _text_as_list(self, text: str, field: str, lists: Lists) -> list[Any]:
        if not text:
            return []
        trimmed = text.strip()
        if lists != "one" and trimmed.startswith("[") and trimmed.endswith("]"):
            parsed = parse(trimmed) if lists == "saved" else self.json(trimmed, field)
            if isinstance(parsed, list) and not any(unclean(parsed)):
                return parsed
        return [text] if lists in {"one", "column"} else text.split(_ITEMS)

    def tools(self, value: Any, field: str) -> Any:
        """A list of tool calls; a bare name is a tool that was called, nothing else known."""
        if isinstance(value, str):
            value = self.json(value, field) if value.strip()[:1] in {"[", "{"} else _names(value)
        if isinstance(value, dict):
            value = [value]
        if not isinstance(value, list):
            return value
        return [self._tool(item, f"{field}[{index}]") for index, item in enumerate(value)]

    def _tool(self, item: Any, field: str) -> Any:
        if isinstance(item, str):
            return {"name": item}
        if not isinstance(item, dict):
            return item
        tool: dict[str, Any] = {}
        for key, value in item.items():
            name = TOOL_NAMES.get(key)
            if name is None:
                self.problems.append(_unknown_tool_key(key, field))
            elif value is not None:
                self._put(tool, name, value, key, field)
        kind = tool.get("type")
        if isinstance(kind, str) and kind.upper() not in TOOL_KINDS:
            wanted = " or ".join(f"`{known}`" for known in TOOL_KINDS)
            self.problems.append(Problem(f"must be {wanted}, not {shown(kind)}", field=f"{field}.type"))
        return tool

    def turns(self, value: Any, field: str) -> Any:
        """A list of turns, each with our names for its fields."""
        if isinstance(value, str):
            value = self.json(value, field)
        if not isinstance(value, list):
            return value
        return [self._turn(item, f"{field}[{index}]") for index, item in enumerate(value)]

    def _turn(self, item: Any, field: str) -> Any:
        if not isinstance(item, dict):
            return item
        turn: dict[str, Any] = {}
        extras: dict[str, Any] = {}
        for key, value in item.items():
            if name := TURN_NAMES.get(key):
                if value is not None:
                    self._put(turn, name, value, key, field)
            elif name := TURN_EXTRA_NAMES.get(key):
                if holds_something(value):
                    self._put(extras, name, value, key, field)
            elif value is not None:
                extras[key] = value
        self._refuse_near_misses(extras, turn, field)
        self._shape_turn(turn, extras, field)
        return turn

    def _shape_turn(self, turn: dict[str, Any], extras: dict[str, Any], field: str) -> None:
        if "retrieval_context" in turn:
            turn["retrieval_context"] = self.texts(turn["retrieval_context"], f"{field}.retrieval_context", "one")
        if "tools_called" in turn:
            turn["tools_called"] = self.tools(turn["tools_called"], f"{field}.tools_called")
        if "metadata" in turn or extras:
            turn["metadata"] = self.metadata(turn.get("metadata"), extras, f"{field}.metadata")

    def _refuse_near_misses(self, extras: Mapping[str, Any], turn: Mapping[str, Any], field: str) -> None:
        for key in extras:
            nearest = None if key in TURN_EXTRA_NAMES else nearest_turn_field(key)
            if nearest and nearest not in turn:
                self.problems.append(near_miss(key, nearest, f"{field}.{shown(key)[1:-1]}"))

    def metadata(self, value: Any, extras: Mapping[str, Any], field: str = "metadata") -> Any:
        """The case's own metadata and the columns that are no field, together; never one over the other."""
        if isinstance(value, str):
            value = self.json(value, field)
        if value is None:
            return dict(extras)
        if not isinstance(value, dict):
            return value
        for key in extras:
            if key in value:
                self.problems.append(
                    Problem(f"{shown(key)} stands both beside `metadata` and inside it", field=field, hint="keep one")
                )
        return {**value, **extras}

    def json(self, text: str, field: str) -> Any:
        """The value of a JSON text inside a field; None, and a problem, when it is none."""
        parsed = parse(text.strip())
        if isinstance(parsed, Problem):
            hint = parsed.hint or 'write lists and objects as JSON: ["one", "two"]'
            self.problems.append(replace(parsed, field=field, hint=hint))
            return None
        inside = list(unclean(parsed, field))
        self.problems.extend(inside)
        return None if inside else parsed

    def _put(self, into: dict[str, Any], name: str, value: Any, key: str, field: str) -> None:
        if name in into:
            self.problems.append(Problem(f"{shown(key)} says `{name}` a second time", field=field, hint="keep one"))
        into[name] = value


def holds_something(value: Any) -> bool:
    """Whether a field that DeepEval always writes was given a value."""
    return value is not None and value is not False and value not in ("", [], {})


def near_miss(key: str, nearest: str, field: str | None = None) -> Problem:
    """What to say, once a file, of a name that is almost a field's."""
    plain = shown(key)[1:-1]
    otherwise = "put it inside `metadata`" if field else f"say `fields: {{metadata.{plain}: {plain}}}` in the suite"
    return FileProblem(
        f"unknown field {shown(key)}", field=field, hint=f"did you mean `{nearest}`? If not, {otherwise}"
    )


def _plain_context(item: Any) -> Any:
    """A piece of context as the text DeepEval shows a judge: `source: context` where the source is known."""
    match item:
        case str() if item.startswith("deepeval_source=") and (found := _SOURCED.fullmatch(item)):
            return f"{found['source']}: {found['context']}"
        case {"context": str(context), "source": str(source)}:
            return f"{source}: {context}"
        case _:
            return item


def _names(text: str) -> list[Any]:
    return [{"name": name.strip()} for name in text.split(_TOOLS) if name.strip()]


def _unknown_tool_key(key: str, field: str) -> Problem:
    nearest = nearest_tool_field(key)
    known = f"did you mean `{nearest}`?" if nearest else "a tool call has name, input_parameters, output, reasoning …"
    return Problem(f"unknown key {shown(key)} of a tool call", field=field, hint=known)
