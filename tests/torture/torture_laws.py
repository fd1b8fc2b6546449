"""What must hold when a round is over."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torture_blows import QUIET
from torture_disk import change, settled
from torture_stage import Broken, Stage, Tally, Truth

from line_tools import Ran

MOST_CALLS = 4  # of one slot


def check_bill(place: Stage, truth: Truth, tally: Tally) -> None:
    """No more calls were answered twice than were in flight at a death, or not yet written to an object store."""
    if place.judge is None:
        return
    window = max(4, math.ceil(place.script.judge_limits["max_in_flight"] * 1.5)) + len(place.script.metrics)
    lost = tally.lost_workers * (window if place.bucket is None else truth.slots) + tally.lost_lines
    tally.allowed = lost * MOST_CALLS + tally.extra_runs * truth.answered
    tally.repeated = max(0, place.answered - truth.answered)
    if tally.repeated > tally.allowed:
        raise Broken(f"{tally.repeated} calls were made again, and {tally.allowed} would be excused")


def check_results(place: Stage, truth: Truth, done: Any, dice: random.Random, run: Callable[..., Ran]) -> None:
    """The truth, each slot once, proven; reusable as a whole; no traceback in a log; and no change goes unnoticed."""
    if (done["results_digest"], done["scored"], done["errored"]) != (truth.digest, truth.slots, 0):
        raise Broken(f"the results are not the truth's: {done}")
    run_id, store = done["run_id"], ("--store", place.bench.store_name)
    if (verified := run("verify", run_id, *store)).code:
        raise Broken(f"verify: {verified.out}{verified.err}")
    again = run("run", "suite.yaml", "--run-id", "again", *QUIET).json
    if (again["reused"], again["results_digest"]) != (truth.slots, truth.digest):
        raise Broken(f"a second run does not find every result again: {again}")
    if place.bucket is None:
        _check_slots(place, truth, run_id)
        _check_logs(place)
        wound = change(dice.choice(list(_proven(place, run_id))), dice)
        verified = run("verify", run_id, *store)
        wound.heal()
        if verified.code != 65:
            raise Broken(f"{wound.path} was changed, and verify ends with {verified.code}: {verified.out}")


def _check_slots(place: Stage, truth: Truth, run_id: str) -> None:
    lines = map(json.loads, (_report(place, run_id) / "measurements.jsonl").read_text().splitlines())
    slots = [(line["case_id"], line["metric"], line["repeat"]) for line in lines]
    if not len(slots) == len(set(slots)) == truth.slots:
        raise Broken(f"{len(slots)} lines tell {len(set(slots))} slots of {truth.slots}")


def _check_logs(place: Stage) -> None:
    for log in place.bench.store.rglob("logs/*"):
        if "Traceback" in log.read_text(errors="replace"):
            raise Broken(f"a traceback in {log}")


def _proven(place: Stage, run_id: str) -> Iterator[Path]:
    """Files that the proof of a finished run covers."""
    for path in settled(place.bench.store, place.root):
        if place.root in path.parents and path.parent.name != "parts":
            yield path
    yield from _report(place, run_id).iterdir()


def _report(place: Stage, run_id: str) -> Path:
    """The folder of the newest finished report."""
    return max(place.bench.root(run_id).glob("report/*/report.json")).parent
