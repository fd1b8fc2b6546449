"""A thousand workers that share one limit, in virtual time: what they use of it, and what they ask of the store.

The workers' agreement is the real one; the store answers in 50 to 200 ms, its listings are up to a second late, and its
clock is wrong by up to a second. Everything follows from the seed.

python benchmarks/crowd.py [--workers N] [--seed S]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "limits")]  # the store and the endpoints are the tests' own

from crowd_sim import Sky, Weather, Worker, now_s, seat  # noqa: E402

from evalfactory.limits.rhythm import Rhythm, units_of  # noqa: E402
from evalfactory.records.suite import Limits  # noqa: E402
from fakes.virtual_time import run_in_virtual_time  # noqa: E402

WEATHER = Weather(latency_s=0.05, late_s=1.0, skew_s=1.0)
RUNS = 3


@dataclass
class Measured:
    """The sky's totals since the last row."""

    sky: Sky
    workers: list[Worker]
    rows: list[dict[str, Any]] = field(default_factory=list)
    _before: tuple[float, float, float, int] = (0.0, 0.0, 0.0, 0)

    def row(self, phase: str) -> None:
        self.sky.change()
        now = (now_s(), self.sky.busy_used_s, self.sky.busy_s, self.sky.requests)
        passed_s, used_s, busy_s, requests = (after - before for after, before in zip(now, self._before, strict=True))
        self._before = now
        alive = [worker for worker in self.workers if worker.alive]
        self.rows.append(
            {
                "phase": phase,
                "seconds": round(passed_s),
                "workers": len(alive),
                "with a share": sum(worker.share > 0 for worker in alive),
                "used %": round(100 * used_s / busy_s, 1),
                "most ever used %": round(100 * self.sky.peak, 4),
                "requests a worker a minute": round(requests / len(alive) / passed_s * 60, 1),
            }
        )


async def play(count: int, limits: Limits, seed: int) -> list[dict[str, Any]]:
    """The rows of one story: they come within a minute, work, idle, die, and are replaced."""
    dice = random.Random(seed)
    sky = Sky(dice, WEATHER)
    workers: list[Worker] = []
    measured = Measured(sky, workers)

    async def come(number: int) -> None:
        await asyncio.sleep(dice.uniform(0.0, 60.0))
        worker = Worker(sky, seat(number, limits, places=count, run=f"run{number % RUNS}"), Rhythm(look_s=2.0))
        await worker.come(1.0)
        workers.append(worker)

    async def watch(phase: str, *parts_s: float) -> None:
        for part_s in parts_s:
            await asyncio.sleep(part_s)
            measured.row(phase)

    await asyncio.gather(*(come(number) for number in range(count)))
    measured.row("they come")
    await watch("all are busy", 60, 240)
    for worker in some(workers, 0.5, dice):
        worker.want(0.0)
    await watch("half of them are idle", 120, 180)
    for worker in some(workers, 0.2, dice):
        worker.die()
    await watch("a fifth have died", 180, 120)
    await asyncio.gather(*(come(count + number) for number in range(count // 5)))
    await watch("as many have come", 60, 120)
    for worker in workers:
        worker.die()
    return measured.rows


def some(workers: list[Worker], share: float, dice: random.Random) -> Iterator[Worker]:
    alive = [worker for worker in workers if worker.alive]
    yield from dice.sample(alive, int(share * len(alive)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    gc.disable()  # millions of small values, none of them in circles
    for units in (2 * arguments.workers, arguments.workers // 5):
        limits = Limits(max_in_flight=units)
        begun_s = time.process_time()
        rows = run_in_virtual_time(play(arguments.workers, limits, arguments.seed))
        print(f"\n{arguments.workers} workers, a limit of {units_of(limits)} units")
        columns = list(rows[0])
        for line in (columns, ["---"] * len(columns), *([str(row[column]) for column in columns] for row in rows)):
            print(f"| {' | '.join(line)} |")
        print(f"\n{time.process_time() - begun_s:.0f} s of processor time")


if __name__ == "__main__":
    main()
