"""Which run a command is about."""

from __future__ import annotations

from pathlib import Path

from ..app.places import store_at
from ..app.registry import find_run
from ..storage.layout import RunKeys
from ..storage.port import Store
from .parser import Arguments


def run_of(arguments: Arguments, *, patient: bool = False) -> tuple[Store, RunKeys]:
    """The store and the run that the command is about; a store that does not answer at first is waited for if `patient`."""
    store = store_at(arguments.store, patient=patient)
    return store, find_run(store, arguments.run)


def suite_path(text: str) -> Path:
    """The suite's file; a folder stands for the `suite.yaml` in it."""
    path = Path(text)
    return path / "suite.yaml" if path.is_dir() else path
