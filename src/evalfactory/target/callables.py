"""Finding and loading what a suite names as `module:function`."""

from __future__ import annotations

import ast
import hashlib
import importlib
import sys
from collections.abc import Callable
from difflib import get_close_matches
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from ..errors import EnvironmentProblem
from .caught import Caught


def source_of(reference: str, folder: Path) -> Path | None:
    """The module's file, looked for beside the suite first, without importing anything."""
    module, _, _ = reference.partition(":")
    importlib.invalidate_caches()  # the file may be a moment old: in a notebook, say
    places: list[str] | None = [str(folder), *sys.path]
    name, spec = "", None
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = PathFinder.find_spec(name, places)
        if spec is None:
            return None
        places = list(spec.submodule_search_locations or []) or None
    return Path(spec.origin) if spec is not None and spec.origin else None


def source_digest(path: Path) -> str:
    """SHA-256 (hexadecimal) of the module's file; what it imports is not looked at."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def nearest_names(path: Path, wanted: str) -> tuple[str, ...] | None:
    """Names in the module that are near `wanted`; None when it is there, or when only running the module would tell."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return None  # importing it will say where
    names = _top_level(tree)
    return None if wanted in names or "*" in names else tuple(get_close_matches(wanted, names, n=1))


def load(reference: str, folder: Path) -> Callable[..., Any]:
    """The callable. Raises `EnvironmentProblem` with what its import said."""
    module, _, name = reference.partition(":")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))  # as `python` does for a script in it
    caught = Caught()
    with caught:
        found = getattr(importlib.import_module(module), name)
    if caught.error is not None:
        raise EnvironmentProblem(
            f"the target {reference} cannot be loaded: {caught.in_words()}", hint=f"it is looked for in {folder} first"
        )
    if not callable(found):
        raise EnvironmentProblem(f"the target {reference} cannot be called: its type is {type(found).__name__}")
    return found  # type: ignore[no-any-return]  # called with one dictionary, whatever it is


def _top_level(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.alias(name=name, asname=asname):
                names.add(asname or name.partition(".")[0])
    return names
