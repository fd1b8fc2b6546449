"""A judge that is slow, limited, wrong, away or locked: an outage leaves work pending, and only a bad answer errs."""

from __future__ import annotations

from collections import Counter

from line_tools import Bench, Simulator, made_up_cases, port_of, simulator, verdict

KEY = "sk-right-4711"


def test_a_measurement_that_is_never_answered_ends_at_its_deadline_and_disturbs_no_other(
    bench: Bench, undisturbed: Bench
) -> None:
    with simulator("--fault", "hang=0.02", "--max-faults", "99") as hanging:
        bench.base_url = hanging.base_url
        bench.suite(execution={"deadline_s": 4}, judge={"max_in_flight": 60})
        done = bench.run("--run-id", "late", "--fresh")
    assert done["errored"]
    assert done["missing"] == 0
    truth, late = undisturbed.measurements("truth"), bench.measurements("late")
    for slot, line in late.items():
        if line["state"] == "errored":
            assert line["failure"]["error_class"] == "timeout"
        else:
            assert (line["score"], line["reason"]) == (truth[slot]["score"], truth[slot]["reason"])


def test_waiting_for_the_limit_is_not_time_that_a_deadline_counts(judged: Bench, judge: Simulator) -> None:
    judged.cases(made_up_cases(8))
    judged.suite(
        metrics=["answer_relevancy"],
        execution={"deadline_s": 1},
        judge={"requests_per_minute": 240, "max_in_flight": 16},
    )
    done = judged.run()
    assert (done["scored"], done["errored"]) == (8, 0)
    assert max(line["seconds"] for line in judged.measurements(done["run_id"]).values()) > 2
    assert judge.counters["refused_429"] == 0


def test_a_judge_that_is_not_there_leaves_everything_pending(bench: Bench, truth: str) -> None:
    with simulator() as gone:
        bench.base_url, port = gone.base_url, port_of(gone)
    bench.suite(judge={"outage_s": 2})
    ran = bench("run", "suite.yaml", "--run-id", "outage", "--fresh")
    assert ran.code == 69
    assert bench.base_url in ran.err
    assert ran.err.count("evalfactory resume outage") == 1
    assert not bench.kept("outage")
    with simulator(port=port):
        assert bench.resume("outage")["results_digest"] == truth


def test_a_judge_that_goes_away_and_comes_back_errs_nothing(bench: Bench, truth: str) -> None:
    with simulator("--latency", "constant", "--latency-mean-s", "0.05") as first:
        bench.base_url, port = first.base_url, port_of(first)
        bench.suite()
        running = bench.start("run", "suite.yaml", "--run-id", "interrupted", "--fresh", "--json")
        running.until(lambda: len(bench.kept("interrupted")) >= 5, "some measurements")
    with simulator(port=port):
        done = verdict(running.ended())
    assert [line["failure"] for line in bench.kept("interrupted") if line["state"] == "errored"] == []
    assert (done["scored"], done["results_digest"]) == (48, truth)


def test_a_refused_key_ends_the_run_at_once_with_one_message(bench: Bench) -> None:
    bench.env["JUDGE_KEY"] = "sk-wrong-0815"
    with simulator("--expect-key", KEY) as judge:
        bench.base_url = judge.base_url
        bench.suite(judge={"api_key_env": "JUDGE_KEY"})
        ran = bench("run", "suite.yaml", "--run-id", "locked", "--quiet")
        assert judge.requests <= 16
        assert ran.code == 77
        assert "JUDGE_KEY" in ran.err
        assert "sk-wrong-0815" not in ran.err + ran.out
        assert ran.err.count("evalfactory:") == 1
        assert not bench.kept("locked")
        bench.env["JUDGE_KEY"] = KEY
        assert bench.resume("locked")["scored"] == 48


def test_a_missing_key_is_named_before_anything_is_asked(bench: Bench) -> None:
    bench.suite(judge={"api_key_env": "KEY_THAT_IS_NOT_THERE"})
    ran = bench("run", "suite.yaml", "--quiet")
    assert ran.code == 78
    assert "KEY_THAT_IS_NOT_THERE" in ran.err
    assert ran.err.count("evalfactory:") == 1


def test_what_the_judge_refuses_to_judge_is_errored_and_retried_without_touching_the_parent(bench: Bench) -> None:
    with simulator("--fault", "filtered=0.04", "--max-faults", "99") as strict:
        bench.base_url, port = strict.base_url, port_of(strict)
        bench.suite()
        done = bench.run("--run-id", "parent")
    lines = bench.measurements("parent").values()
    errored = [line for line in lines if line["state"] == "errored"]
    assert Counter(line["failure"]["error_class"] for line in errored) == {"content_filter": done["errored"]}
    assert errored
    before = {path: path.read_bytes() for path in bench.root("parent").rglob("*") if path.is_file()}
    with simulator(port=port) as judge:
        child = verdict(bench("retry", "parent", "--errored", "--store", "store", "--run-id", "child", "--json"))
        assert judge.requests <= 4 * len(errored)
    after = {path: path.read_bytes() for path in bench.root("parent").rglob("*") if path.is_file()}
    assert after == before
    assert (child["planned"], child["scored"], child["errored"]) == (48, 48, 0)
    assert child["reused"] == 48 - len(errored)
    for run in ("parent", "child"):
        assert bench.here("verify", run, "--store", "store").code == 0
