from __future__ import annotations

import re

from rich.console import Console

from evalfactory.cli.progress import in_words, picture
from evalfactory.engine.events import Finished, Started, Tick
from evalfactory.records.measurement import Slot
from evalfactory.runners.progress import STOPPING, Progress, WorkerProgress


def progress_of(*, planned: int, scored: int, errored: int = 0, cost_usd: float = 0.0, note: str = "") -> Progress:
    progress = Progress(planned, started_s=100.0, workers=[WorkerProgress("worker 1"), WorkerProgress("worker 2")])
    states = ["scored"] * scored + ["errored"] * errored
    for number, state in enumerate(states):
        slot = Slot(f"case-{number}", "faithfulness")
        worker = progress.workers[number % 2]
        progress.note(worker, Started(slot))
        progress.note(worker, Finished(slot, state, calls=3, cost_usd=cost_usd, reused=False))
    progress.note(progress.workers[0], Tick(note))
    return progress


def test_a_line_tells_done_errored_calls_rate_cost_and_time_left() -> None:
    progress = progress_of(planned=2000, scored=900, errored=100, cost_usd=0.01)
    words = "1,000/2,000 measured · 100 errored · 3,000 judge calls · 50/s · $10.00 · about 60 s left"
    assert in_words(progress, now_s=160.0) == words


def test_before_the_first_measurement_a_line_promises_nothing() -> None:
    assert in_words(progress_of(planned=40, scored=0), now_s=103.0) == "0/40 measured"


def test_a_slow_judges_rate_has_a_decimal() -> None:
    assert "3 judge calls · 0.1/s" in in_words(progress_of(planned=40, scored=1), now_s=130.0)


def test_what_a_worker_waits_for_is_said_once_and_cannot_command_the_terminal() -> None:
    line = in_words(progress_of(planned=9, scored=0, note="nothing answers: \x1b[2Jgone\nfor good"), now_s=101.0)
    assert line == "0/9 measured · nothing answers: \\x1b[2Jgone for good"


def test_the_picture_tells_of_each_worker_what_the_line_tells_of_the_run() -> None:
    console = Console(width=100, record=True, force_terminal=False)
    with console.capture() as captured:
        console.print(picture(progress_of(planned=20, scored=6, errored=1, cost_usd=2.5), now_s=110.0))
    run, _, *workers = captured.get().splitlines()
    assert "7/20 measured · 1 errored · 21 judge calls · 2.1/s · $17.50" in run
    assert re.match(r"worker 1 +measuring +4 done +1 errored +0 in flight +1\.2 calls/s +\$10\.00", workers[0])
    assert re.match(r"worker 2 +measuring +3 done +0 in flight +0\.9 calls/s +\$7\.50", workers[1])


def test_a_run_that_is_asked_to_stop_says_so_until_it_has_stopped() -> None:
    progress = progress_of(planned=40, scored=4)
    progress.workers[0].state = progress.workers[1].state = STOPPING
    progress.note(progress.workers[0], Started(Slot("admitted-before", "faithfulness")))
    line = in_words(progress, now_s=110.0)
    assert line.endswith("stopping when what is in flight is done, or at once if asked again")
    assert "left" not in line
    progress.workers[0].state = progress.workers[1].state = "stopped"
    assert in_words(progress, now_s=110.0, over=True) == "4/40 measured · 12 judge calls · 1.2/s"
