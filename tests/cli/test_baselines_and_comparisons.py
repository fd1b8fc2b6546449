from __future__ import annotations

import json
from typing import Any

import pytest

from command_line import SUPPORT, Desk, json_lines

WORSENED = (
    "returns-window", "returns-worn-boots", "shipping-express", "shipping-canada-price", "order-address-change",
    "payment-methods", "refund-delay", "warranty-tent", "account-password", "plan-cancel", "invoice-company",
)  # fmt: skip
WORSE = "Our new winter collection has just arrived!"


def worsened(desk: Desk, *names: str) -> None:
    """Give these cases a bad answer."""
    cases = json_lines(SUPPORT / "cases.jsonl")
    desk.cases(*({**case, "actual_output": WORSE} if case["id"] in names else case for case in cases))


@pytest.fixture
def blessed(desk: Desk) -> Desk:
    """The measured desk, its run `first` called `main`."""
    assert desk("bless", "first", "--name", "main").code == 0
    return desk


def baseline_of(desk: Desk, run_id: str) -> Any:
    return desk.report(run_id)["baseline"]


def test_without_a_baseline_yet_the_run_says_so_and_does_not_fail(desk: Desk) -> None:
    ran = desk("run", "suite.yaml", "--baseline", "main", "--run-id", "new")
    assert ran.code == 0
    assert "there is no baseline main yet" in " ".join(ran.out.split())
    assert baseline_of(desk, "new")["run_id"] is None


def test_a_baselines_name_that_was_misspelt_is_refused_before_anything_is_paid_for(blessed: Desk) -> None:
    for words in (("run", "suite.yaml"), ("collect", "first"), ("retry", "first", "--errored")):
        refused = blessed(*words, "--baseline", "mian")
        assert refused.code == 64
        assert "there is no baseline mian" in refused.err
        assert "did you mean main?" in refused.err
    blessed.suite(gate={"baseline": "mian"})
    assert blessed("run", "suite.yaml").code == 64
    assert [run["run_id"] for run in blessed("runs", "--json").json["runs"]] == ["first"]
    assert blessed("run", "suite.yaml", "--baseline", "first").code == 0
    assert blessed("run", "suite.yaml", "--baseline", "previous").code == 0


def test_a_baseline_that_is_required_and_not_there_yet_is_no_pass(desk: Desk) -> None:
    desk.suite(gate={"baseline": "main", "require_baseline": True})
    ran = desk("run", "suite.yaml", "--run-id", "new")
    assert ran.code == 11
    assert "nothing to compare with, wanted a baseline" in " ".join(ran.out.split())
    assert "there is no baseline main yet" in " ".join(ran.out.split())


def test_blessing_says_what_the_name_means_and_blessing_again_moves_it(blessed: Desk) -> None:
    blessed.run("--run-id", "second")
    moved = blessed("bless", "second", "--name", "main", "--json")
    assert moved.code == 0
    assert moved.json["name"] == "main"
    assert moved.json["run_id"] == "second"
    assert moved.json["results_digest"] == blessed.report("second")["results_digest"]
    blessed.run("--run-id", "third", "--baseline", "main")
    assert baseline_of(blessed, "third")["run_id"] == "second"


def test_an_incomplete_run_cannot_be_blessed(desk: Desk) -> None:
    desk("work", "suite.yaml", "--run-id", "half", "--shard-index", "0", "--total-shards", "2")
    unreported = desk("bless", "half", "--name", "main")
    assert (unreported.code, "evalfactory collect half" in unreported.err) == (64, True)
    desk("collect", "half")
    refused = desk("bless", "half", "--name", "main")
    assert refused.code == 64
    assert "not complete" in refused.err
    assert "evalfactory resume half" in refused.err
    assert not list(desk.folder.glob(".evalfactory/*/baselines/*"))


@pytest.mark.parametrize("name", ["previous", "latest", ""])
def test_words_with_a_meaning_are_no_baselines(desk: Desk, name: str) -> None:
    assert desk("bless", "first", "--name", name).code == 64


