"""What a target cannot do without, so that a case that lacks it is known before anything is sent; pure but for prompt files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, assert_never

from ..records.case import Case
from ..records.suite import ChatTarget, HttpTarget, PythonTarget, TargetSpec
from .fields import is_due, seen
from .prompts import prompts_of
from .templates import needed_in, placeholders, value_of

#: Who wants a field of an HTTP target's request.
REQUEST = "the target's request"


class Needs(NamedTuple):
    """The fields that a target's texts are filled with, each with the text that wants it."""

    fields: Mapping[str, str]
    always: bool  # it is asked for every case, also for those that have an output

    def lacking(self, case: Case) -> str:
        """Why the target cannot be asked for the case, in words; empty when it can, or need not be."""
        if not self.fields or not is_due(case, always=self.always):
            return ""
        values = seen(case)
        return "; ".join(
            f"the case has no {name}, which {text} wants"
            for name, text in self.fields.items()
            if value_of(name, values) is None
        )


NOTHING = Needs({}, always=False)


def needs_of(spec: TargetSpec, folder: Path) -> Needs:
    """What the target wants of every case. Raises `InputError` for a prompt file that cannot be read."""
    match spec:
        case HttpTarget():
            fields = dict.fromkeys(needed_in(spec.request), REQUEST)
        case ChatTarget():
            fields = {name: prompt.file for prompt in prompts_of(spec, folder) for name in placeholders(prompt.text)}
        case PythonTarget():
            fields = {}
        case _:
            assert_never(spec)
    return Needs(fields, spec.always)
