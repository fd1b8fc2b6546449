"""Against `deepeval.evaluate()`: the same cases, metrics and simulated judge, side by side."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .pace import _ours, _row
from .processes import cost_of, simulator

LIMIT_S = 420.0  # as shipped it takes minutes: what is not done by then is killed, and said


def against_deepeval(folder: Path, cases: int, latency: tuple[str, ...]) -> list[dict[str, Any]]:
    """A row a program."""
    rows = []
    with simulator(*latency) as url:
        rows.append({"program": "evalfactory, 1 worker", "results": cases, **_ours(folder / "peer", url, cases, 1)})
    for mode in ("tuned", "shipped"):
        with simulator(*latency) as url:
            command = [sys.executable, "-m", "benchmarks.deepeval_program", mode, url, str(cases)]
            cost = cost_of(command, limit_s=LIMIT_S)
        told = cost.stdout.strip().splitlines()
        done = json.loads(told[-1])["results"] if cost.exit_code == 0 and told else 0
        row = _row(cost, cases * 7, worker_cpu_s=cost.cpu_s, worker_rss_mb=cost.peak_rss_mb)
        rows.append({"program": f"deepeval.evaluate(), {mode}", "results": done, **row})
    return rows