def test_a_baselines_name_may_be_a_branchs(desk: Desk) -> None:
    for name in ("release/2.1", "日本語", "a b"):
        assert desk("bless", "first", "--name", name).code == 0
        desk.run("--baseline", name, "--run-id", "compared")
        assert baseline_of(desk, "compared")["asked"] == name
        assert baseline_of(desk, "compared")["run_id"] == "first"


def test_an_unchanged_run_beside_its_baseline_has_no_difference(blessed: Desk) -> None:
    ran = blessed("run", "suite.yaml", "--baseline", "main", "--run-id", "same")
    report = blessed.report("same")
    assert (ran.code, report["verdict"]["outcome"]) == (0, "INCONCLUSIVE")  # twenty cases exclude little: smoke passes
    assert "exit code 0: the tier smoke passes when a drop is neither shown nor excluded" in " ".join(ran.out.split())
    assert [check["rule"] for check in report["verdict"]["checks"] if check["outcome"] != "PASS"] == ["drop", "drop"]
    assert {metric["difference"]["caveat"] for metric in report["compared"]} == {"all 20 differences are zero"}
    assert {metric["drop"]["settling_cases"] for metric in report["compared"]} == {123}
    assert report["baseline"]["pairs"] == 40
    assert [metric["delta"] for metric in report["metrics"]] == [0.0, 0.0]
    assert report["regressions"] == []


def test_a_drop_beyond_what_is_allowed_fails_and_its_cases_are_told(blessed: Desk) -> None:
    worsened(blessed, *WORSENED)
    blessed.suite(gate={"metrics": {"answer_relevancy": {"mean": 0.1}}})
    ran = blessed("run", "suite.yaml", "--baseline", "main", "--run-id", "worse", "--quiet")
    assert ran.code == 10
    report = blessed.report("worse")
    rules = {(check["rule"], check["metric"]): check["outcome"] for check in report["verdict"]["checks"]}
    assert rules["drop", "answer_relevancy"] == "FAIL"
    assert rules["mean", "answer_relevancy"] == "PASS"
    told = report["regressions"]
    assert {slot["case_id"] for slot in told} <= set(WORSENED)
    assert all(slot["baseline_score"] > slot["score"] for slot in told)
    assert all(slot["retrieval_context"] and slot["reason"] and slot["actual_output"] == WORSE for slot in told)
    assert "Worst regressions" in ran.out
    assert told[0]["case_id"] in ran.out


def test_an_allowed_drop_passes(blessed: Desk) -> None:
    worsened(blessed, "returns-window")
    blessed.suite(gate={"allowed_drop": 0.5, "baseline": "main"})
    assert blessed.run("--run-id", "allowed")["verdict"] == "PASS"
    assert baseline_of(blessed, "allowed")["run_id"] == "first"
    blessed.suite(gate={"allowed_drop": 0.0, "baseline": "main"})
    assert blessed.run()["verdict"] == "INCONCLUSIVE"


def test_a_tier_says_what_an_open_drop_is_in_the_exit_code(blessed: Desk) -> None:
    for taken, code in (("fail", 10), ("inconclusive", 11), ("pass", 0)):
        blessed.suite(tiers={"smoke": {"on_inconclusive": taken}}, gate={"baseline": "main"})
        ran = blessed("run", "suite.yaml", "--json", "--quiet")
        assert (ran.code, ran.json["verdict"]) == (code, "INCONCLUSIVE")


