"""A verdict on GitHub, against a server that takes only what GitHub's own API description knows."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command_line import Desk, process
from evalfactory.app.publishing import (
    Channel,
    GitHubOptions,
    Message,
    Published,
    conclusion_of,
    publish_github,
    state_of,
)
from evalfactory.errors import UsageError
from evalfactory.publish.actions import Given, Place, place_of
from evalfactory.publish.sending import Patience
from evalfactory.records.report import Outcome
from evalfactory.render.comment import Around, comment, marker
from evalfactory.suites import load_suite
from fakes.github_api import BOT, REPOSITORY, TOKEN, GitHubServer, refused
from report_given import told
from scripted_endpoint import Drop, ScriptedEndpoint

SHA = "a" * 40
REPORT = told().report
MESSAGE = Message(REPORT, Around(REPORT.regressions, 5, "https://ci.test/report", [("again", "evalfactory run x")]))


class Waits(list[float]):
    """Waits that take no time, and are remembered."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def published(
    server: GitHubServer,
    waits: Waits | None = None,
    message: Message = MESSAGE,
    only: tuple[Channel, ...] = (),
    *,
    always: bool = False,
    **place: Any,
) -> dict[str, Published]:
    async def work() -> list[Published]:
        async with ScriptedEndpoint(server) as endpoint:
            where = Place(REPOSITORY, 7, SHA, TOKEN, endpoint.url.removesuffix("/v1"))
            patience = Patience(wait=waits if waits is not None else Waits(), rng=random.Random(1))
            return await publish_github(
                message, dataclasses.replace(where, **place), GitHubOptions(only, always=always), patience
            )

    ways = {each.channel: each for each in asyncio.run(work())}
    assert not server.problems
    return ways


def test_a_verdict_is_told_as_comment_check_and_status_in_githubs_own_terms(tmp_path: Path) -> None:
    server = GitHubServer()
    ways = published(server, summary_file=str(tmp_path / "summary.md"))
    assert [each.state for each in ways.values()] == ["written", "created", "created", "created"]
    (posted,), (check,), (status,) = server.comments, server.checks, server.statuses
    assert posted["body"].splitlines()[0].startswith("## ❌ FAIL · ")
    assert (check["conclusion"], check["head_sha"], check["external_id"]) == ("failure", SHA, REPORT.run_id)
    assert (status["state"], status["sha"], status["target_url"]) == ("failure", SHA, "https://ci.test/report")
    assert "## ❌ FAIL" in (tmp_path / "summary.md").read_text()


def test_the_comment_is_changed_in_place_and_one_suites_is_not_anothers() -> None:
    server = GitHubServer()
    published(server)
    assert published(server)["comment"].state == "updated"
    other = MESSAGE._replace(report=REPORT.model_copy(update={"suite": "other"}))
    assert published(server, message=other)["comment"].state == "created"
    assert len(server.comments) == 2


def told_at_the_hour(hour: int) -> Message:
    return MESSAGE._replace(report=REPORT.model_copy(update={"created_at": f"2026-11-23T{hour:02d}:00:00.000+00:00"}))


def test_an_older_build_that_is_done_later_leaves_the_newer_ones_comment() -> None:
    server = GitHubServer()
    published(server, message=told_at_the_hour(9))
    newer = server.comments[0]["body"]
    left = published(server, message=told_at_the_hour(8))
    assert (left["comment"].state, left["comment"].missed) == ("skipped", False)
    assert "later run: --always" in left["comment"].detail
    assert (left["check"].state, left["status"].state) == ("created", "created")  # of its own commit
    assert [each["body"] for each in server.comments] == [newer]
    assert published(server, message=told_at_the_hour(8), always=True)["comment"].state == "updated"
    assert published(server, message=told_at_the_hour(10))["comment"].state == "updated"
    assert len(server.comments) == 1


def test_of_twins_the_one_about_the_latest_run_is_kept() -> None:
    server = GitHubServer()
    for hour in (7, 9, 8):
        server.stranger_says(comment(told_at_the_hour(hour).report, Around()), BOT)
    server.stranger_says(f"of an older version\n{marker(REPORT.suite)}", BOT)
    assert published(server, message=told_at_the_hour(8))["comment"].state == "skipped"
    assert published(server, message=told_at_the_hour(9))["comment"].state == "updated"
    assert [each["id"] for each in server.comments] == [2]


