"""A run on this machine: plan, workers, merge, verdict; and the same from the middle, to resume."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import signal
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from ..engine.orders import Assignment
from ..engine.reusing import is_all_known
from ..errors import (
    EnvironmentProblem,
    Exit,
    InputError,
    Interrupted,
    RefusedError,
    Terminated,
    UnavailableError,
    UsageError,
)
from ..records.plan import Plan
from ..records.report import Report
from ..records.suite import Execution, JudgeSpec
from ..runners.ahead import NurseryProcess
from ..runners.local import LocalRunner
from ..runners.port import Ended, Runner
from ..runners.progress import Progress
from ..storage.layout import RunKeys
from ..storage.port import Store
from ..storage.reuse import compact
from ..suites import LoadedSuite, load_suite
from .choosing import Choice
from .collecting import CollectOptions
from .places import store_for, store_option, try_command
from .planning import PlanOptions, check_whole, make_plan
from .preparing import check_keys, prepare
from .registry import TAKEN_NAMES, check_baseline, entry_of, register
from .telling import Told, collect_and_write

REFRESH_S = 0.25

Planned = TypeVar("Planned")


class Observer(Protocol):
    """Who watches a run."""

    def planned(self, plan: Plan) -> None:
        """The plan stands; workers begin."""
        ...

    def progress(self, progress: Progress) -> None:
        """Called every quarter of a second."""
        ...

    def measured(self, progress: Progress, ended: Ended) -> None:
        """The workers are done."""
        ...


class Site(Protocol):
    """Where workers are, if not on this machine. They have their keys there."""

    def shards(self, execution: Execution) -> int | None:
        """How many shards a plan for it should have; None for the suite's."""
        ...

    def runner(self, store: Store, workers: int | None) -> Runner:
        """A runner of its workers. Raises `UsageError` when they cannot see that store."""
        ...


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line adds to the suite."""

    tier: str | None = None
    workers: int | None = None
    store: str | None = None
    run_id: str | None = None
    baseline: str | None = None
    fresh: bool = False
    choice: Choice = field(default_factory=Choice)
    ahead: NurseryProcess | None = None  # started already, by a caller in a hurry
    site: Site | None = None  # where the workers are, if not on this machine
    overrides: Mapping[str, object] = field(default_factory=dict)  # dotted keys of the suite


class RunResult(NamedTuple):
    """A finished run."""

    report: Report
    told: Told
    problem: str = ""  # why slots are missing, when they are, and what else was noticed


DEFAULT_TIER = "smoke"


def new_run_id(wanted: str | None = None) -> str:
    """The id of a new run: as wanted, else from the time (UTC) and chance, which sorts by age.

    Raises:
        UsageError: A command would take it for another run.
    """
    if wanted in TAKEN_NAMES:
        raise UsageError(
            f"a run cannot be called {wanted!r}: commands take that for another run", hint="--run-id nightly-7"
        )
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}" if wanted is None else wanted


async def run(path: Path, options: RunOptions, observer: Observer) -> RunResult:
    """Measure the suite and give its verdict.

    Raises `InputError`, `UsageError`, `EnvironmentProblem` before anything is measured; `UnavailableError`,
    `RefusedError`, `Interrupted` with everything measured kept, for `resume`.
    """
    begun_s = time.monotonic()
    loaded = load_suite(path, overrides=options.overrides)
    if options.site is None:
        check_keys(loaded.suite)
    store = store_for(loaded, options.store)
    runner = _runner_for(options, loaded.suite.execution, loaded.suite.judge, store)
    async with _started(runner):
        plan = await _unless_stopped(runner, plan_run(loaded, store, options))
        place = Place(store, RunKeys(plan.suite, plan.run_id), loaded.folder)
        return await _work(runner, plan, place, _Wishes(options.baseline, begun_s), observer)


async def resume(
    store: Store, keys: RunKeys, plan: Plan, options: RunOptions, observer: Observer, folder: Path
) -> RunResult:
    """Finish a planned run: only the shards that are not committed, and in them only what nobody has measured."""
    begun_s = time.monotonic()
    await asyncio.to_thread(check_whole, store, keys)
    await asyncio.to_thread(check_baseline, store, options.baseline, plan.suite)
    runner = _runner_for(options, plan.execution, plan.recipes[0].judge, store)
    async with _started(runner):
        return await _work(runner, plan, Place(store, keys, folder), _Wishes(options.baseline, begun_s), observer)


def _runner_for(options: RunOptions, execution: Execution, judge: JudgeSpec, store: Store) -> Runner:
    """The runner, with no more workers here than requests in flight: each of them sends one at least."""
    if options.site is not None:
        return options.site.runner(store, options.workers)
    return LocalRunner(min(options.workers or execution.workers, judge.max_in_flight), options.ahead)


async def plan_run(
    loaded: LoadedSuite,
    store: Store,
    options: RunOptions,
    *,
    shards: int | None = None,
    recipes_from: Store | None = None,
) -> Plan:
    """The plan of a new run, in the store; the one that is there already when it is the same."""
    run_id = new_run_id(options.run_id)
    RunKeys(loaded.suite.name, run_id)
    asked = options.baseline or loaded.suite.gate.baseline
    await asyncio.to_thread(check_baseline, recipes_from or store, asked, loaded.suite.name)
    prepared = await prepare(loaded, recipes_from or store)
    if shards is None and options.site is not None:
        shards = options.site.shards(loaded.suite.execution)
    plan_options = PlanOptions(
        tier=DEFAULT_TIER if options.tier is None else options.tier,
        run_id=run_id,
        workers=options.workers or loaded.suite.execution.workers,
        shards=shards,
        fresh=options.fresh,
        choice=options.choice,
    )
    plan = await asyncio.to_thread(make_plan, loaded, plan_options, prepared, store)
    register(store, entry_of(plan))
    return plan


class Place(NamedTuple):
    """Where a run is, and where its suite is."""

    store: Store
    keys: RunKeys
    folder: Path


class _Wishes(NamedTuple):
    baseline: str | None
    begun_s: float


async def _work(runner: Runner, plan: Plan, place: Place, wishes: _Wishes, observer: Observer) -> RunResult:
    store, keys, folder = place
    observer.planned(plan)
    open_shards = await asyncio.to_thread(uncommitted, store, keys, plan)
    progress = Progress(planned=plan.slots, started_s=asyncio.get_running_loop().time())
    progress.count_committed(plan, open_shards)
    assignment = Assignment(
        store=store.url,
        suite=plan.suite,
        run_id=plan.run_id,
        plan_digest=plan.digest,
        attempt="",
        workers=runner.workers,
        folder=str(folder.resolve()),
        key_worked=len(open_shards) < len(plan.shards),
    )
    ended = Ended(0)
    runner.on_log = partial(_keep_words, place)
    if open_shards:
        async with _shown(progress, observer):
            with _processes_told():
                if isinstance(runner, LocalRunner) and await _is_all_known(place, plan, open_shards):
                    await runner.start_lightly()
                ended = await runner.run(plan, assignment, open_shards, progress)
    observer.measured(progress, ended)
    again = _resuming(place, runner.again)
    _raise(ended, again)
    wall_s = round(time.monotonic() - wishes.begun_s, 3)
    options = CollectOptions(wishes.baseline, wall_s)
    try:
        report, told = await asyncio.to_thread(collect_and_write, store, keys, options)
    except UnavailableError as error:
        _raise(Ended(error.exit_code, error.said, error.hint), again)
        raise
    with contextlib.suppress(UnavailableError):  # the verdict stands; the next run tidies up
        await asyncio.to_thread(compact, store)
    return RunResult(report, told, "\n".join([*progress.problems, *([ended.message] if ended.code else [])]))


async def _is_all_known(place: Place, plan: Plan, shards: list[int]) -> bool:
    return await asyncio.to_thread(is_all_known, place.store, place.keys, plan, shards)


def _keep_words(place: Place, attempt: str, text: str) -> None:
    """Put what a worker process said on standard error beside its own log; words that cannot be kept are no reason to stop."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    row = {"time": now, "level": "warning", "run": place.keys.run_id, "attempt": attempt, "logger": "stderr"}
    with contextlib.suppress(UnavailableError):
        body = json.dumps({**row, "message": text}, ensure_ascii=False)
        place.store.put(place.keys.log(f"{attempt}-stderr"), f"{body}\n".encode())


