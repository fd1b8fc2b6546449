"""A run while it runs: a live display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..records.plan import Plan
from ..render.safe import one_line
from ..render.words import count, dollars, plural
from ..runners.port import Ended
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
        self._stopping = False

    def planned(self, plan: Plan) -> None:
        """Say what will be measured."""
        print(plan_in_words(plan), file=sys.stderr, flush=True)
        self._next_s = time.monotonic() + LINE_EVERY_S

    def progress(self, progress: Progress) -> None:
        """Say how far it is, now and then."""
        now_s = time.monotonic()
        answers_ctrl_c = progress.is_stopping and not self._stopping
        if (now_s >= self._next_s or answers_ctrl_c) and progress.done < progress.planned:  # the last comes of itself
            self._stopping = progress.is_stopping
            self._next_s = now_s + LINE_EVERY_S
            print(in_words(progress, now_s), file=sys.stderr, flush=True)

    def measured(self, progress: Progress, ended: Ended) -> None:
        """Say how far it got, if it got anywhere."""
        if progress.done or not ended.code:
            print(in_words(progress, time.monotonic(), over=True), file=sys.stderr, flush=True)


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
        self._live.update(picture(progress, time.monotonic()), refresh=True)

    def measured(self, progress: Progress, ended: Ended) -> None:
        """Leave one line behind, if it got anywhere."""
        self.close()
        if progress.done or not ended.code:
            self._console.print(in_words(progress, time.monotonic(), over=True), markup=False)

    def close(self) -> None:
        """Give the terminal its cursor back, however the run ended."""
        self._live.stop()


@contextmanager
def watching(*, quiet: bool) -> Iterator[Quiet | Lines | Display]:
    """The observer that suits the place where the command runs."""
    if quiet:
        yield Quiet()
    elif sys.stderr.isatty() and environment().get("TERM") != "dumb":
        display = Display()
        try:
            yield display
        finally:
            display.close()
    else:
        yield Lines()


def plan_in_words(plan: Plan) -> str:
    """One line about what a run measures."""
    must_run = f" ({count(plan.must_run)} must-run)" if plan.must_run else ""
    what = plan.selection or f"tier {plan.tier}"
    return one_line(
        f"run {plan.run_id} · {plan.suite}, {what} · {plural(plan.cases, 'case')}{must_run},"
        f" {plural(plan.slots, 'measurement')} in {plural(len(plan.shards), 'shard')}"
    )


def in_words(progress: Progress, now_s: float, *, over: bool = False) -> str:
    """One line about how far a run is, or got once it is over."""
    if progress.earlier == progress.planned:
        return f"nothing was measured: all of {plural(progress.planned, 'slot')} had been measured before"
    parts = [f"{count(progress.done)}/{count(progress.planned)} measured"]
    if progress.earlier:
        parts.append(f"{count(progress.earlier)} of them before")
    for state in ("errored", "skipped"):
        if progress.states[state]:
            parts.append(f"{count(progress.states[state])} {state}")
    if progress.reused:
        parts.append(f"{count(progress.reused)} reused")
    if progress.calls:
        parts.append(plural(progress.calls, "judge call"))
        parts.append(_rate(progress.calls / max(now_s - progress.started_s, 1e-9)))
    if progress.cost_usd:
        parts.append(dollars(progress.cost_usd))
    left_s = progress.left_s(now_s)
    if progress.is_stopping:
        parts.append("stopping when what is in flight is done, or at once if asked again")
    elif left_s is not None and progress.done < progress.planned and not over:
        parts.append(f"about {_duration(left_s)} left")
    notes = dict.fromkeys(worker.note for worker in progress.workers if worker.note)
    return one_line(" · ".join([*parts, *notes]))


def picture(progress: Progress, now_s: float) -> Group:
    """The run as a bar, each worker as a line below it."""
    bar = Table.grid()  # a bar alone does not end its line
    bar.add_row(
        ProgressBar(
            total=max(progress.planned, 1),
            completed=progress.done,
            width=40,
            complete_style="green",
            finished_style="green",
        )
    )
    workers = Table.grid(padding=(0, 2))
    elapsed_s = max(now_s - progress.started_s, 1e-9)
    for worker in progress.workers:
        workers.add_row(
            Text(worker.name, style="dim"),
            Text(worker.state),
            Text(f"{count(worker.done)} done", style="green"),
            Text(f"{count(worker.errored)} errored" if worker.errored else "", style="red"),
            Text("" if worker.in_flight is None else f"{worker.in_flight} in flight", style="dim"),
            Text(_rate(worker.calls / elapsed_s, "calls") if worker.calls else "", style="dim"),
            Text(dollars(worker.cost_usd) if worker.cost_usd else "", style="dim"),
        )
    return Group(Text(in_words(progress, now_s)), bar, workers)


def _rate(per_s: float, what: str = "") -> str:
    unit = f" {what}/s" if what else "/s"
    return f"{per_s:.0f}{unit}" if per_s >= 10 else f"{per_s:.1f}{unit}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
