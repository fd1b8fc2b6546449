"""A run while it runs: a live display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..records.plan import Plan
from ..runners.local import Ended
from ..runners.progress import Progress
from ..settings import environment

LINE_EVERY_S = 5.0


class Quiet:
    """Shows nothing."""

    def planned(self, plan: Plan) -> None:
        """Nothing."""

    def progress(self, progress: Progress) -> None:
        """Nothing."""

    def measured(self, progress: Progress, ended: Ended) -> None:
        """Nothing."""


class Lines:
    """A line every few seconds, for logs and pipes."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def planned(self, plan: Plan) -> None:
        """Say what will be measured."""
        print(plan_in_words(plan), file=sys.stderr, flush=True)

    def progress(self, progress: Progress) -> None:
        """Say how far it is, now and then."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + LINE_EVERY_S
            print(in_words(progress, now_s), file=sys.stderr, flush=True)

    def measured(self, progress: Progress, ended: Ended) -> None:
        """Say how far it got."""
        print(in_words(progress, time.monotonic()), file=sys.stderr, flush=True)


class Display:
    """A bar for the run and a line for each worker, drawn in place."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def planned(self, plan: Plan) -> None:
        """Say what will be measured, and begin to draw."""
        self._console.print(plan_in_words(plan), markup=False)
        self._live.start()

    def progress(self, progress: Progress) -> None:
        """Draw."""
        self._live.update(_picture(progress, time.monotonic()), refresh=True)

    def measured(self, progress: Progress, ended: Ended) -> None:
        """Leave one line behind."""
        self._live.stop()
        self._console.print(in_words(progress, time.monotonic()), markup=False)


def observer(*, quiet: bool) -> Quiet | Lines | Display:
    """What suits the place where the command runs."""
    if quiet:
        return Quiet()
    if sys.stderr.isatty() and environment().get("TERM") != "dumb":
        return Display()
    return Lines()


def plan_in_words(plan: Plan) -> str:
    """One line about what a run measures."""
    must_run = f" ({plan.must_run} must-run)" if plan.must_run else ""
    return (
        f"{plan.run_id}  {plan.suite}, {plan.selection or f'tier {plan.tier}'}: {plan.cases} cases{must_run},"
        f" {plan.slots} measurements in {len(plan.shards)} shards"
    )


def in_words(progress: Progress, now_s: float) -> str:
    """One line about how far a run is."""
    parts = [f"{progress.done}/{progress.planned} measured"]
    for state in ("errored", "skipped"):
        if progress.states[state]:
            parts.append(f"{progress.states[state]} {state}")
    if progress.reused:
        parts.append(f"{progress.reused} reused")
    parts.append(f"{progress.calls} judge calls")
    elapsed_s = max(now_s - progress.started_s, 1e-9)
    parts.append(f"{progress.calls / elapsed_s:.0f} calls/s")
    if progress.cost_usd:
        parts.append(f"${progress.cost_usd:.2f}")
    left_s = progress.left_s(now_s)
    if left_s is not None and progress.done < progress.planned:
        parts.append(f"about {_duration(left_s)} left")
    notes = dict.fromkeys(worker.note for worker in progress.workers if worker.note)
    return " · ".join([*parts, *notes])


def _picture(progress: Progress, now_s: float) -> Group:
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(total=max(progress.planned, 1), completed=progress.done, width=32),
        Text(in_words(progress, now_s)),
    )
    workers = Table.grid(padding=(0, 2))
    for worker in progress.workers:
        errored = f"{worker.errored} errored" if worker.errored else ""
        workers.add_row(
            Text(worker.name, style="dim"),
            Text(worker.state),
            Text(f"{worker.done} done", style="green"),
            Text(f"{worker.in_flight} in flight", style="dim"),
            Text(errored, style="red"),
        )
    return Group(bar, workers)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
