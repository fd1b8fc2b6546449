"""The Python face: what the command line does, as functions. `import evalfactory` loads none of this until it is used.

Where a function takes `store`, it is a folder or URL; without one it is the store of `./suite.yaml`, else `.evalfactory`
here, as for the commands. Every error is an `EvalFactoryError`; its `exit_code` is what the command would exit with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from .app import running
from .app.blessing import bless as _bless
from .app.choosing import Choice
from .app.cleaning import Cleaned
from .app.cleaning import clean as _clean
from .app.collecting import CollectOptions
from .app.comparing import compare_runs
from .app.explaining import Asking, Explained
from .app.explaining import explain as _explain
from .app.forecasting import Forecast, forecast
from .app.listing import ListedRun, listed_runs
from .app.noise import REPEATS, judge_again
from .app.places import store_at
from .app.planning import read_plan
from .app.power import PowerOptions, suite_power
from .app.promoting import Marks, Wanted
from .app.promoting import promote as _promote
from .app.publishing import GitHubOptions, Published, message_of
from .app.publishing import publish_github as _publish_github
from .app.registry import Baseline, check_baseline, find_run
from .app.reports import read_report, reported_measurements
from .app.retention import Wish
from .app.retrying import retry_errored
from .app.running import Observer, RunOptions
from .app.slacking import SlackOptions
from .app.slacking import publish_slack as _publish_slack
from .app.status import RunStatus, run_status
from .app.telling import collect_and_write
from .app.verifying import Verified
from .app.verifying import verify as _verify
from .datasets.appending import Appended
from .errors import UsageError
from .publish.actions import Place
from .publish.slack import SlackPlace
from .records.measurement import Measurement
from .records.plan import Plan
from .records.report import Comparison, Report
from .records.sizing import Noise, Power
from .records.suite import Suite
from .runners.port import Ended
from .runners.progress import Progress
from .storage.layout import RunKeys
from .storage.port import Store
from .suites import load_suite as _load_suite
from .suites.schema import suite_schema
from .suites.starter import write_starter

__all__ = [
    "Appended", "Baseline", "Cleaned", "Comparison", "Explained", "Forecast", "ListedRun", "Measurement", "Noise",
    "Observer", "Power", "Report", "RunStatus", "Suite", "Verified", "bless", "clean", "collect", "compare", "explain",
    "init", "load_suite", "measurements", "noise", "page", "plan", "power", "promote", "publish_github",
    "publish_slack", "report", "resume", "retry", "run", "runs", "schema", "status", "verify",
]  # fmt: skip

Result = TypeVar("Result")


class _Nobody:
    """Watches nothing."""

    def planned(self, plan: Plan) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def measured(self, progress: Progress, ended: Ended) -> None: ...


def init(folder: str | Path = ".", *, force: bool = False) -> list[Path]:
    """The files of a starter suite that runs at once, written into the folder; over older ones only with `force`."""
    return write_starter(Path(folder), force=force)


def schema() -> dict[str, Any]:
    """The JSON Schema of `suite.yaml`."""
    return suite_schema()


def load_suite(path: str | Path) -> Suite:
    """The suite of a file, or of a folder's `suite.yaml`, checked. Raises `InputError` with every problem found."""
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
    """The report of a new run, as `evalfactory run` makes it; its verdict is in `report.verdict.outcome`."""
    options = RunOptions(tier, workers, store, run_id, baseline, fresh, Choice(tuple(cases), tuple(filters), limit))
    return _complete(running.run(Path(suite), options, observer or _Nobody())).report


def plan(  # noqa: PLR0913  one keyword for each option of the command
    suite: str | Path,
    *,
    tier: str | None = None,
    store: str | None = None,
    run_id: str | None = None,
    fresh: bool = False,
    cases: Sequence[str] = (),
    filters: Sequence[str] = (),
    limit: int | None = None,
    write: bool = False,
) -> Forecast:
    """What a run would measure and cost; written into the store only when `write` says so."""
    options = RunOptions(tier, None, store, run_id, None, fresh, Choice(tuple(cases), tuple(filters), limit))
    return _complete(forecast(Path(suite), options, write=write))


