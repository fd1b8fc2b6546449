"""What takes long: a thousand measurements by a judge that fails, a minute of refusals, five minutes of silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torture_stage import Broken

from line_tools import Bench, Started, made_up_cases, simulator, verdict

Scenario = Callable[[Path], str]
PATIENCE_S = 900.0


def _bench(folder: Path, cases: int) -> Bench:
    folder.mkdir(parents=True)
    bench = Bench(folder)
    bench.cases(made_up_cases(cases))
    return bench


def _finished(running: Started) -> dict[str, object]:
    running.process.wait(PATIENCE_S)
    done: dict[str, object] = verdict(running.ended())
    if done["scored"] != done["planned"]:
        raise Broken(f"not everything was scored: {done}")
    return done


def a_judge_that_fails(folder: Path) -> str:
    """20 % of the calls are answered 500, 5 % of the answers cut short, 1 % never come: nothing is errored."""
    bench = _bench(folder, 500)
    with simulator("--fault", "server_error=0.20", "--fault", "cut=0.05", "--fault", "hang=0.01") as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"timeout_s": 5, "max_in_flight": 32}, execution={"workers": 2})
        done = _finished(bench.start("run", "suite.yaml", "--run-id", "flaky", "--json", "--quiet"))
        seen = judge.counters
    bill = bench.report("flaky")["judge"]
    faults = sum(seen["faults"].values())
    if (bill["calls"], bill["retries"]) != (seen["requests"], faults):
        raise Broken(f"the bill is {bill}, and the judge saw {seen}")
    return (
        f"{done['scored']} of {done['planned']} measurements scored with {bill['calls']} calls, {faults} of them again"
    )


def a_minute_of_refusals(folder: Path) -> str:
    """429 for a minute, and then the answers."""
    bench = _bench(folder, 100)
    with simulator("--outage", "0:60:429") as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"max_in_flight": 32}, execution={"workers": 2})
        judge.reset()
        done = _finished(bench.start("run", "suite.yaml", "--run-id", "refused", "--json", "--quiet"))
        seen = judge.counters
    return (
        f"{done['scored']} of {done['planned']} measurements scored, {seen['refused_429']} requests refused meanwhile"
    )


def five_minutes_of_silence(folder: Path) -> str:
    """Nobody listens for five minutes, from some way into the run; then it goes on."""
    bench = _bench(folder, 200)
    with simulator("--outage", "6:306:refused", "--latency", "constant", "--latency-mean-s", "0.3") as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"max_in_flight": 16}, execution={"workers": 2})
        done = _finished(bench.start("run", "suite.yaml", "--run-id", "silent", "--json", "--quiet"))
        seen = judge.counters
    again = bench.report("silent")["judge"]["retries"]
    return (
        f"{done['scored']} of {done['planned']} measurements scored after {seen['uptime_s']:.0f} s, {again} calls again"
    )


SCENARIOS: dict[str, Scenario] = {
    "a judge that fails": a_judge_that_fails,
    "a minute of refusals": a_minute_of_refusals,
    "five minutes of silence": five_minutes_of_silence,
}