def uncommitted(store: Store, keys: RunKeys, plan: Plan) -> list[int]:
    """The shards that nobody has committed, heaviest first."""
    there = {entry.key for entry in store.list(keys.shards_folder) if entry.key.endswith("/commit.json")}
    missing = [shard for shard in plan.shards if keys.commit(shard.index) not in there]
    return [shard.index for shard in sorted(missing, key=lambda shard: (-shard.weight, shard.index))]


def _raise(ended: Ended, again: str) -> None:
    message, hint = ended.message, ended.hint
    kept = f"{hint or 'everything measured is kept'}; go on with: {again}" if ended.resumable else hint
    match ended.code:
        case Exit.UNAVAILABLE:
            raise UnavailableError(message, hint=kept)
        case Exit.REFUSED:
            raise RefusedError(message, hint=kept)
        case Exit.ENVIRONMENT:
            raise EnvironmentProblem(message, hint=hint)
        case Exit.DATA:
            raise InputError(message, hint=hint)
        case Exit.USAGE:
            raise UsageError(message, hint=hint)
        case Exit.INTERRUPTED | Exit.TERMINATED as code:
            raise _stopped(code, message or "stopped", kept)
        case _:
            return


def _resuming(place: Place, options: Sequence[str]) -> str:
    """The command that goes on with the run, as a shell takes it from where we are."""
    suite = [] if place.folder.resolve() == Path.cwd() else ["--suite", str(place.folder)]
    return try_command("resume", place.keys.run_id, *store_option(place.store.url), *suite, *options)


