"""What one waits for before the first judge call, and what an unchanged second run costs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .processes import COMMAND, cost_of, simulator
from .suites import case, endpoint, write_suite


def start(folder: Path) -> list[dict[str, Any]]:
    """Rows: seconds of the pieces, the smallest of three runs each."""
    suite = write_suite(folder / "start", 5_000, judge=endpoint("http://127.0.0.1:9/v1"))
    rows = [
        _least("python starts", [sys.executable, "-c", "pass"]),
        _least("evalfactory --help", [*COMMAND, "run", "--help"]),
        _least("import deepeval alone", [sys.executable, "-c", "import deepeval"]),
        _least(
            "a worker's imports", [sys.executable, "-c", "import evalfactory.worker.work, evalfactory.metrics.bridge"]
        ),
        _least("plan of 5,000 cases", [*COMMAND, "plan", str(suite), "--tier", "all", "--json"]),
    ]
    with simulator() as url:
        one = write_suite(folder / "one", 1, judge=endpoint(url))
        rows.append(_least("whole run of one case", [*COMMAND, "run", str(one), "--fresh", "--json", "--quiet"]))
    return rows


def second_run(folder: Path, cases: int = 500) -> list[dict[str, Any]]:
    """Rows: a first run, an unchanged second one, and one with one case changed: judge calls and seconds."""
    rows = []
    with simulator() as url:
        suite = write_suite(folder / "again", cases, judge=endpoint(url))
        for name in ("first run", "unchanged second run", "one case changed"):
            if name == "one case changed":
                lines = (suite.parent / "cases.jsonl").read_text().splitlines()
                lines[7] = json.dumps({**case(7), "actual_output": "Something else altogether."})
                (suite.parent / "cases.jsonl").write_text("\n".join(lines) + "\n")
            cost = cost_of([*COMMAND, "run", str(suite), "--tier", "all", "--json", "--quiet"])
            told = json.loads(cost.stdout)
            rows.append(
                {"run": name, "judge_calls": told["judge"]["calls"], "reused": told["reused"], "wall_s": cost.wall_s}
            )
    return rows


def _least(name: str, command: list[str]) -> dict[str, Any]:
    costs = [cost_of(command) for _ in range(3)]
    return {"what": name, "wall_s": min(cost.wall_s for cost in costs), "cpu_s": min(cost.cpu_s for cost in costs)}
