"""How often the verdict is wrong: `python benchmarks/statistics/run.py --quick`.

`--quick` takes two minutes on two cores, prints its tables, and leaves no file. Without it, what is missing in
`results.json` beside this file is measured (some three hours of CPU; it may be stopped and begun again), and the
tables are written into docs/explanation/statistics.md. A cell whose error rates are not yet bounded gets more trials,
at four later looks.
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

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded: the processes are as many as the cores
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from benchmarks.statistics.tables import Results, bounded, misses, tables, write_page  # noqa: E402
from benchmarks.statistics.trials import MARGIN, Cell, round_of, seed_of  # noqa: E402
from benchmarks.statistics.worlds import NAMES  # noqa: E402

SIZES = (20, 50, 100, 200, 500, 1000, 5000)
ROUND = 50
RESULTS = HERE / "results.json"
KEPT_EVERY_S = 10


#: Trials with the true drop at the margin: at each look more for cells that need them.
LOOKS, QUICK_LOOKS = (400, 1000, 2000, 4000, 8000), (200,)
ELSEWHERE, QUICK_ELSEWHERE = 150, 100
QUICK_SIZES = (50, 500)


def main() -> int:
    """Measure what is missing; 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few trials, no file")
    parser.add_argument("--sizes", type=int, nargs="*", help="cases")
    parser.add_argument("--worlds", nargs="*", default=NAMES)
    parser.add_argument("--most", type=int, default=LOOKS[-1], help="trials at the last look (default %(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--tables", action="store_true", help="only write the tables")
    arguments = parser.parse_args()
    results: Results = {} if arguments.quick or not RESULTS.exists() else json.loads(RESULTS.read_text())
    sizes = sorted(arguments.sizes or (QUICK_SIZES if arguments.quick else SIZES))
    cells = [] if arguments.tables else list(_cells(sizes, arguments.worlds))
    for look in QUICK_LOOKS if arguments.quick else [look for look in LOOKS if look <= arguments.most]:
        elsewhere = QUICK_ELSEWHERE if arguments.quick else ELSEWHERE
        missing = list(_missing(cells, results, look, elsewhere))
        _measure(missing, results, arguments.jobs, keep=not arguments.quick)
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


def _missing(cells: Iterable[Cell], results: Results, look: int, elsewhere: int) -> Iterator[tuple[Cell, int]]:
    for cell in cells:
        counts = results.get(_key(cell), {})
        there = counts.get("trials", 0) // ROUND
        wanted = (look if cell.true_difference == -MARGIN else max(elsewhere, look // 4 if there else 0)) // ROUND
        if there < wanted and not (there and bounded(cell, counts)):
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