def test_a_baseline_of_another_judge_is_not_compared_unless_told(blessed: Desk) -> None:
    geval = {"name": "tone", "criteria": "Is it polite?", "evaluation_params": ["input", "actual_output"]}
    changed = {**geval, "criteria": "Is it short?"}
    blessed.suite(metrics=[{"geval": geval}], gate={"metrics": {"tone": {"mean": 0}}})
    blessed.run("--run-id", "polite")
    blessed.suite(metrics=[{"geval": changed}], gate={"metrics": {"tone": {"mean": 0}}})
    ran = blessed("run", "suite.yaml", "--baseline", "polite", "--run-id", "short")
    assert ran.code == 11
    assert "tone cannot be compared: the baseline has another recipe" in " ".join(ran.out.split())
    assert baseline_of(blessed, "short")["pairs"] == 0
    blessed.suite(metrics=[{"geval": changed}], gate={"metrics": {"tone": {"tier": "supporting", "mean": 0}}})
    assert blessed("run", "suite.yaml", "--baseline", "polite").code == 11
    blessed.suite(metrics=[{"geval": changed}], gate={"metrics": {"tone": {"tier": "advisory"}}})
    advised = blessed("run", "suite.yaml", "--baseline", "polite")
    assert advised.code == 0
    assert "another recipe (prompt, arguments or code) for tone, which is not compared" in " ".join(advised.out.split())
    told = {"metrics": {"tone": {"mean": 0}}, "compare_anyway": ["recipe"]}
    blessed.suite(metrics=[{"geval": changed}], gate=told)
    blessed.run("--baseline", "polite", "--run-id", "told")
    seen = baseline_of(blessed, "told")
    assert seen["pairs"] == 20
    assert "another recipe" in seen["note"]


def test_cases_that_were_added_removed_or_asked_otherwise_are_told_apart(blessed: Desk) -> None:
    cases = json_lines(SUPPORT / "cases.jsonl")
    asked_otherwise = {**cases[0], "input": f"{cases[0]['input']} Please."}
    new = {**cases[1], "id": "brand-new"}
    blessed.cases(asked_otherwise, *cases[2:], new)
    blessed.run("--baseline", "main", "--run-id", "edited")
    seen = baseline_of(blessed, "edited")
    assert (seen["cases_added"], seen["cases_removed"], seen["cases_changed"]) == (1, 1, 1)
    assert (seen["added"], seen["removed"], seen["changed"]) == (["brand-new"], [cases[1]["id"]], [cases[0]["id"]])
    assert seen["pairs"] == 36
    told = " ".join(blessed("compare", "edited", "main").out.split())
    for words in (
        "1 case only here (brand-new)",
        f"1 case only there ({cases[1]['id']})",
        f"1 case with another input ({cases[0]['id']})",
    ):
        assert words in told


def test_another_threshold_makes_no_flips_of_scores_that_stay(blessed: Desk) -> None:
    blessed.suite(metrics=["answer_relevancy", {"faithfulness": {"threshold": 0.99}}])
    ran = blessed("run", "suite.yaml", "--baseline", "main", "--run-id", "strict")
    assert "threshold 0.5 for faithfulness (this run 0.99, which both are judged by)" in " ".join(ran.out.split())
    (metric,) = (each for each in blessed.report("strict")["compared"] if each["name"] == "faithfulness")
    assert (metric["fixed"], metric["broken"]) == (0, 0)
    assert metric["passed"] == metric["baseline_passed"]
    assert metric["passed"]["share"] < 0.9
    assert "0 added" in blessed("promote", "strict", "--flipped", "--to", "grown.jsonl").out


def test_a_metric_that_only_one_of_the_runs_measures_is_named(blessed: Desk) -> None:
    blessed.suite(metrics=["answer_relevancy", "contextual_relevancy"])
    ran = blessed("run", "suite.yaml", "--baseline", "main")
    said = "The baseline has faithfulness, which this run does not measure; no contextual_relevancy"
    assert said in " ".join(ran.out.split())


