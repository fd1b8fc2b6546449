"""Modules beside the suite: found, imported, and known by the digest of their source."""

from __future__ import annotations

import hashlib
import importlib
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from ..errors import EnvironmentProblem, EvalFactoryError


def load(path: str, metric: str, folder: Path | None) -> Any:
    """What `module:Name` names, the folder's modules first.

    Raises `EnvironmentProblem` saying which metric wanted which module and why it does not load.
    """
    module_name, _, name = path.partition(":")
    if folder is not None and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    with _ImportFailure(f"the metric {metric!r} cannot import the module {module_name!r}", folder):
        module = importlib.import_module(module_name)
    if not hasattr(module, name):
        raise EnvironmentProblem(
            f"the metric {metric!r} wants {name!r} of the module {module_name!r}, which has no such name",
            hint=f"it was loaded from {getattr(module, '__file__', 'nowhere')}",
        )
    return getattr(module, name)


def source_digest(path: str, metric: str, folder: Path | None) -> str:
    """`source:` and 16 hexadecimal digits of the SHA-256 of the file that defines `module:Name`."""
    load(path, metric, folder)
    file = getattr(sys.modules[path.partition(":")[0]], "__file__", None)
    if file is None:
        raise EnvironmentProblem(
            f"the metric {metric!r} has no source file to know it by", hint="declare a version: for it"
        )
    return f"source:{hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]}"


class _ImportFailure:
    """Whatever someone's module raises while it is imported, told as a thing of the environment."""

    def __init__(self, words: str, folder: Path | None) -> None:
        self._words = words
        self._where = (
            f"a module beside the suite (in {folder}) or an installed one" if folder else "an installed module"
        )

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, Exception) and not isinstance(error, EvalFactoryError):
            raise EnvironmentProblem(f"{self._words}: {type(error).__name__}: {error}", hint=self._where) from error
