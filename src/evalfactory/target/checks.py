"""What can be known to be wrong with a target before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from ..errors import InputError, Problem
from ..records.suite import ChatTarget, HttpTarget, PythonTarget, TargetSpec
from .callables import nearest_names, source_of
from .paths import problem_in
from .prompts import prompts_of
from .templates import placeholders, texts_of, unknown_in


def check_target(spec: TargetSpec, folder: Path) -> list[Problem]:
    """Everything that is wrong with the target, its prompt files and its templates; nothing is imported or sent."""
    match spec:
        case HttpTarget():
            return _check_http(spec)
        case ChatTarget():
            return _check_chat(spec, folder)
        case PythonTarget():
            return _check_python(spec, folder)
        case _:
            assert_never(spec)


def _check_http(spec: HttpTarget) -> list[Problem]:
    problems = [
        _unknown(found.name, found.hint, field=f"target.request{'.' if path and path[0] != '[' else ''}{path}")
        for path, text in texts_of(spec.request)
        for found in unknown_in(text)
    ]
    if not problems and not any(placeholders(text) for _, text in texts_of(spec.request)):
        problems.append(_says_nothing("target.request"))
    if spec.method == "GET" and not isinstance(spec.request, dict):
        problems.append(Problem("must be a mapping, which becomes the query of a GET", field="target.request"))
    for name in ("output", "retrieval_context", "tools_called", "cost"):
        path = getattr(spec, name)
        if path is not None and (wrong := problem_in(path)):
            problems.append(Problem(wrong, field=f"target.{name}", hint="a path is written like `choices.0.text`"))
    return problems


def _check_chat(spec: ChatTarget, folder: Path) -> list[Problem]:
    try:
        prompts = prompts_of(spec, folder)
    except InputError as error:
        return list(error.problems)
    problems = [
        _unknown(found.name, found.hint, file=prompt.file, line=found.line)
        for prompt in prompts
        for found in unknown_in(prompt.text)
    ]
    if not problems and not any(placeholders(prompt.text) for prompt in prompts):
        problems.append(_says_nothing("target.prompt", spec.prompt))
    return problems


def _check_python(spec: PythonTarget, folder: Path) -> list[Problem]:
    module, _, name = spec.python.partition(":")
    path = source_of(spec.python, folder)
    if path is None:
        hint = f"it is looked for in {folder} first, then where Python looks"
        return [Problem(f"there is no module {module}", field="target.python", hint=hint)]
    near = nearest_names(path, name) if path.suffix == ".py" else None
    if near is None:
        return []
    meant = f"did you mean {near[0]}?" if near else None
    return [Problem(f"there is no {name!r}", file=path.name, field="target.python", hint=meant)]


def _unknown(
    name: str, hint: str, *, field: str | None = None, file: str | None = None, line: int | None = None
) -> Problem:
    return Problem(f"unknown placeholder {{{{{name}}}}}", file=file, line=line, field=field, hint=hint)


def _says_nothing(field: str, file: str | None = None) -> Problem:
    return Problem(
        "says nothing of the case", file=file, field=field, hint="put {{input}} where the case's input belongs"
    )
