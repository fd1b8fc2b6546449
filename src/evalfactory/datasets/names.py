"""The names a dataset's fields go by: ours, DeepEval's, camel case, and those that are almost one of them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache

from ..records.case import Case, ToolCall, Turn

#: What DeepEval keeps beside a case and no metric of ours reads: kept under `metadata` when it holds a value.
CASE_EXTRAS = (
    "token_cost", "input_token_count", "output_token_count", "completion_time", "custom_column_key_values",
    "source_file", "multimodal", "voice", "flaky", "persona", "expectations", "expected_labels", "images_mapping",
    "call_recording_path", "mcp_servers", "mcp_tools_called", "mcp_resources_called", "mcp_prompts_called",
)  # fmt: skip
TURN_EXTRAS = (
    "audio", "latency_ms", "interrupted", "provider_transcript",
    "mcp_tools_called", "mcp_resources_called", "mcp_prompts_called",
)  # fmt: skip
_METADATA = {"additional_metadata": "metadata", "additionalMetadata": "metadata"}
#: Half a name, as people write it: too far from the whole one to be found by its letters.
_SHORTENED = {"expected": "expected_output", "actual": "actual_output", "retrieval": "retrieval_context"}
#: Below it, two names are different words; `actual_ouput` has 0.96, `contexts` 0.93, `tag` 0.86.
_LIKENESS = 0.85
_LONG = 100


def camel(name: str) -> str:
    """`name` in camel case."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _spellings(names: Iterable[str]) -> dict[str, str]:
    return {spelling: name for name in names for spelling in (name, camel(name))}


#: Every spelling -> our field.
CASE_NAMES = _spellings(Case.model_fields) | _METADATA
TURN_NAMES = _spellings(Turn.model_fields) | _METADATA
TOOL_NAMES = _spellings(ToolCall.model_fields)
#: Every spelling -> the key it has under `metadata`.
CASE_EXTRA_NAMES = _spellings(CASE_EXTRAS)
TURN_EXTRA_NAMES = _spellings(TURN_EXTRAS)


def nearest_case_field(key: str) -> str | None:
    """The field of a case that `key` is a near miss of, if there is one."""
    return _nearest(key, tuple(Case.model_fields))


def nearest_turn_field(key: str) -> str | None:
    """The field of a turn that `key` is a near miss of, if there is one."""
    return _nearest(key, tuple(Turn.model_fields))


def nearest_tool_field(key: str) -> str | None:
    """The field of a tool call that `key` means or is a near miss of, if there is one."""
    meant = {"arguments": "input_parameters", "args": "input_parameters", "parameters": "input_parameters"}
    return meant.get(key) or _nearest(key, tuple(ToolCall.model_fields))


def _nearest(key: str, fields: tuple[str, ...]) -> str | None:
    return None if len(key) > _LONG else _closest(key, fields)


@lru_cache(maxsize=4096)
def _closest(key: str, fields: tuple[str, ...]) -> str | None:
    plain = re.sub(r"[\s\-_]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key.strip())).lower()
    if plain in _SHORTENED and _SHORTENED[plain] in fields:
        return _SHORTENED[plain]
    return next(iter(difflib.get_close_matches(plain, fields, n=1, cutoff=_LIKENESS)), None)