def test_a_strangers_comment_with_our_marker_is_never_touched() -> None:
    server = GitHubServer()
    server.stranger_says(f"look\n\n{marker(REPORT.suite)}")
    server.stranger_says(f"{marker(REPORT.suite)}\n\nbehind it", BOT)
    before = [each["body"] for each in server.comments]
    assert published(server)["comment"].state == "created"
    assert [each["body"] for each in server.comments[:2]] == before
    assert published(server)["comment"].state == "updated"
    assert len(server.comments) == 3


def test_with_a_persons_token_only_that_persons_comment_is_ours() -> None:
    server = GitHubServer(login="ann")
    server.stranger_says(f"x\n{marker(REPORT.suite)}", {"login": "bob", "type": "User"})
    server.stranger_says(f"x\n{marker(REPORT.suite)}", BOT)
    assert [published(server)["comment"].state for _ in range(2)] == ["created", "updated"]
    assert len(server.comments) == 3


def test_the_comment_is_found_behind_many_others_and_twins_are_removed() -> None:
    server = GitHubServer()
    for number in range(230):
        server.stranger_says(f"remark {number}")
    for _ in range(3):
        server.stranger_says(f"old\n{marker(REPORT.suite)}", BOT)
    assert published(server)["comment"].state == "updated"
    ours = [each for each in server.comments if each["user"]["login"] == BOT["login"]]
    assert [each["id"] for each in ours] == [231]


def test_a_fork_without_a_token_that_may_write_has_the_summary_alone(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    ways = published(GitHubServer(read_only=True), summary_file=str(summary), from_fork=True)
    assert [each.state for each in ways.values()] == ["written", "skipped", "skipped", "skipped"]
    assert "fork" in ways["comment"].detail
    assert "FAIL" in summary.read_text()
    assert [each.state for each in published(GitHubServer(), summary_file=str(summary), token=None).values()] == [
        "written", "skipped", "skipped", "skipped",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "least_s"),
    [
        (refused(429, "slow down", {"Retry-After": "7"}), 7.0),
        (refused(403, "You have exceeded a secondary rate limit", {"Retry-After": "11"}), 11.0),
        (refused(502, "Bad gateway"), 0.0),
        (refused(503, "Unavailable", {"Retry-After": "3", "x-ratelimit-reset": "99999999999"}), 3.0),
        (Drop(), 0.0),
    ],
)
def test_what_another_try_can_help_is_tried_again_when_github_asks_for_it(answer: Any, least_s: float) -> None:
    server, waits = GitHubServer(first=[answer, answer]), Waits()
    ways = published(server, waits)
    assert [each.state for each in ways.values() if each.channel != "summary"] == ["created"] * 3
    assert 1 <= len(waits) <= 2  # of a connection that breaks, aiohttp mends the first by itself
    assert all(wait_s >= least_s for wait_s in waits)


def test_what_stays_broken_is_said_and_is_no_error() -> None:
    server, waits = GitHubServer(first=[refused(500, f"boom {TOKEN}")] * 100), Waits()
    ways = published(server, waits)
    assert {each.state for each in ways.values() if each.channel != "summary"} == {"failed"}
    assert "500: boom [key] (tried 6 times)" in ways["comment"].detail
    assert TOKEN not in str(ways)


def test_nobody_waits_for_an_hour() -> None:
    waits = Waits()
    ways = published(GitHubServer(first=[refused(429, "x", {"Retry-After": "3600"})] * 9), waits)
    assert not waits
    assert "asks to wait 3600 s" in ways["comment"].detail


def test_a_wrong_token_is_not_tried_again_and_not_shown() -> None:
    server = GitHubServer()
    ways = published(server, token="ghp_wrong_secret")
    assert len(server.seen) == 3
    assert {each.state for each in ways.values() if each.channel != "summary"} == {"failed"}
    assert "ghp_wrong_secret" not in str(ways)


