"""What of a judge decides its answers."""

from __future__ import annotations

from typing import Any

from ..records.suite import JUDGE_FIELDS, JudgeSpec


def judge_recipe(judge: JudgeSpec) -> dict[str, Any]:
    """What of a judge decides its answers: all but its transport, its limits and its price."""
    if judge.kind == "offline":
        return {"kind": "offline", "model": judge.model}
    return judge.model_dump(mode="json", include=set(JUDGE_FIELDS))
