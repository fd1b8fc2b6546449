"""Whatever a judge sends instead of an answer: a measurement has a score, or an error with its class, or is still to be made."""

from __future__ import annotations

from collections.abc import Iterable

from evalfactory.judge.simulator.fault import Fault
from line_tools import Bench, made_up_cases, port_of, simulator, verdict

ALWAYS = ("--max-faults", "9999")

#: What says nothing about the request: asked again until it is answered.
PASSING = {
    Fault.SERVER_ERROR, Fault.UNAVAILABLE, Fault.RATE_LIMITED, Fault.HANG, Fault.CLOSED, Fault.CUT, Fault.HTML, Fault.EMPTY,
    Fault.BROKEN_CHUNKS,
}  # fmt: skip
#: Answers that are not what was asked for: asked for again, a few times.
UNFIT = {Fault.TRUNCATED, Fault.INVALID_JSON, Fault.WRONG_SCHEMA}
#: Answers that are final, with the class of the error that they become.
FINAL = {
    Fault.HUGE: "bad_json",
    Fault.ENDLESS: "bad_json",
    Fault.REFUSAL: "content_filter",
    Fault.FILTERED: "content_filter",
}


def mixed(kinds: Iterable[Fault], share: float) -> list[str]:
    """Flags for faults of these kinds, together that share of all tries."""
    every = sorted(kinds)
    return [word for kind in every for word in ("--fault", f"{kind}={int(share * 10_000 / len(every)) / 10_000}")]


def test_every_fault_is_of_one_of_the_three_kinds() -> None:
    assert PASSING | UNFIT | set(FINAL) | {Fault.THINKING} == set(Fault)


def test_faults_of_every_kind_that_passes_cost_calls_and_no_result(bench: Bench, truth: str) -> None:
    with simulator(*mixed([*PASSING, *UNFIT, Fault.THINKING], 0.4)) as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"timeout_s": 3})
        done = bench.run("--run-id", "faulty", "--fresh")
        seen = judge.counters
    assert len(seen["faults"]) == len([*PASSING, *UNFIT, Fault.THINKING])
    assert (done["errored"], done["missing"], done["results_digest"]) == (0, 0, truth)
    judge_bill = bench.report("faulty")["judge"]
    assert done["judge"]["calls"] == judge_bill["calls"] == seen["requests"]
    assert judge_bill["reasks"] == sum(seen["faults"][kind] for kind in UNFIT)
    assert judge_bill["retries"] == sum(seen["faults"][kind] for kind in PASSING)


def test_a_fifth_of_server_errors_some_cut_answers_and_some_that_never_come_cost_no_measurement(
    bench: Bench, truth: str
) -> None:
    """The short form of what `make torture` plays with a thousand measurements."""
    with simulator("--fault", "server_error=0.20", "--fault", "cut=0.05", "--fault", "hang=0.01") as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"timeout_s": 2, "max_in_flight": 16})
        done = bench.run("--run-id", "flaky", "--fresh")
        seen = judge.counters
    assert set(seen["faults"]) == {"server_error", "cut", "hang"}
    assert (done["scored"], done["errored"], done["results_digest"]) == (48, 0, truth)
    bill = bench.report("flaky")["judge"]
    assert (bill["calls"], bill["retries"]) == (seen["requests"], sum(seen["faults"].values()))


def test_a_judge_that_never_answers_leaves_every_measurement_to_be_made(bench: Bench, truth: str) -> None:
    with simulator(*mixed(PASSING, 1.0), *ALWAYS) as broken:
        bench.base_url, port = broken.base_url, port_of(broken)
        bench.suite(judge={"outage_s": 3, "timeout_s": 1})
        ran = bench("run", "suite.yaml", "--run-id", "silent", "--fresh", "--quiet")
        assert set(broken.counters["faults"]) <= PASSING
    assert ran.code == 69
    assert ran.err.startswith(f"evalfactory: the judge at {bench.base_url} has answered nothing for ")
    assert not bench.kept("silent")
    with simulator(port=port):
        assert bench.resume("silent")["results_digest"] == truth


def test_a_judge_that_only_answers_badly_errs_every_measurement_with_a_class_and_scores_none(bench: Bench) -> None:
    bench.cases(made_up_cases(8))
    with simulator(*mixed([*UNFIT, *FINAL], 1.0), *ALWAYS) as bad:
        bench.base_url, port = bad.base_url, port_of(bad)
        bench.suite()
        done = bench.run("--run-id", "bad", "--fresh")
        assert set(bad.counters["faults"]) == {*UNFIT, *FINAL}
    assert (done["verdict"], done["scored"], done["errored"], done["missing"]) == ("INCONCLUSIVE", 0, 16, 0)
    lines = bench.measurements("bad").values()
    assert {line["failure"]["error_class"] for line in lines} == {"bad_json", "content_filter"}
    assert {(line["state"], line["score"], line["success"]) for line in lines} == {("errored", None, None)}
    assert all(metric["mean"] is None for metric in bench.report("bad")["metrics"])
    with simulator(port=port):
        retried = verdict(bench("retry", "bad", "--errored", "--store", "store", "--json"))
    assert (retried["scored"], retried["errored"]) == (16, 0)


def test_a_judge_that_refuses_everybody_for_a_while_is_waited_for_and_not_pestered(bench: Bench, truth: str) -> None:
    """The short form of a minute of 429."""
    with simulator("--outage", "0:3:429") as judge:
        bench.base_url = judge.base_url
        bench.suite()
        judge.reset()
        done = bench.run("--run-id", "throttled", "--fresh")
        assert (done["errored"], done["results_digest"]) == (0, truth)
        assert judge.counters["refused_429"] <= 2 * 8  # in flight when it began, and some more when they came back
        report = bench.report("throttled")
        assert report["judge"]["throttled"] == judge.counters["refused_429"]
        assert sum(shard["throttled"] for shard in report["timeline"]) == report["judge"]["throttled"]


def test_a_judge_that_is_away_is_asked_now_and_then_and_the_run_goes_on_when_it_is_back(
    bench: Bench, truth: str
) -> None:
    """The short form of five minutes: away, as the rules have it, is who answered nobody for ten seconds."""
    with simulator(*mixed([Fault.CLOSED, Fault.HTML], 1.0), *ALWAYS) as broken:
        bench.base_url, port = broken.base_url, port_of(broken)
        bench.suite()
        running = bench.start("run", "suite.yaml", "--run-id", "patient", "--fresh", "--json")
        assert running.process.stderr is not None
        assert any("nothing has answered for " in line for line in running.process.stderr)
    with simulator(port=port) as judge:
        done = verdict(running.ended())
        assert judge.requests == bench.report("patient")["judge"]["calls"] - bench.report("patient")["judge"]["retries"]
    assert (done["errored"], done["missing"], done["results_digest"]) == (0, 0, truth)