def _stopped(code: int, message: str, hint: str | None = None) -> Interrupted:
    return (Terminated if code == Exit.TERMINATED else Interrupted)(message, hint=hint)


async def _unless_stopped(runner: Runner, work: Coroutine[object, object, Planned]) -> Planned:
    """What the work returns. Raises `Interrupted` as soon as the run is to stop: a judge may be slow to answer."""
    task = asyncio.create_task(work)
    runner.on_stop = task.cancel
    try:
        return await task
    except asyncio.CancelledError:
        if runner.stop_code is None:
            raise
        raise _stopped(runner.stop_code, "stopped before anything was measured") from None
    finally:
        runner.on_stop = None


@asynccontextmanager
async def _started(runner: Runner) -> AsyncIterator[None]:
    """Workers that stop cleanly on Ctrl-C and SIGTERM; what is on this machine is gone at the end whatever happens."""
    loop = asyncio.get_running_loop()
    in_main_thread = threading.current_thread() is threading.main_thread()  # the only one that can take signals
    if in_main_thread:
        loop.add_signal_handler(signal.SIGINT, runner.stop, Exit.INTERRUPTED)
        loop.add_signal_handler(signal.SIGTERM, runner.stop, Exit.TERMINATED)
    try:
        with _processes_told():
            await runner.start()
        yield
    finally:
        await runner.close()
        if in_main_thread:
            loop.remove_signal_handler(signal.SIGINT)
            loop.remove_signal_handler(signal.SIGTERM)


@contextlib.contextmanager
def _processes_told() -> Iterator[None]:
    """Within it a process that cannot be started is told in words; stores have translated their own errors."""
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"a worker process cannot be started: {error.strerror or error}",
            hint="raise `ulimit -n` and `ulimit -u`, or free some memory; what is measured is kept, and can be resumed",
        ) from error


@asynccontextmanager
async def _shown(progress: Progress, observer: Observer) -> AsyncIterator[None]:
    async def show() -> None:
        while True:
            observer.progress(progress)
            await asyncio.sleep(REFRESH_S)

    task = asyncio.create_task(show())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
