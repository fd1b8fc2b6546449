"""One polite client: how fast a limited judge is used, and how much of what is asked it must refuse.

A judge takes 15 requests a second, spent evenly with a burst of one second, and answers 429 beyond. 3,000 calls take it
200 seconds. The scenes wait nearly all the time, so they run side by side, each with a judge of its own.

python benchmarks/polite_client.py [SCENE …] [--calls N] [--rate R]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[1])  # and not this folder: `statistics` is also a module of Python

from benchmarks.processes import COMMAND, machine, simulator  # noqa: E402
from benchmarks.suites import case  # noqa: E402

CALLS_A_CASE = 7
STAGGER_S = 8.0  # between the scenes' starts: importing takes processor time
LIMIT_S = 1800.0

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Stage:
    """Where a scene plays."""

    folder: Path
    base_url: str
    calls: int
    rate: float

    @property
    def limits_s(self) -> float:
        """How long the calls take at the limit."""
        return self.calls / self.rate

    def suite(self, name: str, calls: int, *, first: int = 0, more: str = "") -> Path:
        """A suite that takes so many calls, with cases from number `first` on."""
        cases = self.folder / f"{name}.jsonl"
        numbers = range(first, first + -(-calls // CALLS_A_CASE))
        cases.write_text("".join(f"{json.dumps(case(number))}\n" for number in numbers))
        judge = f'{{model: sim, base_url: "{self.base_url}", requests_per_minute: {self.rate * 60:g}{more}}}'
        path = self.folder / f"{name}.yaml"
        path.write_text(
            f"name: {name}\ndataset: {name}.jsonl\njudge: {judge}\nmetrics: [answer_relevancy, faithfulness]\n"
            f"tiers: {{smoke: all}}\nstore: store\n"
        )
        return path

    def start(self, *words: str | Path) -> subprocess.Popen[bytes]:
        """The command in the background."""
        return subprocess.Popen(
            [*COMMAND, *(str(word) for word in words)],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / f"stderr-{time.monotonic_ns()}").open("wb"),
        )

    def run(self, suite: Path, workers: int) -> subprocess.Popen[bytes]:
        return self.start("run", suite, "--workers", str(workers), "--fresh", "--quiet", "--json")

    def counters(self) -> dict[str, Any]:
        with urllib.request.urlopen(self.base_url.removesuffix("/v1") + "/counters", timeout=60) as response:
            found: dict[str, Any] = json.load(response)
            return found

    def when(self, done: float) -> None:
        """Wait until that part of the calls is answered."""
        until_s = time.monotonic() + LIMIT_S
        while self.counters()["answered"] < done * self.calls and time.monotonic() < until_s:
            threading.Event().wait(0.5)


def one_worker(stage: Stage) -> None:
    _ended(stage.run(stage.suite("one", stage.calls), 1))


def four_workers(stage: Stage) -> None:
    _ended(stage.run(stage.suite("four", stage.calls), 4))


def one_dies(stage: Stage) -> None:
    """Of a run's four workers one is killed; the runner starts another."""
    run = stage.run(stage.suite("dies", stage.calls), 4)
    stage.when(0.4)
    _kill(_workers_of(run.pid)[0])
    _ended(run)


def one_dies_unseen(stage: Stage) -> None:
    """Four workers on four shards, with nobody to look after them. One is killed, and a bit later somebody starts it anew."""
    suite = stage.suite("unseen", stage.calls)

    def work(shard: int) -> subprocess.Popen[bytes]:
        return stage.start("work", suite, "--run-id", "r", "--shard-index", str(shard), "--total-shards", "4")

    workers = [work(shard) for shard in range(4)]
    stage.when(0.4)
    workers[3].kill()
    workers[3].wait()
    stage.when(0.5)
    workers[3] = work(3)
    for worker in workers:
        _ended(worker)


def two_runs(stage: Stage) -> None:
    """Two runs of two workers with one key, the second one later."""
    half = stage.calls // 2
    first = stage.run(stage.suite("first", half, more=", limit_group: one-key"), 2)
    stage.when(0.1)
    second = stage.run(stage.suite("second", half, first=half, more=", limit_group: one-key"), 2)
    _ended(first)
    _ended(second)


SCENES: dict[str, tuple[str, Callable[[Stage], None]]] = {
    "one": ("one worker", one_worker),
    "four": ("four workers", four_workers),
    "dies": ("four workers, one killed at 40 %, restarted by its runner", one_dies),
    "unseen": ("four workers by hand, one killed at 40 %, another started at 50 %", one_dies_unseen),
    "two": ("two runs of two workers, one key, the second one from 10 % on", two_runs),
}


def measure(folder: Path, calls: int = 3_000, rate: float = 15.0, scenes: list[str] | None = None) -> Rows:
    """A row for each scene."""
    names = scenes or list(SCENES)

    def play(item: tuple[int, str]) -> dict[str, Any]:
        number, name = item
        threading.Event().wait(number * STAGGER_S)
        with _stage(folder / name, calls, rate) as stage:
            title, scene = SCENES[name]
            scene(stage)
            return {"scene": title, **_row(stage)}

    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(play, enumerate(names)))


def _row(stage: Stage) -> dict[str, Any]:
    seen = stage.counters()
    took_s = seen["last_answer_s"] - seen["first_request_s"]
    limits_s = seen["answered"] / stage.rate
    return {
        "answered": seen["answered"],
        "refused": seen["refused_429"],
        "refused %": round(100 * seen["refused_429"] / seen["requests"], 2),
        "limit's time s": round(limits_s, 1),
        "took s": round(took_s, 1),
        "over %": round(100 * (took_s / limits_s - 1), 1),
        "measured": sum(_counted(stage.folder, "scored")),
        "errored": sum(_counted(stage.folder, "errored")),
    }


def _counted(folder: Path, state: str) -> Iterator[int]:
    """How many slots are in that state, by the runs' commits."""
    for commit in folder.glob("store/*/runs/*/shards/*/commit.json"):
        yield json.loads(commit.read_text())[state]


@contextmanager
def _stage(folder: Path, calls: int, rate: float) -> Iterator[Stage]:
    folder.mkdir(parents=True)
    with simulator("--requests-per-second", f"{rate:g}", "--latency", "lognormal") as base_url:
        yield Stage(folder, base_url, calls, rate)


def _ended(process: subprocess.Popen[bytes]) -> None:
    code = process.wait(LIMIT_S)
    if code not in (0, 10, 11):
        raise RuntimeError(f"{process.args!r} ended with {code}")


def _workers_of(pid: int) -> list[int]:
    """The worker processes of a run: its nursery's children, or its own where workers are started one by one."""
    own = [child for child in _children(pid) if b"evalfactory.worker" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return [worker for child in own for worker in _children(child)] or own


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="*", help=f"of {', '.join(SCENES)}; default: all")
    parser.add_argument("--calls", type=int, default=3_000)
    parser.add_argument("--rate", type=float, default=15.0, help="requests a second")
    arguments = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(prefix="evalfactory-polite-") as folder:
        rows = measure(Path(folder), arguments.calls, arguments.rate, arguments.scenes)
    columns = list(rows[0])
    for line in (columns, ["---"] * len(columns), *([str(row[column]) for column in columns] for row in rows)):
        print(f"| {' | '.join(line)} |")


if __name__ == "__main__":
    main()
