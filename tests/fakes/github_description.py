"""GitHub's published API description, as the generated client on the package index carries it.

githubkit is generated from github.com/github/rest-api-description; its methods name path, query and the models of bodies.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import GenericAlias, NoneType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin
from urllib.parse import parse_qsl, urlsplit

import githubkit_schemas
from githubkit_schemas.v2022_11_28 import models
from pydantic import BaseModel, TypeAdapter

_REST = Path(next(iter(githubkit_schemas.__path__))) / "v2022_11_28" / "rest"
#: Those of its files that have what a notifier may use.
_FILES = ("issues", "checks", "repos", "users")
_DOCUMENTED = re.compile(r'"""([\w/-]+)\n\n +(GET|POST|PATCH|PUT|DELETE) (/\S*)\n')


class Operation(NamedTuple):
    """What the description says of one operation."""

    name: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]
    body: Any  # the type of what is sent; None where nothing is
    answer: Any


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation of the files."""
    found: dict[str, Operation] = {}
    for file in _FILES:
        text = (_REST / f"{file}.py").read_text(encoding="utf-8")
        for documented in _DOCUMENTED.finditer(text):
            name, method, path = documented.groups()
            if name not in found:
                found[name] = _operation(name, method, path, text[documented.end() :])
    return tuple(found.values())


def _operation(name: str, method: str, path: str, source: str) -> Operation:
    source = source[: source.find("    async def ")]
    sent = re.search(r"type_validate_python\(\s*(.*?),\s*json,?\s*\)", source, re.DOTALL)
    query = re.search(r"params = \{(.*?)\}", source, re.DOTALL)
    answer = re.search(r"response_model=(.*?),\n", source)
    pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
    names = frozenset(re.findall(r'"(\w+)":', query[1])) if query else frozenset()
    return Operation(name, method, pattern, names, sent and sent[1], answer and answer[1])


def problems_of(method: str, path: str, headers: dict[str, str], body: Any) -> list[str]:
    """What the request has that the description does not know, and what it lacks."""
    parts = urlsplit(path)
    known = operation_of(method, path)
    if known is None:
        return [f"no operation {method} {parts.path}"]
    lacking = [name for name in ("user-agent", "authorization", "accept") if not headers.get(name)]
    problems = [f"no header {name}" for name in lacking]
    if headers.get("x-github-api-version") != "2022-11-28":
        problems.append("another version of the API")
    problems += [f"no parameter {name}" for name, _ in parse_qsl(parts.query) if name not in known.query]
    if known.body is None:
        return [*problems, *(["it takes no body"] if body is not None else [])]
    understood = TypeAdapter(_type(known.body)).validate_python(body)
    if understood.model_dump(mode="json", by_alias=True, exclude_unset=True) != body:
        problems.append("fields that it does not have")
    return problems


def operation_of(method: str, path: str) -> Operation | None:
    """The operation that the request asks for."""
    place = urlsplit(path).path
    found = (each for each in operations() if each.method == method and each.path.fullmatch(place))
    return next(found, None)


def answer_of(operation: Operation, **given: Any) -> dict[str, Any]:
    """An answer with everything that the description demands; proven by it."""
    kind = _type(operation.answer)
    kind = next(iter(get_args(kind)), kind) if get_origin(kind) is list else kind
    answer: dict[str, Any] = _filled(kind) | given
    TypeAdapter(kind).validate_python(answer)
    return answer


def _type(expression: str) -> Any:
    """The type that `Union[A, B]` or `list[A]` of the description's models stands for."""
    names = re.findall(r"\w+", expression)
    head, *rest = (getattr(models, name, name) for name in names)
    if head == "Union":
        return Union[tuple(rest)]  # noqa: UP007  of types that are known only here
    return GenericAlias(list, (rest[0],)) if head == "list" else head


def _filled(kind: Any) -> Any:
    """The least value of a type."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _filled(inside[0])
    if origin is Literal:
        return inside[0]
    if origin is list:
        return []
    if inside:
        return None if NoneType in inside else _filled(inside[0])
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        kind.model_rebuild()
        fields = kind.model_fields.items()
        return {field.alias or name: _filled(field.annotation) for name, field in fields if field.is_required()}
    return {str: "x", int: 1, float: 1.0, bool: False, datetime: datetime(2026, 1, 1, tzinfo=UTC).isoformat()}[kind]
