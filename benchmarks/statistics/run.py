"""How often the verdict is wrong: `python benchmarks/statistics/run.py --quick`.

`--quick` takes a minute or two, prints its tables, and leaves no file. Without it, what is missing in `results.json`
beside this file is measured (about an hour on two cores; it may be stopped and begun again), and the tables are written
into docs/explanation/statistics.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded: the processes are as many as the cores
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from benchmarks.statistics.tables import Results, misses, tables, write_page  # noqa: E402
from benchmarks.statistics.trials import MARGIN, Cell, round_of, seed_of  # noqa: E402
from benchmarks.statistics.worlds import NAMES  # noqa: E402

SIZES = (20, 50, 100, 200, 500, 1000, 5000)
LARGE = 5000
ROUND = 100
RESULTS = HERE / "results.json"
KEPT_EVERY_S = 10


class Wanted(NamedTuple):
    """How many trials a cell gets: with the true drop at the margin, and elsewhere."""

    at_margin: int
    elsewhere: int

    def of(self, cell: Cell) -> int:
        return self.at_margin if cell.true_difference == -MARGIN else self.elsewhere


#: So many that the upper bound of a rate of 2.5 % stays below 3.5 %.
FULL, FULL_LARGE = Wanted(2000, 400), Wanted(1400, 200)
QUICK = Wanted(200, 100)
QUICK_SIZES = (20, 100, 500)


def main() -> int:
    """Measure what is missing; 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few trials, no file")
    parser.add_argument("--sizes", type=int, nargs="*", help="cases")
    parser.add_argument("--worlds", nargs="*", default=NAMES)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--tables", action="store_true", help="only write the tables")
    arguments = parser.parse_args()
    results: Results = {} if arguments.quick or not RESULTS.exists() else json.loads(RESULTS.read_text())
    sizes = sorted(arguments.sizes or (QUICK_SIZES if arguments.quick else SIZES))
    cells = [] if arguments.tables else list(_cells(sizes, arguments.worlds))
    _measure(_missing(cells, results, quick=arguments.quick), results, arguments.jobs, keep=not arguments.quick)
    print("\n\n".join(tables(results)))
    if not arguments.quick:
        write_page(results)
    missed = list(misses(results, quick=arguments.quick))
    print("\n".join(["", *(missed or ["no bound is missed"])]))
    return 1 if missed else 0


def _cells(sizes: Iterable[int], worlds: Iterable[str]) -> Iterator[Cell]:
    for cases in sizes:
        for true_difference in (-MARGIN, 0.0, -2 * MARGIN):
            for name in worlds:
                if name == "one-sided" and true_difference == 0.0:
                    continue  # a world of drops alone has no mean of zero but the one without any
                yield Cell(name, cases, true_difference)
        if cases == 500:
            yield from (Cell(name, cases, -MARGIN, metrics=5) for name in ("levels", "normal"))


def _missing(cells: Iterable[Cell], results: Results, *, quick: bool) -> Iterator[tuple[Cell, int]]:
    for cell in cells:
        trials = QUICK if quick else FULL_LARGE if cell.cases == LARGE else FULL
        there, wanted = results.get(_key(cell), {}).get("trials", 0) // ROUND, trials.of(cell) // ROUND
        if there < wanted:
            print(f"{_key(cell)}: seeds {seed_of(cell, there)} to {seed_of(cell, wanted - 1)}", flush=True)
        yield from ((cell, number) for number in range(there, wanted))


def _measure(rounds: Iterable[tuple[Cell, int]], results: Results, jobs: int, *, keep: bool) -> None:
    """Add what every round counts. Rounds come back in their order, so that none is left out when this is stopped."""
    kept_s = time.monotonic()
    with Pool(jobs) as pool:
        for cell, counts in pool.imap(_round, rounds):
            results[_key(cell)] = dict(sorted((Counter(results.get(_key(cell), {})) + counts).items()))
            if keep and time.monotonic() - kept_s > KEPT_EVERY_S:
                _keep(results)
                kept_s = time.monotonic()
    if keep:
        _keep(results)


def _round(task: tuple[Cell, int]) -> tuple[Cell, Counter[str]]:
    cell, number = task
    return cell, round_of(cell, number, ROUND)


def _key(cell: Cell) -> str:
    return "|".join(map(str, cell))


def _keep(results: Results) -> None:
    fresh = RESULTS.with_suffix(".new")
    fresh.write_text(json.dumps(results, indent=0, sort_keys=True) + "\n")
    fresh.replace(RESULTS)


if __name__ == "__main__":
    sys.exit(main())
