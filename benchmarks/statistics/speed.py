"""How long a comparison of 5,000 cases by 5 metrics takes, imports aside: `python benchmarks/statistics/speed.py`.

Both runs are in memory, as measurements in slot order. Each tag is a slice of the cases, so that slices are paid for too.
"""

from __future__ import annotations

import random
import statistics
import time

import evalfactory.analysis.evidence  # noqa: F401  the import is not what is timed
from evalfactory.analysis.comparison import Sides, compare
from evalfactory.analysis.grouping import CaseFacts
from evalfactory.records.measurement import Measurement
from evalfactory.records.report import BaselineInfo

CASES, METRICS, TIMES, TAGS = 5000, 5, 7, 10


def main() -> None:
    """Print the median and the extremes, wall clock and CPU, for two kinds of scores."""
    for kind in ("five levels, two of five changed", "every score its own number"):
        here, there = _run(kind, 1), _run(kind, 2)
        facts = {f"case-{n:05d}": CaseFacts("", "", (("tags", f"tag-{n % TAGS}"),)) for n in range(CASES)}
        metrics = [f"metric-{number}" for number in range(METRICS)]
        wall_s, cpu_s = [], []
        for _ in range(TIMES):
            begun_s, cpu_begun_s = time.perf_counter(), time.process_time()
            sides = Sides(here, there, metrics, facts=facts)
            compare(sides, run_id="now", baseline=BaselineInfo(asked="then"))
            wall_s.append(time.perf_counter() - begun_s)
            cpu_s.append(time.process_time() - cpu_begun_s)
        print(
            f"{kind}: {statistics.median(wall_s):.2f} s ({min(wall_s):.2f} to {max(wall_s):.2f}) wall, "
            f"{statistics.median(cpu_s):.2f} s CPU; {TIMES} times"
        )


def _run(kind: str, seed: int) -> list[Measurement]:
    """A run's measurements; the scores of both seeds agree in three of five cases, or nearly."""
    common, own = random.Random(0), random.Random(seed)
    lines = []
    for number in range(CASES):
        for metric in range(METRICS):
            base, changed = common.random(), common.random() < 0.4
            if kind.startswith("five"):
                score = round((own.random() if changed else base) * 4) / 4
            else:
                score = min(max(base + own.gauss(0, 0.1), 0.0), 1.0)
            lines.append(
                Measurement(
                    case_id=f"case-{number:05d}", metric=f"metric-{metric}", state="scored", score=score,
                    threshold=0.5, success=score >= 0.5,
                )
            )  # fmt: skip
    return lines


if __name__ == "__main__":
    main()
