"""How often the verdict is wrong: seeded, resumable, one process. `python benchmarks/statistics/run.py --trials 500`

Adds trials to each cell until it has so many; what was measured before is in `results.json` beside this file. Ends by
writing the tables into docs/explanation/statistics.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from benchmarks.statistics.tables import write_page  # noqa: E402
from benchmarks.statistics.trials import MARGIN, Cell, round_of  # noqa: E402
from benchmarks.statistics.worlds import NAMES  # noqa: E402

SIZES = (20, 50, 100, 200, 500, 1000, 5000)
ROUND = 100
RESULTS = HERE / "results.json"


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=500, help="in each cell, with the true drop at the margin")
    parser.add_argument("--elsewhere", type=int, default=500, help="in each cell, with no drop or twice the margin")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--worlds", nargs="*", default=NAMES)
    parser.add_argument("--tables", action="store_true", help="only write the tables")
    arguments = parser.parse_args()
    results: dict[str, dict[str, int]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for cell in [] if arguments.tables else _cells(arguments.sizes, arguments.worlds):
        wanted = arguments.trials if cell.true_difference == -MARGIN else arguments.elsewhere
        _measure(cell, wanted, results)
    write_page(results)


def _cells(sizes: list[int], worlds: list[str]) -> Iterator[Cell]:
    for cases in sorted(sizes):
        for true_difference in (-MARGIN, 0.0, -2 * MARGIN):
            for name in worlds:
                if name == "one-sided" and true_difference == 0.0:
                    continue  # a world of drops alone has no mean of zero but the one without any
                yield Cell(name, cases, true_difference)
    for name in ("levels", "normal"):
        yield Cell(name, 500, -MARGIN, metrics=5)


def _measure(cell: Cell, wanted: int, results: dict[str, dict[str, int]]) -> None:
    key = "|".join(map(str, cell))
    counts = Counter(results.get(key, {}))
    begun_s = time.monotonic()
    while counts["trials"] < wanted:
        counts += round_of(cell, counts["trials"] // ROUND, ROUND)
        results[key] = dict(sorted(counts.items()))
        _keep(results)
    print(f"{key}: {results[key]} ({time.monotonic() - begun_s:.0f} s)", flush=True)


def _keep(results: dict[str, dict[str, int]]) -> None:
    fresh = RESULTS.with_suffix(".new")
    fresh.write_text(json.dumps(results, indent=0, sort_keys=True) + "\n")
    fresh.replace(RESULTS)


if __name__ == "__main__":
    main()