@pytest.mark.parametrize(
    ("refusal", "fork", "state", "missed", "said"),
    [
        (refused(401, "Bad credentials"), False, "failed", True, "the token is wrong, or has expired"),
        (refused(401, "Bad credentials"), True, "failed", True, "the token is wrong, or has expired"),
        (refused(404, "Not Found"), False, "failed", True, "no such repository, pull request or commit"),
        (refused(404, "Not Found"), True, "skipped", False, "a fork's build"),
        (refused(403, "Resource not accessible by integration"), False, "skipped", True, "the token may not do this"),
        (refused(403, "Resource not accessible by integration"), True, "skipped", False, "a fork's build"),
        (
            refused(403, "x", {"x-ratelimit-remaining": "0", "Retry-After": "999"}),
            False,
            "failed",
            True,
            "asks to wait",
        ),
        (refused(422, "Validation Failed"), True, "failed", True, "422"),
    ],
)
def test_only_a_token_that_may_not_write_is_no_failure(
    refusal: Any, fork: bool, state: str, missed: bool, said: str
) -> None:
    ways = published(GitHubServer(first=[refusal] * 9), from_fork=fork)
    for way in ("comment", "check", "status"):
        assert (ways[way].state, ways[way].missed, said in ways[way].detail) == (state, missed, True), ways[way]


@pytest.mark.parametrize(
    ("place", "only", "missed"),
    [
        ({"pull_request": None}, (), set()),  # a push's build has no pull request
        ({"pull_request": None}, ("comment",), {"comment"}),
        ({"sha": None}, (), set()),
        ({"sha": None}, ("check", "comment"), {"check"}),
        ({"token": None, "summary_file": "s"}, (), {"comment", "check", "status"}),
        ({"repository": None, "summary_file": "s"}, (), {"comment", "check", "status"}),
        ({"token": None, "summary_file": "s", "from_fork": True}, (), set()),
        ({"pull_request": None, "summary_file": "s", "from_fork": True}, ("comment",), set()),
    ],
)
def test_what_a_build_has_no_place_for_is_missed_only_by_who_names_it(
    place: dict[str, Any], only: tuple[Channel, ...], missed: set[str], tmp_path: Path
) -> None:
    if "summary_file" in place:
        place = {**place, "summary_file": str(tmp_path / "s")}
    ways = published(GitHubServer(), only=only, **place)
    assert {way for way, each in ways.items() if each.missed} == missed
    assert all(each.state == "skipped" for each in ways.values() if each.missed)


def test_where_neither_commit_nor_pull_request_nor_summary_is_known_there_is_nowhere_to_publish_to() -> None:
    with pytest.raises(UsageError, match="no pull request, no commit, and no job summary"):
        published(GitHubServer(), pull_request=None, sha=None)


def test_a_comment_whose_answer_was_lost_is_not_there_twice() -> None:
    server = GitHubServer(lost=1)
    assert published(server)["comment"].state == "created"
    assert len(server.comments) == 1


@pytest.mark.parametrize(
    ("outcome", "taken_as", "conclusion", "state"),
    [
        ("PASS", None, "success", "success"),
        ("FAIL", None, "failure", "failure"),
        ("INCONCLUSIVE", "PASS", "neutral", "success"),
        ("INCONCLUSIVE", "FAIL", "failure", "failure"),
        ("INCONCLUSIVE", None, "action_required", "error"),
        ("INCOMPLETE", None, "action_required", "error"),
    ],
)
def test_a_commit_is_marked_as_the_exit_code_says(
    outcome: Outcome, taken_as: Outcome | None, conclusion: str, state: str
) -> None:
    verdict = REPORT.verdict.model_copy(update={"outcome": outcome, "taken_as": taken_as})
    report = REPORT.model_copy(update={"verdict": verdict})
    assert (conclusion_of(report), state_of(report)) == (conclusion, state)


