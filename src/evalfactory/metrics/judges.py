"""What of a judge decides its answers."""

from __future__ import annotations

from typing import Any

from ..records.suite import JudgeSpec

#: A judge's fields that decide its answers; the others say how to reach it, how fast, and at what price.
_JUDGE_RECIPE = (
    "kind", "model", "temperature", "seed", "max_tokens", "max_completion_tokens", "extra_body", "response_format",
)  # fmt: skip


def judge_recipe(judge: JudgeSpec) -> dict[str, Any]:
    """What of a judge decides its answers: all but its transport, its limits and its price."""
    if judge.kind == "offline":
        return {"kind": "offline", "model": judge.model}
    return judge.model_dump(mode="json", include=set(_JUDGE_RECIPE))