def resume(
    run_id: str = "latest",
    *,
    store: str | None = None,
    workers: int | None = None,
    baseline: str | None = None,
    folder: str | Path = ".",
    observer: Observer | None = None,
) -> Report:
    """The report of a run that was stopped, finished now. `folder` is the suite's, for modules and files of your own."""
    opened, keys = _found(store, run_id)
    options = RunOptions(workers=workers, baseline=baseline)
    work = running.resume(opened, keys, read_plan(opened, keys), options, observer or _Nobody(), Path(folder))
    return _complete(work).report


def retry(  # noqa: PLR0913  one keyword for each option of the command
    run_id: str = "latest",
    *,
    store: str | None = None,
    new_run_id: str | None = None,
    workers: int | None = None,
    baseline: str | None = None,
    folder: str | Path = ".",
    observer: Observer | None = None,
) -> Report:
    """The report of a child run that measures the errored slots again, told over all slots of the run."""
    opened, keys = _found(store, run_id)
    options = RunOptions(workers=workers, baseline=baseline, run_id=new_run_id)
    work = retry_errored(opened, read_plan(opened, keys), options, observer or _Nobody(), Path(folder))
    return _complete(work).report


def collect(run_id: str = "latest", *, store: str | None = None, baseline: str | None = None) -> Report:
    """The report merged anew from what the workers committed, and written."""
    place, keys = _found(store, run_id)
    check_baseline(place, baseline, keys.suite)
    return collect_and_write(place, keys, CollectOptions(baseline=baseline)).report


def report(run_id: str = "latest", *, store: str | None = None) -> Report:
    """A run's newest report."""
    return read_report(*_found(store, run_id))


def page(
    run_id: str = "latest", *, out: str | Path | None = None, redact: bool = False, store: str | None = None
) -> str:
    """Where the page about a run is now, for a browser: the file `out`, or without it one beside the newest report.

    With `redact` it has nothing of what the suite leaves out of what is published.
    """
    from .app.showing import show_page  # loads the template engine

    return show_page(*_found(store, run_id), Path(out) if out else None, redact=redact)


def measurements(run_id: str = "latest", *, store: str | None = None) -> Iterator[Measurement]:
    """Every measurement of a run's newest report, in the order of case, metric and repeat; nothing without a report."""
    return reported_measurements(*_found(store, run_id))


def verify(run_id: str = "latest", *, store: str | None = None) -> Verified:
    """A run's report proven again from the store's bytes."""
    return _verify(*_found(store, run_id))


def compare(run_id: str, baseline: str, *, store: str | None = None) -> Comparison:
    """Two runs, slot by slot. `baseline` is a blessed name, `previous`, or a run id."""
    return compare_runs(*_found(store, run_id), baseline)


def noise(  # noqa: PLR0913  one keyword for each option of the command
    suite: str | Path,
    *,
    times: int = REPEATS,
    tier: str | None = None,
    workers: int | None = None,
    store: str | None = None,
    run_id: str | None = None,
    cases: Sequence[str] = (),
    filters: Sequence[str] = (),
    limit: int | None = None,
    observer: Observer | None = None,
) -> Noise:
    """What the judge alone moves: each case is judged so many times anew, in a run of its own."""
    choice = Choice(tuple(cases), tuple(filters), limit)
    options = RunOptions(tier, workers, store, run_id, choice=choice)
    return _complete(judge_again(Path(suite), options, times, observer or _Nobody()))


def power(
    suite: str | Path,
    *,
    drop: float | None = None,
    chance: float = 0.8,
    run_id: str | None = None,
    baseline: str | None = None,
    store: str | None = None,
) -> Power:
    """How many cases, repeats and dollars it takes to see a drop, from what earlier runs have shown."""
    return suite_power(Path(suite), PowerOptions(drop, chance, run_id, baseline, store))


