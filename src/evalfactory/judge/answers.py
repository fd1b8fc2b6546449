"""From a model's words to an answer of the shape that was asked for; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from .words import clipped, storable_json

Shape = TypeVar("Shape", bound=BaseModel)

#: How models mark what they think before they answer.
_THOUGHTS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
)
_FENCE = re.compile(r"```[\w-]*\s*\n(.*?)```", re.DOTALL)
_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+"?)|,(?=\s*[\]}])', re.DOTALL)
_OBJECTS_TRIED = 32  # places where an object may begin; a hostile text has millions
_RISKY_ESCAPE = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)


class Misfit(NamedTuple):
    """Why an answer is not what was asked for, in words that the model can use."""

    problem: str


def without_thoughts(text: str) -> str:
    """The text without thinking blocks; an unclosed one reaches to the end, an unopened one from the beginning."""
    for opening, closing in _THOUGHTS:
        if closing in text or opening in text:
            text = _cut(text, opening, closing)
    return text.strip()


def without_leading_thoughts(text: str) -> str:
    """The text as it is, but for a thinking block that it begins with."""
    start = text.lstrip()
    return without_thoughts(text) if start.startswith(tuple(opening for opening, _ in _THOUGHTS)) else text


def shaped(text: str, schema: type[Shape]) -> Shape | Misfit:
    """The JSON object in the text that fits the schema, or why none does."""
    first: Misfit | None = None
    for value in _objects(text):
        fitted = _fitted(value, schema)
        if not isinstance(fitted, Misfit):
            return fitted
        first = first or fitted
    return first or Misfit("it holds no complete JSON object" if text.strip() else "it is empty")


def _fitted(value: Any, schema: type[Shape]) -> Shape | Misfit:
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        return Misfit(_in_words(error))
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:  # a validator's own mistake
        return Misfit(clipped(f"{type(error).__name__}: {error}"))


def _objects(text: str) -> Iterator[Any]:
    """JSON objects in the text, likeliest first: all of it, without its thoughts, what is fenced, what is in words."""
    risky = _RISKY_ESCAPE.search(text) is not None
    for value in _decoded(text):
        yield storable_json(value) if risky else value


def _decoded(text: str) -> Iterator[Any]:
    text = text.strip()
    yield from _whole(text)  # before looking for thoughts, which an answer may speak of
    text = without_thoughts(text)
    for fenced in reversed(_FENCE.findall(text)):
        yield from _whole(fenced)
    yield from reversed(list(_embedded(text)))  # models end with what they mean
    begin, end = text.find("{"), text.rfind("}")
    if 0 <= begin < end:
        yield from _whole(_TRAILING_COMMA.sub(lambda found: found[1] or "", text[begin : end + 1]))


def _whole(text: str) -> Iterator[Any]:
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return
    if isinstance(value, dict):
        yield value


def _embedded(text: str) -> Iterator[Any]:
    """Objects between words. One that is cut short or malformed ends the search: what is inside it is not the answer."""
    position = -1
    for _ in range(_OBJECTS_TRIED):
        position = text.find("{", position + 1)
        if position < 0:
            return
        try:
            value, end = _DECODER.raw_decode(text, position)
        except json.JSONDecodeError as error:
            if text[position + 1 : error.pos].strip():
                return
        except (ValueError, RecursionError):
            return
        else:
            yield value
            position = end - 1


def _cut(text: str, opening: str, closing: str) -> str:
    """`text` without what stands between the marks; in one pass, however hostile the text is."""
    kept: list[str] = []
    head, mark, rest = text.partition(closing)
    if mark and opening not in head:  # the opening mark was part of the prompt
        text = rest
    while opening in text:
        before, _, after = text.partition(opening)
        kept.append(before)
        _, closed, text = after.partition(closing)
        if not closed:
            return "".join(kept)
    return "".join([*kept, text])


def _in_words(error: ValidationError) -> str:
    """The first problems that the schema has with a value, with the places where they are."""
    problems = [
        f"{'.'.join(str(step) for step in problem['loc']) or 'the object'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False, include_context=False)[:5]
    ]
    return clipped("; ".join(problems))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
