"""One case of a run for a person at a terminal: its texts, its scores, what the judge was asked and what it answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..records.case import Case, ToolCall, Turn
from ..records.measurement import Measurement
from . import words
from .safe import one_line
from .screen import INDENT, Screen

#: How a request ended, other than by an answer.
_ENDINGS: Final = {
    "denied": "declined", "fault": "failed", "throttled": "refused for coming too fast", "barred": "refused",
    "cancelled": "given up without an answer",
}  # fmt: skip


def case_texts(screen: Screen, case: Case) -> None:
    """Every field of the case that says something."""
    for name in type(case).model_fields:
        value = getattr(case, name)
        if name != "id" and value not in (None, (), {}, "", False):
            screen.blank()
            screen.block(name, "\n".join(lines_of(value)))


def measurement(screen: Screen, name: str, told: Measurement, *, when: str) -> None:
    """The outcome of a measurement, its reason below it."""
    repeat = f" #{told.repeat + 1}" if told.repeat else ""
    copied = f", a copy from run {one_line(told.reused_from)}" if told.reused_from else ""
    screen.blank()
    screen.line((one_line(name) + repeat, "bold"), (f", {when}{copied}: ", "dim"), *_outcome(told))
    failure = told.failure
    reason = f"{failure.message} (in the {failure.where})" if failure is not None else told.reason
    if reason:
        screen.block("", reason)


def calls(screen: Screen, name: str, told: Sequence[Mapping[str, object]], *, left_out: int = 0) -> None:
    """Each request with its prompt and its raw answer; a prompt that is sent again is not repeated."""
    before: object = None
    for number, call in enumerate(told, start=1):
        screen.blank()
        screen.line((f"── {one_line(name)}, call {number} of {len(told) + left_out}", "bold"), (_call(call), "dim"))
        asked = [call.get("prompt", ""), *_later_messages(call)]
        if asked == before:
            screen.line((f"{INDENT}prompt  the same as before", "dim"))
        else:
            for title, text in zip(_titles(len(asked)), asked, strict=True):
                screen.block(title, str(text))
        before = asked
        answer = call.get("answer")
        if answer is not None:
            screen.block("answer", str(answer), style="cyan")
    if left_out:
        screen.blank()
        screen.line((f"{INDENT}{words.plural(left_out, 'more call')} of then were too long to be kept", "dim"))


def score_in_short(told: Measurement) -> str:
    """The score, or how else it ended."""
    return told.state if told.score is None else words.score(told.score)


def _outcome(told: Measurement) -> Iterator[tuple[str, str]]:
    if told.failure is not None:
        yield f"errored, {told.failure.error_class}", "yellow"
    elif told.state != "scored":
        yield told.state, "cyan"
    else:
        yield words.score(told.score), "red" if told.success is False else "green" if told.success else ""
        if told.threshold is not None:
            yield f", threshold {told.threshold:g}", "dim"


def _call(call: Mapping[str, object]) -> str:
    """What is to say of a request beside its texts."""
    outcome, status, seconds = call.get("outcome"), call.get("status"), call.get("seconds")
    parts = [
        one_line(str(call["schema"])) if call.get("schema") else "",
        _ENDINGS.get(str(outcome), ""),
        f"HTTP {status}" if status not in (None, 200) else "",
        f"{seconds:.1f} s" if isinstance(seconds, int | float) else "",
    ]
    return "".join(f" · {part}" for part in parts if part)


def _later_messages(call: Mapping[str, object]) -> Iterator[str]:
    """What followed the prompt in the same request: an answer that could not be used, and the question for another."""
    messages = call.get("messages")
    for message in messages[1:] if isinstance(messages, list) else ():
        yield str(message.get("content", ""))


def _titles(messages: int) -> list[str]:
    return (
        ["prompt", "answer that could not be used", "asked again"][:messages]
        if messages != 2
        else ["prompt", "asked again"]
    )


def lines_of(value: Any) -> Iterator[str]:
    """A field's value in lines; lists number their items."""
    match value:
        case str():
            yield value
        case tuple() | list() if all(isinstance(item, str) for item in value):
            yield from ([", ".join(value)] if max(map(len, value)) < 30 else _numbered(value))
        case tuple() | list():
            for item in value:
                yield from lines_of(item)
        case Turn():
            yield f"{value.role}: {value.content}"
            for chunk in value.retrieval_context or ():
                yield f"    found: {chunk}"
            for tool in value.tools_called or ():
                yield f"    called: {''.join(lines_of(tool))}"
        case ToolCall():
            inputs = "" if value.input_parameters is None else _json(value.input_parameters)
            yield f"{value.name}({inputs})" + ("" if value.output is None else f" → {_json(value.output)}")
        case _:
            yield _json(value)


def _numbered(items: Sequence[str]) -> list[str]:
    return [f"{number}. {item}" for number, item in enumerate(items, start=1)] if len(items) > 1 else list(items)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
