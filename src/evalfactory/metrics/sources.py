"""Modules beside the suite: found, imported, and known by the digest of their source."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import EnvironmentProblem
from .foreign import Translated

#: What the code of a metric begins with that is known by its source.
SOURCE = "source:"


def load(path: str, metric: str, folder: Path | None) -> Any:
    """What `module:Name` names, the folder's modules first.

    Raises `EnvironmentProblem` saying which metric wanted which module and why it does not load.
    """
    module_name, _, name = path.partition(":")
    if folder is not None and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    importlib.invalidate_caches()  # the file may be a moment old: in a notebook, say
    where = f"a module beside the suite (in {folder}) or an installed one" if folder else "an installed module"

    def cannot(reason: str) -> EnvironmentProblem:
        return EnvironmentProblem(
            f"the metric {metric!r} cannot import the module {module_name!r}: {reason}", hint=where
        )

    with Translated(cannot):
        module = importlib.import_module(module_name)
    if not hasattr(module, name):
        raise EnvironmentProblem(
            f"the metric {metric!r} wants {name!r} of the module {module_name!r}, which has no such name",
            hint=f"it was loaded from {getattr(module, '__file__', 'nowhere')}",
        )
    return getattr(module, name)


def code_of(kind: str, args: Mapping[str, Any], version: str, *, name: str, folder: Path | None) -> str:
    """What tells one state of a metric's code from another: DeepEval's version, the source of what is not DeepEval's."""
    if ":" in kind:
        return source_digest(kind, name, folder)
    schema = args.get("expected_schema")
    return f"{version}+{source_digest(schema, name, folder)}" if isinstance(schema, str) else version


def source_digest(path: str, metric: str, folder: Path | None) -> str:
    """`source:` and 16 hexadecimal digits of the SHA-256 of the file that defines `module:Name`."""
    load(path, metric, folder)
    file = getattr(sys.modules[path.partition(":")[0]], "__file__", None)
    if file is None:
        raise EnvironmentProblem(
            f"the metric {metric!r} has no source file to know it by", hint="declare a version: for it"
        )
    return f"{SOURCE}{hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]}"
