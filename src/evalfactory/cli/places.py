"""Where a command finds its store and run."""

from __future__ import annotations

from pathlib import Path

from ..app.registry import find_run
from ..errors import InputError
from ..storage.layout import RunKeys
from ..storage.open import open_store
from ..storage.port import Store
from .parser import Arguments

DEFAULT_STORE = ".evalfactory"


def store_of(arguments: Arguments) -> Store:
    """The store that `--store` names, else that of `./suite.yaml`, else `.evalfactory` here; it must exist."""
    if arguments.store:
        return open_store(arguments.store, create=False)
    suite = Path("suite.yaml")
    if suite.is_file():
        from ..suites import load_suite

        try:
            loaded = load_suite(suite)
        except InputError:
            return open_store(DEFAULT_STORE, create=False)
        return open_store(loaded.suite.store, folder=loaded.folder, create=False)
    return open_store(DEFAULT_STORE, create=False)


def run_of(arguments: Arguments) -> tuple[Store, RunKeys]:
    """The store and the run that the command is about."""
    store = store_of(arguments)
    return store, find_run(store, arguments.run)


def suite_path(text: str) -> Path:
    """The suite's file; a folder stands for the `suite.yaml` in it."""
    path = Path(text)
    return path / "suite.yaml" if path.is_dir() else path
