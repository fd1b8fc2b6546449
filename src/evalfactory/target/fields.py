"""What a target sees of a case; pure."""

from __future__ import annotations

from typing import Any

from ..records.case import Case
from .port import TargetError

#: Everything but what the target is there to produce, and what only the run is concerned with.
SEEN_FIELDS = tuple(name for name in Case.model_fields if name not in ("actual_output", "tools_called", "must_run"))


def seen(case: Case) -> dict[str, Any]:
    """The case's fields as JSON values; those it lacks are None."""
    return case.model_dump(mode="json", include=set(SEEN_FIELDS))


def is_due(case: Case, *, always: bool) -> bool:
    """Whether the target must produce the case's output; `always` also where the dataset has one."""
    return case.turns is None and (always or case.actual_output is None)


def conversation_refused(case: Case) -> None:
    """Raises `TargetError` for a conversation: a target answers one input, it does not write other people's turns."""
    if case.turns is not None:
        raise TargetError(
            "data", "a conversation's turns are data: a target produces outputs for single-turn cases only"
        )
