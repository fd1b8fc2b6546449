from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from command_line import Desk

TOPICS = ("returns", "shipping", "billing", "account")


def case(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"case-{number:03}",
        "input": f"Where is parcel {number}?",
        "actual_output": f"Parcel {number} is on its way.",
        "retrieval_context": [f"Parcel {number} is on its way."],
        "tags": [TOPICS[0] if number % 10 < 6 else TOPICS[1] if number % 10 < 9 else TOPICS[2]],
        "metadata": {"topic": TOPICS[number % 4], "vip": number % 5 == 0, "tries": number},
        **more,
    }


@pytest.fixture
def parcels(new_desk: Desk) -> Desk:
    """A hundred cases: 60 about returns, 30 about shipping, 10 about billing."""
    new_desk.cases(*(case(number) for number in range(100)))
    new_desk.suite(tiers={"smoke": 10, "regression": 40, "full": "all", "nightly": {"count": 70}})
    return new_desk


def planned(desk: Desk, *argv: str) -> dict[str, Any]:
    """The frozen cases of a plan, by id."""
    written = desk("plan", "suite.yaml", "--write", "--json", *argv)
    assert written.code == 0, written.err
    return desk.frozen(written.json["run_id"])


def test_each_tier_is_inside_the_next_and_has_its_count(parcels: Desk) -> None:
    smoke, regression, nightly, full = (
        set(planned(parcels, "--tier", tier)) for tier in ("smoke", "regression", "nightly", "full")
    )
    assert smoke < regression < nightly < full
    assert [len(tier) for tier in (smoke, regression, nightly, full)] == [10, 40, 70, 100]


def test_without_a_tier_the_run_is_the_smoke_tier(parcels: Desk) -> None:
    assert set(planned(parcels)) == set(planned(parcels, "--tier", "smoke"))


def test_the_order_of_the_datasets_lines_changes_no_tier(parcels: Desk) -> None:
    before = set(planned(parcels))
    lines = (parcels.folder / "cases.jsonl").read_text().splitlines()
    parcels.cases(*map(json.loads, reversed(lines)))
    assert set(planned(parcels)) == before


def test_new_answers_and_contexts_change_no_tier(parcels: Desk) -> None:
    cases = [case(number) for number in range(100)]
    for each in cases:
        del each["id"]
    parcels.cases(*cases)
    before = set(planned(parcels))
    parcels.cases(*({**each, "actual_output": "No.", "retrieval_context": ["Nothing."]} for each in cases))
    assert set(planned(parcels)) == before


def test_another_seed_takes_other_cases(parcels: Desk) -> None:
    before = set(planned(parcels))
    parcels.suite(dataset={"path": "cases.jsonl", "seed": 7}, tiers={"smoke": 10})
    assert set(planned(parcels)) != before


@pytest.mark.parametrize("strata", ["tags", "metadata.topic"])
def test_strata_keep_their_proportion_in_every_tier(parcels: Desk, strata: str) -> None:
    parcels.suite(dataset={"path": "cases.jsonl", "strata": strata}, tiers={"smoke": 10, "regression": 40})
    for tier, size in (("smoke", 10), ("regression", 40)):
        cases = [frozen["case"] for frozen in planned(parcels, "--tier", tier).values()]
        if strata == "tags":
            seen = Counter(each["tags"][0] for each in cases)
            wanted = {"returns": 0.6, "shipping": 0.3, "billing": 0.1}
        else:
            seen = Counter(each["metadata"]["topic"] for each in cases)
            wanted = dict.fromkeys(TOPICS, 0.25)
        assert {topic: share * size for topic, share in wanted.items()} == pytest.approx(dict(seen), abs=1)


def test_must_run_cases_come_on_top_of_the_count(parcels: Desk) -> None:
    usual = set(planned(parcels))
    extra = sorted({f"case-{number:03}" for number in range(100)} - usual)[:3]
    parcels.suite(dataset={"path": "cases.jsonl", "must_run": {"ids": extra}}, tiers={"smoke": 10})
    frozen = planned(parcels)
    assert set(frozen) == usual | set(extra)
    assert {name for name, each in frozen.items() if each.get("group")} == set(extra)
    assert parcels("plan", "suite.yaml", "--json").json["must_run"] == 3