def bless(run_id: str, name: str, *, store: str | None = None) -> Baseline:
    """A name that stands for a complete run from now on."""
    return _bless(*_found(store, run_id), name)


def promote(  # noqa: PLR0913  one keyword for each option of the command
    run_id: str,
    to: str | Path,
    *,
    failed: bool = False,
    flipped: bool = False,
    cases: Sequence[str] = (),
    must_run: bool = False,
    tags: Sequence[str] = (),
    store: str | None = None,
) -> Appended:
    """The run's failed, flipped or named cases, added to a file of JSON Lines with their provenance; twins are refused."""
    wanted, marks = Wanted(failed, flipped, tuple(cases)), Marks(must_run, tuple(tags))
    return _promote(*_found(store, run_id), wanted, Path(to), marks)


def publish_github(
    run_id: str = "latest", *, place: Place, report_url: str | None = None, store: str | None = None
) -> list[Published]:
    """What became of each way to tell the verdict on GitHub; what GitHub refuses is told, and no error."""
    ready = message_of(*_found(store, run_id), report_url=report_url or place.build_url)
    return _complete(_publish_github(ready, place, GitHubOptions()))


def publish_slack(
    run_id: str = "latest",
    *,
    place: SlackPlace,
    report_url: str | None = None,
    always: bool = False,
    store: str | None = None,
) -> Published:
    """What became of the message in Slack; what Slack refuses is told, and no error."""
    opened, keys = _found(store, run_id)
    ready = message_of(opened, keys, report_url=report_url)
    return _complete(_publish_slack(opened, ready, place, SlackOptions(always)))


def runs(*, store: str | None = None) -> list[ListedRun]:
    """Every run of the store, newest first."""
    return listed_runs(store_at(store))


def clean(
    *, keep: int | None = None, older_than: timedelta | None = None, dry_run: bool = False, store: str | None = None
) -> list[Cleaned]:
    """What became of each run of the store, newest first.

    Removed is what is neither among the newest `keep` of its suite and tier, nor younger than `older_than`, nor needed by
    a run that is kept.
    """
    if keep is None and older_than is None:
        raise UsageError("what may go? Say how many runs to keep, how old they may be, or both")
    return _clean(store_at(store), Wish(keep, older_than, datetime.now(UTC)), dry_run=dry_run)


def status(run_id: str = "latest", *, store: str | None = None) -> RunStatus:
    """How far a run is."""
    return run_status(*_found(store, run_id))


def explain(
    case: str,
    *,
    run_id: str = "latest",
    store: str | None = None,
    metric: str | None = None,
    asking: Asking = "where_needed",
    folder: str | Path = ".",
) -> Explained:
    """One case of a run in full, with every prompt and raw answer of then; where none were kept it is measured again.

    `asking` can be `always`, to compare then and now, or `never`.
    """
    opened, keys = _found(store, run_id)
    return _complete(_explain(opened, keys, case, metric=metric, asking=asking, folder=Path(folder)))


def _found(store: str | None, run_id: str) -> tuple[Store, RunKeys]:
    opened = store_at(store)
    return opened, find_run(opened, run_id)


def _complete(work: Coroutine[object, object, Result]) -> Result:
    """What the work returns; from inside a running event loop, such as a notebook's, in a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    begun: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Result]]] = []

    async def stoppable() -> Result:
        task = asyncio.ensure_future(work)
        begun.append((asyncio.get_running_loop(), task))
        return await task

    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(asyncio.run, stoppable())
        try:
            return result.result()
        except KeyboardInterrupt:  # or the cell would go on until the run ends
            for loop, task in begun:
                with suppress(RuntimeError):  # its loop is closed: it was ending anyway
                    loop.call_soon_threadsafe(task.cancel)
            raise
