"""Whether the printed drops are true: `python benchmarks/statistics/detectable.py`, about seven minutes on one core.

A comparison in which nothing has changed prints the smallest drop that it would show, and the smallest that it would
exclude. Here each is tried out: other samples of that size, from the same population tilted to a true drop of exactly
the first, go through the gate that ships, and others in which nothing changed through one that allows the second. Both
should be right four times in five. What was counted is kept in `detectable.json` beside this file, and its table written
into docs/explanation/statistics.md. Seeds follow from the cell, and are printed. Stopped, it goes on with the next cell.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import NamedTuple, TypedDict

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np  # noqa: E402

from benchmarks.statistics.tables import markdown, write_between  # noqa: E402
from benchmarks.statistics.trials import MARGIN, facts, found  # noqa: E402
from benchmarks.statistics.worlds import ABOUT, NAMES, draw, tilted, world  # noqa: E402
from evalfactory.analysis.evidence import evidence  # noqa: E402
from evalfactory.analysis.shares import wilson  # noqa: E402
from evalfactory.records.gate import GateSpec  # noqa: E402
from evalfactory.records.report import Difference  # noqa: E402

RESULTS = HERE / "detectable.json"
SIZES = (50, 200, 500)
SAMPLES, TRIALS = 10, 20  # comparisons that print, and how often each is tried
BEGIN, END = "<!-- detectable: begin -->", "<!-- detectable: end -->"


class Tried(TypedDict):
    """What came of a cell."""

    printed: list[float]  # the drops that would be shown
    shown: int
    excludable: list[float]
    excluded: int
    nothing: int  # comparisons that said that no drop would be shown
    trials: int  # of each kind


class Place(NamedTuple):
    """A population and a size."""

    world: str
    cases: int


def main() -> int:
    """Try out what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", action="store_true", help="only write the table")
    results: dict[str, Tried] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if not parser.parse_args().tables:
        for place in (Place(name, cases) for cases in SIZES for name in NAMES if name != "one-sided"):
            if _key(place) not in results:
                print(f"{_key(place)}: seed {_seed(place)}", flush=True)
                results[_key(place)] = tried(place)
                RESULTS.write_text(json.dumps(results, indent=0, sort_keys=True) + "\n")
    write_between(BEGIN, END, [markdown(rows(results))])
    print(markdown(rows(results)))
    return 0


def tried(place: Place) -> Tried:
    """Counts of one population at one size."""
    random, known = np.random.default_rng(_seed(place)), world(place.world)
    unchanged = tilted(known, 0.0)
    told = Tried(printed=[], shown=0, excludable=[], excluded=0, nothing=0, trials=SAMPLES * TRIALS)

    def comparison(weights: np.ndarray, allowed: float) -> tuple[Difference, str]:
        drawn = draw(known, weights, place.cases, random)
        (metric,) = evidence([found(drawn)], facts(drawn), GateSpec(allowed_drop=allowed)).metrics
        assert metric.difference is not None
        assert metric.drop is not None
        return metric.difference, metric.drop.decision

    for _ in range(SAMPLES):
        printed = comparison(unchanged, MARGIN)[0]
        if printed.detectable_drop is None or printed.excludable_drop is None:
            told["nothing"] += 1
            continue
        told["printed"].append(printed.detectable_drop)
        told["excludable"].append(printed.excludable_drop)
        fallen = tilted(known, -printed.detectable_drop)
        told["shown"] += sum(comparison(fallen, MARGIN)[1] == "shown" for _ in range(TRIALS))
        told["excluded"] += sum(comparison(unchanged, printed.excludable_drop)[1] == "excluded" for _ in range(TRIALS))
    told["trials"] -= TRIALS * told["nothing"]
    return told


def rows(results: dict[str, Tried]) -> list[list[str]]:
    """The table, its titles first."""
    titles = ["differences", *(f"n = {cases:,}: {what}" for cases in SIZES for what in ("shown", "excluded"))]
    return [
        titles,
        *(
            [ABOUT[name], *(text for cases in SIZES for text in _texts(results.get(_key(Place(name, cases)))))]
            for name in NAMES
            if any(_key(Place(name, cases)) in results for cases in SIZES)
        ),
    ]


def _texts(told: Tried | None) -> tuple[str, str]:
    if told is None or not told["printed"]:
        return "–", "–"
    return (
        _text(told["shown"], told["trials"], told["printed"]),
        _text(told["excluded"], told["trials"], told["excludable"]),
    )


def _text(right: int, trials: int, printed: list[float]) -> str:
    """Of so many trials, with its interval, and the drops that it is about."""
    ends = wilson(right, trials)
    return f"{100 * right / trials:.0f} ({100 * ends.low:.0f}–{100 * ends.high:.0f}) at {float(np.mean(printed)):.3f}"


def _seed(place: Place) -> list[int]:
    return [*place.world.encode(), place.cases, 7]


def _key(place: Place) -> str:
    return f"{place.world}|{place.cases}"


if __name__ == "__main__":
    sys.exit(main())
