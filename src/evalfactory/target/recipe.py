"""What decides a target's outputs, for the fingerprint; and the plan's frozen copy of it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, assert_never

from ..errors import InputError, Problem
from ..records.suite import ChatTarget, HttpTarget, PythonTarget, TargetSpec
from .callables import source_digest, source_of
from .prompts import prompts_of

#: What says how the target is reached and how fast, not what it answers.
_TRANSPORT = {
    "max_in_flight", "requests_per_minute", "tokens_per_minute", "timeout_s", "max_tries", "outage_s", "price", "always",
    "limit_group",
    "api_key_env", "cost", "base_url", "headers", "query",
}  # fmt: skip
_FILES = {"prompt", "prompt_text", "system", "system_text"}


def target_recipe(spec: TargetSpec, folder: Path) -> dict[str, Any]:
    """Everything that decides what the target answers, as canonical JSON content.

    A prompt counts by its text and a function by its declared version or its module's source. Limits, keys and a
    model's address do not count; an HTTP target's address and headers do, because they are what it is.
    """
    match spec:
        case HttpTarget():
            return spec.model_dump(mode="json", exclude=_TRANSPORT - {"headers"})
        case ChatTarget():
            told = spec.model_dump(mode="json", exclude=_TRANSPORT | _FILES)
            texts = {
                prompt.role: hashlib.sha256(prompt.text.encode()).hexdigest() for prompt in prompts_of(spec, folder)
            }
            return {**told, "prompts": texts}
        case PythonTarget():
            return {"kind": spec.kind, "python": spec.python, "version": spec.version or _source_version(spec, folder)}
        case _:
            assert_never(spec)


def frozen_target(spec: TargetSpec, folder: Path) -> TargetSpec:
    """The target as a plan keeps it: with the text of its prompt files, so that workers need no files."""
    if not isinstance(spec, ChatTarget):
        return spec
    texts = {prompt.role: prompt.text for prompt in prompts_of(spec, folder)}
    return spec.model_copy(update={"prompt_text": texts["user"], "system_text": texts.get("system")})


def produced_fields(spec: TargetSpec) -> tuple[str, ...]:
    """The case's fields that the target fills; a function may fill all of them."""
    match spec:
        case HttpTarget():
            optional = [name for name in ("retrieval_context", "tools_called") if getattr(spec, name) is not None]
            return ("actual_output", *optional)
        case ChatTarget():
            return ("actual_output",)
        case PythonTarget():
            return ("actual_output", "retrieval_context", "tools_called")
        case _:
            assert_never(spec)


def _source_version(spec: PythonTarget, folder: Path) -> str:
    path = source_of(spec.python, folder)
    if path is None or not path.is_file():
        problem = Problem("has no source file to tell its version by", field="target.python", hint="declare `version`")
        raise InputError(f"the target {spec.python} cannot be told apart from an earlier one", (problem,))
    return f"sha256:{source_digest(path)}"