def test_must_run_cases_can_be_named_by_tag_or_in_the_dataset(parcels: Desk) -> None:
    usual = set(planned(parcels))
    outside = sorted({f"case-{number:03}" for number in range(100)} - usual)
    lines = [case(number) for number in range(100)]
    for each in lines:
        if each["id"] == outside[0]:
            each["must_run"] = True
        if each["id"] == outside[1]:
            each["tags"].append("critical")
    parcels.cases(*lines)
    parcels.suite(dataset={"path": "cases.jsonl", "must_run": {"tags": ["critical"]}}, tiers={"smoke": 10})
    frozen = planned(parcels)
    assert {name for name, each in frozen.items() if each.get("group")} == set(outside[:2])


def test_a_must_run_id_that_is_not_there_is_refused_with_the_nearest(parcels: Desk) -> None:
    parcels.suite(dataset={"path": "cases.jsonl", "must_run": {"ids": ["case-0077"]}})
    ran = parcels("plan", "suite.yaml")
    assert ran.code == 65
    assert "dataset.must_run.ids: no case has the id 'case-0077' (case-077" in ran.err


def test_must_run_cases_are_gated_one_by_one_and_not_averaged_in(desk: Desk) -> None:
    failing = "ja-delivery-time"  # 0 in both metrics
    desk.suite(dataset={"path": "cases.jsonl", "must_run": {"ids": [failing]}}, tiers={"smoke": 5})
    run = desk.run("--run-id", "gated")
    report = desk.report("gated")
    assert run["verdict"] == "FAIL"
    assert report["must_run_slots"] == 2
    assert {(slot["case_id"], slot["metric"]) for slot in report["must_run"]} == {
        (failing, "answer_relevancy"), (failing, "faithfulness"),
    }  # fmt: skip
    averaged = {metric["name"]: metric["counts"]["planned"] for metric in report["metrics"]}
    scores = {
        name: [
            line["score"]
            for line in desk.measurements("gated")
            if line["metric"] == name and line["case_id"] != failing
        ]
        for name in averaged
    }
    assert averaged == {name: len(each) for name, each in scores.items()}
    for metric in report["metrics"]:
        assert metric["mean"] == pytest.approx(sum(scores[metric["name"]]) / len(scores[metric["name"]]))
    assert run["planned"] == 2 * (averaged["faithfulness"] + 1)
    assert failing in desk("report", "gated").out


def test_a_case_is_looked_at_by_its_id(desk: Desk) -> None:
    run = desk.run(
        "--case", "refund-time" if "refund-time" in desk.ids("first") else "ja-delivery-time", "--run-id", "one"
    )
    assert run["planned"] == 2
    assert len(desk.ids("one")) == 1
    two = desk.run("--case", "ja-delivery-time", "--case", "plan-cancel", "--run-id", "two")
    assert two["planned"] == 4
    assert desk.ids("two") == {"ja-delivery-time", "plan-cancel"}