def test_a_must_run_case_of_the_baseline_that_is_none_any_more_is_named_and_no_pass(blessed: Desk) -> None:
    cases = json_lines(SUPPORT / "cases.jsonl")
    guarded = {case["id"]: {**case, "must_run": True} for case in cases[4:7]}  # all of them pass
    rest = [*cases[:4], *cases[7:]]
    gone, kept, demoted = guarded
    blessed.cases(*guarded.values(), *rest)
    blessed.run("--run-id", "guarded")
    blessed("bless", "guarded", "--name", "main")
    blessed.suite(gate={"allowed_drop": 1.0})
    blessed.cases(guarded[kept], {**guarded[demoted], "must_run": False}, *rest)
    ran = blessed("run", "suite.yaml", "--baseline", "main", "--run-id", "edited")
    assert ran.code == 11
    assert f"must-run slots: must-run no more: {', '.join(sorted((gone, demoted)))}" in " ".join(ran.out.split())
    assert blessed("run", "suite.yaml", "--baseline", "main", "--limit", "3").code == 0  # a quick look guards nothing
    assert blessed.run()["verdict"] == "PASS"
    blessed("bless", "edited", "--name", "main")
    assert blessed.run("--baseline", "main")["verdict"] == "PASS"


def test_a_guard_that_goes_while_every_question_stays_is_missed_too(blessed: Desk) -> None:
    cases = json_lines(SUPPORT / "cases.jsonl")
    blessed.cases({**cases[0], "must_run": True}, *cases[1:])
    blessed.run("--run-id", "guarded")
    blessed.suite(gate={"allowed_drop": 1.0})
    blessed.cases(*cases)
    assert blessed.run("--baseline", "guarded")["verdict"] == "INCONCLUSIVE"


def test_a_comparison_is_shown_in_slices_that_are_never_gated(blessed: Desk) -> None:
    worsened(blessed, "ja-returns", "ja-receipt")
    blessed.suite(gate={"baseline": "main"}, dataset={"path": "cases.jsonl", "slices": ["tags"]})
    blessed.run("--run-id", "sliced")
    slices = {(part["value"], part["metric"]): part for part in blessed.report("sliced")["compared_slices"]}
    japanese = slices["ja", "answer_relevancy"]
    assert japanese["mean_difference"] < 0
    assert japanese["interval"]["low"] < japanese["mean_difference"] < japanese["interval"]["high"]
    shown = blessed("compare", "sliced", "main")
    assert "tags=ja" in shown.out


def test_a_run_without_a_baseline_is_shown_in_slices_too(blessed: Desk) -> None:
    blessed.run("--run-id", "alone")
    report = blessed.report("alone")
    slices = {(part["value"], part["metric"]): part for part in report["slices"]}
    japanese = slices["ja", "answer_relevancy"]
    assert japanese["pass_interval"]["low"] <= japanese["pass_rate"] <= japanese["pass_interval"]["high"]
    assert report["compared_slices"] == []
    assert "tags=ja" in blessed("report", "alone", "--format", "markdown").out


def test_a_metrics_own_allowed_drop_goes_before_the_gates(blessed: Desk) -> None:
    worsened(blessed, "returns-window")
    generous = {"metrics": {"answer_relevancy": {"allowed_drop": 0.9}, "faithfulness": {"allowed_drop": 0.9}}}
    blessed.suite(gate={"allowed_drop": 0.0, **generous})
    assert blessed.run("--baseline", "main")["verdict"] == "PASS"


def test_the_command_lines_baseline_goes_before_the_suites(blessed: Desk) -> None:
    blessed.run("--run-id", "second")
    blessed("bless", "second", "--name", "other")
    blessed.suite(gate={"baseline": "main"})
    blessed.run("--baseline", "other", "--run-id", "third")
    assert baseline_of(blessed, "third")["asked"] == "other"


def test_previous_is_the_newest_complete_run_of_the_tier_before(desk: Desk) -> None:
    desk.suite(tiers={"tiny": 2})
    desk.run("--run-id", "b-second")
    desk.run("--run-id", "c-tiny", "--tier", "tiny")
    desk("plan", "suite.yaml", "--write", "--run-id", "d-planned")
    desk.run("--run-id", "a-third", "--baseline", "previous")
    assert baseline_of(desk, "a-third")["run_id"] == "b-second"
    first_of_tier = desk("run", "suite.yaml", "--tier", "regression", "--baseline", "previous")
    assert first_of_tier.code == 0
    assert "no earlier complete run" in " ".join(first_of_tier.out.split())


