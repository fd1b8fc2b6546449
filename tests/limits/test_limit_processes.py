"""Real worker processes and one limited judge: it refuses next to nothing, and every call is made."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from line_tools import Bench, Simulator, made_up_cases, simulator, verdict

CASES = 30  # 210 calls, three and a half seconds at the limit
CALLS = 7 * CASES


@pytest.fixture
def limited() -> Iterator[Simulator]:
    """A judge that takes sixty requests a second."""
    with simulator("--requests-per-second", "60", "--latency", "lognormal") as judge:
        yield judge


@pytest.fixture
def bench(tmp_path: Path, limited: Simulator) -> Iterator[Bench]:
    bench = Bench(tmp_path, base_url=limited.base_url)
    bench.cases(made_up_cases(CASES))
    yield bench
    bench.close()


def suite(bench: Bench, **judge: object) -> None:
    bench.suite(judge={"requests_per_minute": 3600, "max_in_flight": 32, **judge})


def assert_polite(judge: Simulator, calls: int) -> None:
    seen = judge.counters
    assert seen["answered"] >= calls
    assert seen["refused_429"] < 0.01 * seen["requests"]
    assert seen["peak_in_flight"] <= 32


def test_four_workers_are_one_client_also_when_one_is_killed(bench: Bench, limited: Simulator) -> None:
    suite(bench)
    run = bench.start("run", "suite.yaml", "--workers", "4", "--run-id", "r", "--json")
    run.until(lambda: limited.counters["answered"] > CALLS // 4, "a quarter of the calls")
    os.kill(run.workers()[0], signal.SIGKILL)
    told = verdict(run.ended())
    assert (told["scored"], told["errored"], told["missing"]) == (2 * CASES, 0, 0)
    assert_polite(limited, CALLS)
    assert not list(bench.root("r").glob("limits/*/*")), "whoever leaves takes its word along"


def test_two_runs_with_one_key_are_one_client(bench: Bench, limited: Simulator) -> None:
    suite(bench, limit_group="one-key")
    words = ("run", "suite.yaml", "--workers", "2", "--fresh", "--json")
    both = [bench.start(*words, "--run-id", name) for name in ("night", "day")]
    for run in both:
        told = verdict(run.ended())
        assert (told["scored"], told["errored"], told["missing"]) == (2 * CASES, 0, 0)
    assert_polite(limited, 2 * CALLS)
    assert not list((bench.store / "limits" / "one-key").iterdir())


def test_one_worker_needs_no_agreement(bench: Bench) -> None:
    suite(bench)
    bench.run("--workers", "1", "--run-id", "r")
    assert not (bench.root("r") / "limits").exists()
    assert not (bench.store / "limits").exists()