def test_a_case_that_is_not_there_is_refused_with_the_nearest(desk: Desk) -> None:
    ran = desk("run", "suite.yaml", "--case", "plan-cancle", "--case", "delivery-time", "--json")
    assert ran.code == 64
    assert "'delivery-time', 'plan-cancle'" in ran.json["error"]["message"]
    assert "ja-delivery-time" in ran.json["error"]["hint"]
    assert "plan-cancel" in ran.json["error"]["hint"]
    far = desk("run", "suite.yaml", "--case", "qqqqqqqq", "--json").json["error"]
    assert len(set(far["hint"].split(", ")) & desk.ids("first")) == 3  # nothing is like it: any do for an example


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (["tags=billing"], 10),
        (["tags=returns"], 60),
        (["metadata.topic=billing"], 25),
        (["metadata.vip=true"], 20),
        (["metadata.tries=7"], 1),
        (["tags=returns", "metadata.topic=returns"], 15),
        (["id=case-003"], 1),
        (["input=Where is parcel 3?"], 1),
    ],
)
def test_filters_must_all_hold(parcels: Desk, filters: list[str], count: int) -> None:
    argv = [word for each in filters for word in ("--filter", each)]
    assert parcels("plan", "suite.yaml", "--json", *argv).json["cases"] == count


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tags", "--filter tags=refund"),
        ("=x", "--filter tags=refund"),
        ("tag=returns", "tags"),
        ("actual_ouput=x", "actual_output"),
        ("tags=retruns", "returns"),
        ("metadata.topik=billing", "no case"),
        ("metadata.topic=biling", "billing"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused_with_the_nearest(parcels: Desk, text: str, words: str) -> None:
    ran = parcels("plan", "suite.yaml", "--filter", text)
    assert ran.code == 64
    assert words in ran.err


def test_filters_that_no_case_meets_together_say_so(parcels: Desk) -> None:
    ran = parcels("plan", "suite.yaml", "--filter", "metadata.tries=1", "--filter", "metadata.tries=2")
    assert ran.code == 64
    assert "no case" in ran.err


def test_a_limit_takes_the_first_cases_of_the_one_order(parcels: Desk) -> None:
    five = set(planned(parcels, "--limit", "5"))
    assert len(five) == 5
    assert five < set(planned(parcels, "--tier", "smoke"))
    assert len(planned(parcels, "--limit", "500")) == 100


def test_a_quick_look_is_called_one_and_cannot_be_blessed(desk: Desk) -> None:
    desk.run("--run-id", "look", "--limit", "2", "--filter", "tags=returns")
    assert "a quick look (tags=returns, limit 2), not a whole tier" in " ".join(desk("report", "look").out.split())
    assert " · a quick look · 2 cases" in desk("report", "look").out
    assert "a quick look" in desk("runs").out
    assert "a quick look (tags=returns, limit 2)" in desk("status", "look").out
    refused = desk("bless", "look", "--name", "main")
    assert refused.code == 64
    assert "quick look" in refused.err


def test_a_tier_that_is_not_there_is_refused_with_the_nearest(desk: Desk) -> None:
    desk.suite(tiers={"nightly": 3})
    ran = desk("run", "suite.yaml", "--tier", "nigthly", "--json")
    assert ran.code == 64
    assert "no tier 'nigthly'" in ran.json["error"]["message"]
    assert ran.json["error"]["hint"].startswith("nightly")
    assert "smoke, regression, full" in desk("run", "suite.yaml", "--tier", "xyz").err


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        ({"must_run": {"tags": ["return"]}}, "dataset.must_run.tags: no case has the tag 'return' (returns)"),
        ({"strata": "metadata.topc"}, "dataset.strata: no case has anything in 'metadata.topc'"),
        ({"cluster_by": "metadata.document"}, "dataset.cluster_by: no case has anything in 'metadata.document'"),
        ({"slices": ["tags", "metadata.lang"]}, "dataset.slices: no case has anything in 'metadata.lang'"),
    ],
)
def test_a_name_in_the_suite_that_no_case_answers_to_is_refused(
    parcels: Desk, dataset: dict[str, Any], words: str
) -> None:
    parcels.suite(dataset={"path": "cases.jsonl", **dataset})
    ran = parcels("plan", "suite.yaml")
    assert ran.code == 65
    assert words in ran.err


def test_what_one_case_has_may_be_named(parcels: Desk) -> None:
    parcels.cases(*(case(number, comments="rare") if number == 5 else case(number, tags=[]) for number in range(100)))
    dataset = {"strata": "metadata.vip", "cluster_by": "comments", "slices": ["tags", "metadata.tries"]}
    parcels.suite(dataset={"path": "cases.jsonl", **dataset, "must_run": {"tags": ["returns"]}})
    assert parcels("plan", "suite.yaml").code == 0
