"""Arguments as a suite writes them, turned into what DeepEval's constructors want."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .cases import tool_of
from .checks import rubric_row, tool
from .deepeval_api import (
    MultiTurnParams,
    Rubric,
    SingleTurnParams,
    ToolCallParams,
)
from .json_schema import SchemaInYaml

#: From `module:Name` to the thing.
Load = Callable[[str], Any]


def constructor_arguments(type_name: str, args: Mapping[str, Any], load: Load) -> dict[str, Any]:
    """The keyword arguments for the metric's constructor; `load` finds what `module:Name` names."""
    return {name: _converted(type_name, name, value, load) for name, value in args.items()}


def _converted(type_name: str, name: str, value: Any, load: Load) -> Any:
    if name == "expected_schema":
        return SchemaInYaml(dict(value)) if isinstance(value, Mapping) else load(value)
    convert = _CONVERTERS.get((type_name, name)) or _CONVERTERS.get(("*", name))
    if convert is not None and value is not None:
        return convert(value)
    return list(value) if isinstance(value, list) else value


def _params(kind: Any) -> Callable[[list[str]], list[Any]]:
    return lambda names: [kind(name) for name in names]


def _tools(tools: list[Any]) -> list[Any]:
    return [tool_of(tool(written)) for written in tools]


def _rubric(rows: list[Any]) -> list[Any]:
    return [Rubric(**rubric_row(row).model_dump()) for row in rows]


_CONVERTERS: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("geval", "evaluation_params"): _params(SingleTurnParams),
    ("conversational_geval", "evaluation_params"): _params(MultiTurnParams),
    ("tool_correctness", "evaluation_params"): _params(ToolCallParams),
    ("*", "rubric"): _rubric,
    ("*", "available_tools"): _tools,
}