def test_the_pull_request_and_its_head_come_from_the_event() -> None:
    around = {
        "GITHUB_REPOSITORY": "octo/shop", "GITHUB_SHA": "b" * 40, "GITHUB_RUN_ID": "99", "GITHUB_TOKEN": "t",
        "GITHUB_REF": "refs/pull/8/merge", "GITHUB_SERVER_URL": "https://ghe.test/", "GITHUB_API_URL": "https://ghe.test/api/v3",
    }  # fmt: skip
    event = {"pull_request": {"number": 7, "head": {"sha": SHA, "repo": {"full_name": "fork/shop"}}}}
    place = place_of(around, json.dumps(event))
    assert (place.pull_request, place.sha, place.from_fork) == (7, SHA, True)
    assert place.build_url == "https://ghe.test/octo/shop/actions/runs/99"
    assert place_of(around, "").pull_request == 8
    assert place_of(around, json.dumps(event), Given(pull_request=3)).pull_request == 3


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["pull_request", "head", "sha", "number", "repo", "full_name"]), inner)
        ),
        max_leaves=8,
    )
)
@settings(max_examples=40)
def test_whatever_the_event_is_the_place_is_told_or_the_commit_refused(event: Any) -> None:
    with contextlib.suppress(UsageError):  # of a commit that is none
        place = place_of({}, json.dumps(event))
        assert place.pull_request is None or place.pull_request > 0


def test_the_command_publishes_and_its_exit_code_is_never_the_verdicts(desk: Desk) -> None:
    desk.suite(gate={"metrics": {"faithfulness": {"mean": 1.1}}})
    desk.run("--run-id", "worse")
    assert desk.report("worse")["verdict"]["outcome"] == "FAIL"
    summary = desk.folder / "summary.md"

    async def work(server: GitHubServer, *argv: str) -> Any:
        async with ScriptedEndpoint(server) as endpoint:
            env = {
                "GITHUB_API_URL": endpoint.url.removesuffix("/v1"), "GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": REPOSITORY,
                "GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": SHA, "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_ACTIONS": "true",
            }  # fmt: skip
            return await asyncio.to_thread(
                process, "publish", "github", "worse", "--json", *argv, cwd=desk.folder, env=env
            )

    server = GitHubServer()
    ran = asyncio.run(work(server))
    assert (ran.code, server.problems) == (0, [])
    assert [each["state"] for each in ran.json["published"]] == ["written", "created", "created", "created"]
    assert server.checks[0]["conclusion"] == "failure"
    broken = GitHubServer(first=[refused(422, "Validation Failed")] * 9)
    ran = asyncio.run(work(broken, "--strict", "--only", "status"))
    assert ran.code == 69
    assert "::warning title=evalfactory::status not published: GitHub answered 422: Validation Failed" in ran.err
    unknown = asyncio.run(work(GitHubServer(first=[refused(404, "Not Found")] * 9)))
    assert (unknown.code, unknown.err.count("::warning")) == (0, 3)
    read_only = asyncio.run(work(GitHubServer(read_only=True), "--strict"))
    assert (read_only.code, read_only.err.count("::warning")) == (69, 3)


def test_nowhere_to_publish_to_is_said(desk: Desk) -> None:
    clean = dict.fromkeys(("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_STEP_SUMMARY", "GITHUB_REPOSITORY"), "")
    ran = process("publish", "github", "first", cwd=desk.folder, env=clean)
    assert (ran.code, "nowhere to publish to" in ran.err) == (64, True)
    shown = desk("publish", "github", "first", "--dry-run")
    assert (shown.code, shown.out.splitlines()[-1]) == (0, marker("support-bot"))


def test_what_may_be_told_changes_no_plan(desk: Desk) -> None:
    before = load_suite(desk.suite()).digest
    path = desk.suite(publish={"redact": ["input"]})
    assert load_suite(path).digest == before
    desk.run("--run-id", "private")
    plans = [next(desk.folder.rglob(f"{run}/plan.json")) for run in ("first", "private")]
    first, private = (json.loads(plan.read_text()) for plan in plans)
    assert first["digest"] == private["digest"]
    assert private["publish"]["redact"] == ["input"]


def test_what_the_suite_redacts_is_nowhere_in_what_is_told(desk: Desk) -> None:
    desk.suite(publish={"redact": ["input", "context", "case_id"]}, metrics=[{"faithfulness": {"threshold": 1.0}}])
    desk.run("--run-id", "private")
    body = desk("publish", "github", "private", "--dry-run").out
    private = desk.report("private")
    assert private["worst"]
    for result in private["worst"]:
        for text in (result["input"], *result["retrieval_context"], result["case_id"], result["reason"]):
            assert text not in body
    assert "**answered**" in body
    assert comment(REPORT, Around()).count("**asked**") > 0
