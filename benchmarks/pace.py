"""Where the judge sets the pace, and where we do: against a bare client that makes the same calls."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from evalfactory.records.measurement import Commit

from .processes import COMMAND, Cost, cost_of, simulator
from .suites import endpoint, write_suite

CALLS_A_CASE = 7
IN_FLIGHT = 200


def recorded_bodies(folder: Path, cases: int = 100) -> Path:
    """Request bodies of a real run, one a line, in the order of sending."""
    file = folder / "bodies.jsonl"
    with simulator() as upstream:
        recorder = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.recorder", upstream, str(file)], stdout=subprocess.PIPE
        )
        assert recorder.stdout is not None
        try:
            url = recorder.stdout.readline().decode().strip()
            suite = write_suite(folder / "recording", cases, judge=endpoint(url))
            cost = cost_of([*COMMAND, "run", str(suite), "--tier", "all", "--json", "--quiet"])
            assert json.loads(cost.stdout)["scored"] == 2 * cases, cost
        finally:
            recorder.kill()
            recorder.wait()
    return file


def against_bare(
    folder: Path, cases: int, latency: tuple[str, ...], repeats: int = 1, *, two_runs: bool = False
) -> list[dict[str, Any]]:
    """Rows: the bare client and evalfactory, with one process and with two, in turns, `repeats` times; medians.

    `two_runs` adds two runs of one worker at once, which know nothing of each other: what two busy cores cost by
    themselves.
    """
    bodies = recorded_bodies(folder)
    calls = cases * CALLS_A_CASE
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for turn in range(repeats):
        for count in (1, 2):
            with simulator(*latency) as url:
                name = f"bare aiohttp, {count} process{'es' if count > 1 else ''}"
                rows[name].append(_bare(url, bodies, calls, count))
        for count in (1, 2):
            with simulator(*latency) as url:
                name = f"evalfactory, {count} worker{'s' if count > 1 else ''}"
                rows[name].append(_ours(folder / f"ours-{count}-{turn}", url, cases, count))
        if two_runs:
            with simulator(*latency) as url:
                rows["evalfactory, 2 runs of 1 worker at once"].append(_both(folder / f"both-{turn}", url, cases))
    medians = [
        {"program": name, **{key: median(row[key] for row in seen) for key in seen[0]}} for name, seen in rows.items()
    ]
    return [{**row, "pace": row["calls_per_s"] / medians[0]["calls_per_s"]} for row in medians]


def _bare(url: str, bodies: Path, calls: int, processes: int) -> dict[str, Any]:
    cost = cost_of(
        [sys.executable, "-m", "benchmarks.bare_client", url, str(bodies), str(calls), str(IN_FLIGHT), str(processes)]
    )
    told = [json.loads(line) for line in cost.stdout.splitlines()]
    return _row(
        cost,
        calls,
        worker_cpu_s=sum(each["cpu_s"] for each in told),
        worker_rss_mb=max(each["peak_rss_mb"] for each in told),
    )


def _ours(folder: Path, url: str, cases: int, workers: int) -> dict[str, Any]:
    suite = write_suite(folder, cases, judge=endpoint(url, max_in_flight=IN_FLIGHT))
    command = [*COMMAND, "run", str(suite), "--tier", "all", "--workers", str(workers), "--json", "--quiet"]
    cost = cost_of(command)
    told = json.loads(cost.stdout)
    assert told["scored"] == 2 * cases, told
    commits = [Commit.model_validate_json(file.read_bytes()) for file in folder.rglob("commit.json")]
    by_attempt: dict[str, Commit] = {}
    for commit in commits:
        if commit.attempt not in by_attempt or commit.cpu_s > by_attempt[commit.attempt].cpu_s:
            by_attempt[commit.attempt] = commit
    return _row(
        cost,
        told["judge"]["calls"],
        worker_cpu_s=sum(commit.cpu_s for commit in by_attempt.values()),
        worker_rss_mb=max(commit.peak_rss_mb for commit in commits),
    )


def _both(folder: Path, url: str, cases: int) -> dict[str, Any]:
    """Two runs of half the cases each, at the same time."""
    with ThreadPoolExecutor() as threads:
        one, other = threads.map(lambda half: _ours(folder / half, url, cases // 2, 1), ("one", "other"))
    calls, wall_s = one["calls"] + other["calls"], max(one["wall_s"], other["wall_s"])
    return {
        "calls": calls,
        "wall_s": wall_s,
        "calls_per_s": calls / wall_s,
        "worker_cpu_ms_per_call": (one["worker_cpu_ms_per_call"] + other["worker_cpu_ms_per_call"]) / 2,
        "all_cpu_s": one["all_cpu_s"] + other["all_cpu_s"],
        "worker_rss_mb": max(one["worker_rss_mb"], other["worker_rss_mb"]),
    }


def _row(cost: Cost, calls: int, *, worker_cpu_s: float, worker_rss_mb: float) -> dict[str, Any]:
    return {
        "calls": calls,
        "wall_s": cost.wall_s,
        "calls_per_s": calls / cost.wall_s,
        "worker_cpu_ms_per_call": worker_cpu_s / calls * 1000,
        "all_cpu_s": cost.cpu_s,
        "worker_rss_mb": worker_rss_mb,
    }
