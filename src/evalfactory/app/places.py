"""Which store is meant, and how to mean it again."""

from __future__ import annotations

import shlex
from pathlib import Path

from ..errors import EvalFactoryError, InputError
from ..storage.open import open_store
from ..storage.port import Store
from ..suites import LoadedSuite, load_suite

DEFAULT_STORE = ".evalfactory"
SUITE = Path("suite.yaml")


def store_for(loaded: LoadedSuite, url: str | None = None) -> Store:
    """The store for new runs of a suite: at `url` if there is one, else the suite's; made when it is missing."""
    return open_store(loaded.suite.store, folder=loaded.folder) if url is None else open_store(url)


def store_at(url: str | None = None, *, patient: bool = False) -> Store:
    """The store that has runs: at `url` if there is one, else that of `./suite.yaml`, else `.evalfactory` here.

    Whoever is `patient` was given the URL by somebody who has used it.

    Raises:
        UnavailableError: It does not exist.
    """
    if url is not None:
        return open_store(url, create=False, patient=patient)
    if SUITE.is_file():
        try:
            loaded = load_suite(SUITE)
        except InputError:  # what is wrong with the suite is no reason not to look at its runs
            return open_store(DEFAULT_STORE, create=False)
        return open_store(loaded.suite.store, folder=loaded.folder, create=False)
    return open_store(DEFAULT_STORE, create=False)


def store_option(url: str) -> tuple[str, ...]:
    """The option that names a store, where a command would not find it without."""
    try:
        return () if store_at().url == url else ("--store", url)
    except EvalFactoryError:
        return ("--store", url)


def try_command(*words: str) -> str:
    """A command of ours, as a shell takes it."""
    return shlex.join(("evalfactory", *words))


def explain_command(case_id: str, run_id: str, store_url: str) -> str:
    """The command that explains a case, whose id may look like an option."""
    options = ("--run", run_id, *store_option(store_url))
    return try_command("explain", *([*options, "--", case_id] if case_id.startswith("-") else [case_id, *options]))
