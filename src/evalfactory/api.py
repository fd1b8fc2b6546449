"""The Python face: what the command line does, as functions. `import evalfactory` loads none of this until it is used."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from .app import running
from .app.blessing import bless as _bless
from .app.choosing import Choice
from .app.collecting import CollectOptions
from .app.comparing import compare_runs
from .app.forecasting import Forecast, forecast
from .app.planning import read_plan
from .app.registry import Baseline, RunEntry, all_runs, find_run
from .app.reports import read_report
from .app.retrying import retry_errored
from .app.running import Observer, RunOptions
from .app.status import RunStatus, run_status
from .app.telling import collect_and_write
from .app.verifying import Verified
from .app.verifying import verify as _verify
from .records.plan import Plan
from .records.report import Comparison, Report
from .records.suite import Suite
from .runners.local import Ended
from .runners.progress import Progress
from .storage.open import open_store
from .suites import load_suite as _load_suite

__all__ = [
    "Baseline", "Comparison", "Forecast", "Observer", "Report", "RunEntry", "RunStatus", "Suite", "Verified", "bless",
    "collect", "compare", "load_suite", "plan", "report", "resume", "retry", "run", "runs", "status", "verify",
]  # fmt: skip

DEFAULT_STORE = ".evalfactory"

Result = TypeVar("Result")


class _Nobody:
    """Watches nothing."""

    def planned(self, plan: Plan) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def measured(self, progress: Progress, ended: Ended) -> None: ...


def load_suite(path: str | Path) -> Suite:
    """The suite of a file, checked. Raises `InputError` with every problem found."""
    return _load_suite(Path(path)).suite


def run(  # noqa: PLR0913  one keyword for each option of the command
    suite: str | Path,
    *,
    tier: str | None = None,
    workers: int | None = None,
    store: str | None = None,
    run_id: str | None = None,
    baseline: str | None = None,
    fresh: bool = False,
    cases: Sequence[str] = (),
    filters: Sequence[str] = (),
    limit: int | None = None,
    observer: Observer | None = None,
) -> Report:
    """The report of a new run, as `evalfactory run` makes it; its verdict is in `report.verdict.outcome`.

    Raises:
        EvalFactoryError: As the command would exit; `error.exit_code` is that exit code.
    """
    options = RunOptions(tier, workers, store, run_id, baseline, fresh, Choice(tuple(cases), tuple(filters), limit))
    return _complete(running.run(Path(suite), options, observer or _Nobody())).report


def plan(
    suite: str | Path,
    *,
    tier: str | None = None,
    store: str | None = None,
    run_id: str | None = None,
    write: bool = False,
) -> Forecast:
    """What a run would measure and cost; written into the store only when `write` says so."""
    return _complete(forecast(Path(suite), RunOptions(tier=tier, store=store, run_id=run_id), write=write))


def resume(
    run_id: str = "latest",
    *,
    store: str = DEFAULT_STORE,
    workers: int | None = None,
    baseline: str | None = None,
    folder: str | Path = ".",
    observer: Observer | None = None,
) -> Report:
    """The report of a run that was stopped, finished now. `folder` is the suite's, for modules and files of your own."""
    opened = open_store(store, create=False)
    keys = find_run(opened, run_id)
    options = RunOptions(workers=workers, baseline=baseline)
    work = running.resume(opened, keys, read_plan(opened, keys), options, observer or _Nobody(), Path(folder))
    return _complete(work).report


def retry(
    run_id: str = "latest", *, store: str = DEFAULT_STORE, workers: int | None = None, folder: str | Path = "."
) -> Report:
    """The report of a child run that measures the errored slots again, told over all slots of the run."""
    opened = open_store(store, create=False)
    parent = read_plan(opened, find_run(opened, run_id))
    return _complete(retry_errored(opened, parent, RunOptions(workers=workers), _Nobody(), Path(folder))).report


def collect(run_id: str = "latest", *, store: str = DEFAULT_STORE, baseline: str | None = None) -> Report:
    """The report merged anew from what the workers committed, and written."""
    opened = open_store(store, create=False)
    keys = find_run(opened, run_id)
    return collect_and_write(opened, keys, CollectOptions(baseline=baseline)).report


def report(run_id: str = "latest", *, store: str = DEFAULT_STORE) -> Report:
    """A run's newest report."""
    opened = open_store(store, create=False)
    return read_report(opened, find_run(opened, run_id))


def verify(run_id: str = "latest", *, store: str = DEFAULT_STORE) -> Verified:
    """A run's report proven again from the store's bytes."""
    opened = open_store(store, create=False)
    return _verify(opened, find_run(opened, run_id))


def compare(run_id: str, baseline: str, *, store: str = DEFAULT_STORE) -> Comparison:
    """Two runs, slot by slot. `baseline` is a blessed name, `previous`, or a run id."""
    opened = open_store(store, create=False)
    return compare_runs(opened, find_run(opened, run_id), baseline)


def bless(run_id: str, name: str, *, store: str = DEFAULT_STORE) -> Baseline:
    """A name that stands for a complete run from now on."""
    opened = open_store(store, create=False)
    return _bless(opened, find_run(opened, run_id), name)


def runs(*, store: str = DEFAULT_STORE) -> list[RunEntry]:
    """Every run of the store, oldest first."""
    return all_runs(open_store(store, create=False))


def status(run_id: str = "latest", *, store: str = DEFAULT_STORE) -> RunStatus:
    """How far a run is."""
    opened = open_store(store, create=False)
    return run_status(opened, find_run(opened, run_id))


def _complete(work: Coroutine[object, object, Result]) -> Result:
    """What the work returns; from inside a running event loop, such as a notebook's, in a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