def test_a_quick_look_is_no_previous_run(desk: Desk) -> None:
    desk.run("--run-id", "second")
    desk.run("--run-id", "look", "--limit", "1")
    desk.run("--run-id", "third", "--baseline", "previous")
    assert baseline_of(desk, "third")["run_id"] == "second"


def test_a_run_id_is_a_baseline_too(desk: Desk) -> None:
    desk.run("--run-id", "second", "--baseline", "first")
    assert baseline_of(desk, "second")["run_id"] == "first"


def test_another_data_set_is_compared_over_the_cases_in_both_and_said_to_differ(blessed: Desk) -> None:
    cases = json_lines(SUPPORT / "cases.jsonl")
    blessed.cases(*cases[:10])
    blessed.run("--baseline", "main", "--run-id", "fewer")
    seen = baseline_of(blessed, "fewer")
    assert (seen["pairs"], seen["only_here"], seen["only_there"]) == (20, 0, 20)
    assert seen["note"]


def test_comparing_two_runs_says_slot_by_slot_what_changed(blessed: Desk) -> None:
    worsened(blessed, "returns-window")
    blessed.run("--run-id", "worse")
    compared = blessed("compare", "worse", "main", "--json").json
    assert compared["run_id"] == "worse"
    assert compared["baseline"]["run_id"] == "first"
    assert [slot["case_id"] for slot in compared["regressions"]] == ["returns-window"] * len(compared["regressions"])
    metric = next(metric for metric in compared["metrics"] if metric["name"] == "answer_relevancy")
    assert (metric["pairs"], metric["worsened"], metric["improved"]) == (20, 1, 0)
    shown = blessed("compare", "worse", "main")
    assert shown.code == 0
    assert "returns-window" in shown.out
    backwards = blessed("compare", "first", "worse", "--json").json
    assert [slot["case_id"] for slot in backwards["improvements"]] == [
        slot["case_id"] for slot in compared["regressions"]
    ]


def test_comparing_with_what_is_not_there_is_refused(blessed: Desk) -> None:
    refused = blessed("compare", "first", "mian")
    assert refused.code == 64
    assert "main" in refused.err.replace("mian", "")
    assert blessed("compare", "frist", "main").code == 64


def test_a_baseline_whose_run_is_gone_is_said_and_no_traceback(blessed: Desk) -> None:
    import shutil

    shutil.rmtree(next(blessed.folder.glob(".evalfactory/*/runs/first")))
    (blessed.folder / ".evalfactory" / "runs" / "first.json").unlink()
    ran = blessed("run", "suite.yaml", "--baseline", "main")
    assert "Traceback" not in ran.err
    assert "first" in ran.out + ran.err
    assert ran.code in (0, 64)


def test_a_baseline_of_another_suite_is_its_own(blessed: Desk) -> None:
    blessed.suite(name="another-bot")
    blessed.run("--run-id", "other", "--baseline", "main")
    assert baseline_of(blessed, "other")["run_id"] is None


def test_retry_without_an_errored_slot_is_refused(desk: Desk) -> None:
    refused = desk("retry", "first", "--errored")
    assert refused.code == 64
    assert "nothing to retry" in refused.err
    assert [run["run_id"] for run in desk("runs", "--json").json["runs"]] == ["first"]


def test_retry_of_an_incomplete_run_is_refused(desk: Desk) -> None:
    desk("work", "suite.yaml", "--run-id", "half", "--shard-index", "0", "--total-shards", "2")
    desk("collect", "half")
    refused = desk("retry", "half", "--errored")
    assert refused.code == 64
    assert "evalfactory resume half" in refused.err


def test_a_pointer_is_one_small_file(blessed: Desk) -> None:
    (pointer,) = blessed.folder.glob(".evalfactory/*/baselines/main.json")
    assert json.loads(pointer.read_text())["run_id"] == "first"
