"""A machine that allows few open files: a worker takes all that there are, and no measurement pays for those that lack."""

from __future__ import annotations

import subprocess

from line_tools import COMMAND, DEADLINE_S, Bench, Ran, made_up_cases, simulator, verdict


def limited(bench: Bench, limit: str, *words: str) -> Ran:
    """The command under a limit of the shell's."""
    done = subprocess.run(
        ["sh", "-c", f'ulimit {limit}; exec "$@"', "sh", *COMMAND, *words],
        cwd=bench.folder, capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


def test_a_worker_takes_as_many_open_files_as_it_is_allowed(bench: Bench) -> None:
    bench.cases(made_up_cases(80))
    with simulator("--latency", "constant", "--latency-mean-s", "0.2") as judge:
        bench.base_url = judge.base_url
        bench.suite(metrics=["faithfulness"], judge={"max_in_flight": 100})
        done = verdict(limited(bench, "-S -n 60", "run", "suite.yaml", "--run-id", "soft", "--json"))
        assert (done["scored"], bench.report("soft")["judge"]["retries"]) == (80, 0)
        assert judge.counters["peak_in_flight"] > 60


def test_too_few_open_files_are_told_and_no_measurement_pays_for_them(bench: Bench) -> None:
    bench.cases(made_up_cases(80))
    with simulator("--latency", "constant", "--latency-mean-s", "0.2") as judge:
        bench.base_url = judge.base_url
        bench.suite(metrics=["faithfulness"], judge={"max_in_flight": 100})
        ran = limited(bench, "-n 60", "run", "suite.yaml", "--run-id", "hard", "--quiet")
        assert ran.code == 69
        assert "raise `ulimit -n`" in ran.err
        assert not [line for line in bench.kept("hard") if line["state"] == "errored"]
        assert bench.resume("hard")["scored"] == 80


def test_processes_that_cannot_be_started_are_told_in_words(bench: Bench) -> None:
    bench.suite(judge="offline")
    ran = limited(bench, "-n 8", "run", "suite.yaml", "--run-id", "cramped", "--workers", "8", "--quiet")
    assert ran.code == 69, ran.err
    assert ran.err.startswith("evalfactory: ")
    assert "Too many open files" in ran.err
    assert "ulimit -n" in ran.err
