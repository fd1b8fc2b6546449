"""All measurements side by side in one run; `make bench`.

Writes `results.json` beside this file, and its tables into docs/explanation/performance.md.

python benchmarks/run.py [SECTION …] [--cases N]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent)  # and not this folder: `statistics` is also a module of Python

from benchmarks import opening, pace, peers, scaling, startup  # noqa: E402
from benchmarks.pages import PAGE, table, with_tables  # noqa: E402
from benchmarks.processes import machine  # noqa: E402

LATENCY = ("--latency", "lognormal", "--latency-mean-s", "0.3", "--latency-sigma", "0.5")

Rows = list[dict[str, Any]]

SECTIONS: dict[str, tuple[str, Callable[[Path, int], Rows]]] = {
    "start": ("What one waits for", lambda folder, cases: startup.start(folder)),
    "second": ("A second run", lambda folder, cases: startup.second_run(folder)),
    "cpu": (
        "Where we set the pace: no latency, 200 in flight",
        lambda folder, cases: pace.against_bare(folder, 2_000, (), 5, two_runs=True),
    ),
    "judge": (
        "Where the judge sets the pace: lognormal latency, mean 0.3 s, 200 in flight",
        lambda folder, cases: pace.against_bare(folder, cases, LATENCY),
    ),
    "peers": (
        "Against deepeval.evaluate(), 500 cases",
        lambda folder, cases: peers.against_deepeval(folder, 500, LATENCY),
    ),
    "offline": ("Scaling on the offline judge", lambda folder, cases: scaling.offline(folder)),
    "page": (
        "The page of a run beside its baseline, cases of 3 kB, five metrics, made-up scores, in headless Chromium",
        lambda folder, cases: opening.in_a_browser(folder),
    ),
    "million": ("Plan and merge alone, made-up scores", lambda folder, cases: scaling.plan_and_merge(folder)),
}


def main() -> None:
    """Measure the sections that were asked for, and write them down beside those measured before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="default: all")
    parser.add_argument("--cases", type=int, default=5_000, help="of the section `judge`")
    arguments = parser.parse_args()
    file = HERE / "results.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    for name in arguments.sections or SECTIONS:
        title, measure = SECTIONS[name]
        before = machine()
        begun_s = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="evalfactory-bench-") as folder:
            rows = measure(Path(folder), arguments.cases)
        results[name] = {
            "title": title,
            "measured_at": datetime.now(UTC).isoformat(timespec="minutes"),
            "machine": before,
            "took_s": round(time.monotonic() - begun_s, 1),
            "rows": rows,
        }
        file.write_text(json.dumps(results, indent=1) + "\n")
        print(table(results[name]), flush=True)
        PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    main()
