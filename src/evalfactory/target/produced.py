"""From what a target says to what a case needs; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from ..judge.words import clipped, storable, storable_json
from ..records.case import ToolCall
from .port import Produced

_FIELDS = Produced._fields
_PARAMETERS = ("input_parameters", "inputParameters", "arguments", "args", "input", "parameters")


class Unfit(Exception):
    """The target said something that cannot be used, in words."""


def produced(output: Any, retrieval_context: Any = None, tools_called: Any = None) -> Produced:
    """The answer with its parts in their types. Raises `Unfit`, also for an empty output: that is no answer."""
    text = output if isinstance(output, str) else _text_of(output)
    if not text.strip():
        raise Unfit("the output is empty")
    return Produced(
        storable(text),
        None if retrieval_context is None else _texts(retrieval_context),
        None if tools_called is None else _tools(tools_called),
    )


def produced_by_function(said: object) -> Produced:
    """What a Python function returned: the output, or a mapping with it. Raises `Unfit`."""
    if isinstance(said, str):
        return produced(said)
    if not isinstance(said, Mapping):
        raise Unfit(f"it returned {_kind(said)}, where a text or a mapping with `actual_output` is due")
    for name in said:
        if name not in _FIELDS:
            near = get_close_matches(str(name), _FIELDS, n=1)
            raise Unfit(
                f"it returned an unknown {name!r}; " + (f"did it mean {near[0]!r}?" if near else f"known are {_FIELDS}")
            )
    if not isinstance(said.get("actual_output"), str):
        raise Unfit(f"its `actual_output` is {_kind(said.get('actual_output'))}, not a text")
    return produced(said["actual_output"], said.get("retrieval_context"), said.get("tools_called"))


def _texts(value: Any) -> tuple[str, ...]:
    """A text becomes a list of one; what is no text is kept as JSON."""
    if isinstance(value, str):
        return (storable(value),)
    if not isinstance(value, list | tuple):
        raise Unfit(f"the retrieval context is {_kind(value)}, not a text or a list")
    return tuple(storable(item if isinstance(item, str) else _text_of(item)) for item in value)


def _tools(value: Any) -> tuple[ToolCall, ...]:
    if not isinstance(value, list | tuple):
        raise Unfit(f"the tools called are {_kind(value)}, not a list")
    return tuple(_tool(item) for item in value)


def _tool(item: Any) -> ToolCall:
    """One tool call in any of the shapes in use: a name, DeepEval's, or OpenAI's."""
    if isinstance(item, ToolCall):
        return item
    if isinstance(item, str):
        return ToolCall(name=storable(item))
    if not isinstance(item, Mapping):
        raise Unfit(f"a tool call is {_kind(item)}, not a name or an object")
    inner = item["function"] if isinstance(item.get("function"), Mapping) else item
    given = {
        name: inner[name] for name in ("name", "description", "reasoning", "output") if inner.get(name) is not None
    }
    parameters = next((inner[name] for name in _PARAMETERS if inner.get(name) is not None), None)
    try:
        return ToolCall.model_validate(storable_json({**given, "input_parameters": _parameters(parameters)}))
    except ValidationError as error:
        raise Unfit(f"a tool call cannot be read: {clipped(error.errors(include_url=False)[0]['msg'])}") from None


def _parameters(value: Any) -> Any:
    """Parameters, which some endpoints send as a text of JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value or "{}")
    except (ValueError, RecursionError):
        return {"text": value}


def _text_of(value: Any) -> str:
    if value is None:
        return ""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        raise Unfit(f"it holds {_kind(value)}, which is no JSON") from None


def _kind(value: object) -> str:
    name = type(value).__name__
    return "nothing" if value is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
