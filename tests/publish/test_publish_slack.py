"""A verdict in Slack: blocks below Slack's limits, a thread a suite, and silence when nothing has changed."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given, settings
from slack_sdk.models.blocks import Block

from command_line import Desk, process
from evalfactory.app.publishing import Message, Published
from evalfactory.app.slacking import SlackOptions, publish_slack
from evalfactory.errors import UsageError
from evalfactory.publish.sending import Patience
from evalfactory.publish.slack import SlackPlace, slack_place
from evalfactory.records.report import Report
from evalfactory.render.comment import Around
from evalfactory.render.slack import slack_blocks, slack_text
from fakes.memory_store import MemoryStore
from hostile_given import TRICKS, poisoned_report, recorded
from report_given import told
from scripted_endpoint import Action, Asked, Bytes, ScriptedEndpoint

REPORT = told().report
AROUND = Around(REPORT.regressions, 12, "https://ci.test/report")
TOKEN = "xoxb-a-secret-token"
EVERYTHING = "".join(c for c in "".join(TRICKS) if not "\ud800" <= c <= "\udfff")


@dataclass
class SlackServer:
    """What a scripted endpoint says in Slack's place."""

    first: list[Action] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Action:
        if self.first:
            return self.first.pop(0)
        check(asked.body)
        if asked.path.startswith("/services/"):
            self.messages.append(asked.body)
            return Bytes(b"ok", headers={"Content-Type": "text/plain"})
        if asked.path != "/v1/chat.postMessage" or asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return answer(ok=False, error="invalid_auth")
        self.messages.append(asked.body)
        return answer(ok=True, channel="C1", ts=f"{len(self.messages)}.0")


def answer(**told_of: Any) -> Bytes:
    return Bytes(json.dumps(told_of).encode())


def check(message: dict[str, Any]) -> None:
    """Slack's own limits, as its SDK has them, and those of its documentation."""
    assert 0 < len(message["text"]) <= 4_000
    assert 0 < len(message["blocks"]) <= 50
    for block in Block.parse_all(message["blocks"]):
        block.validate_json()
    assert len(json.dumps(message["blocks"])) < 40_000
    for text in texts_of(message["blocks"]):
        assert 0 < len(text) <= 3_000


def texts_of(value: Any) -> list[str]:
    match value:
        case {"type": "text", "text": str(text)}:
            return [text]
        case dict():
            return [text for each in value.values() for text in texts_of(each)]
        case list():
            return [text for each in value for text in texts_of(each)]
        case _:
            return []


def published(
    server: SlackServer, store: MemoryStore, report: Report = REPORT, *, webhook: bool = False, always: bool = False
) -> Published:
    async def no_wait(seconds: float) -> None: ...

    async def work() -> Published:
        async with ScriptedEndpoint(server) as endpoint:
            hook = endpoint.url.replace("/v1", "/services/T0/B0/secretsecret")
            place = SlackPlace(webhook=hook) if webhook else SlackPlace(TOKEN, "evals", None, endpoint.url)
            patience = Patience(wait=no_wait, rng=random.Random(1))
            return await publish_slack(store, Message(report, AROUND), place, SlackOptions(always), patience)

    return asyncio.run(work())


def passed(report: Report) -> Report:
    return report.model_copy(update={"verdict": report.verdict.model_copy(update={"outcome": "PASS", "checks": ()})})


def test_a_suite_has_one_thread_and_a_new_verdict_is_seen_in_the_channel() -> None:
    server, store = SlackServer(), MemoryStore()
    assert published(server, store).state == "created"
    assert published(server, store, passed(REPORT)).state == "created"
    assert published(server, store, passed(REPORT), always=True).state == "created"
    first, second, third = server.messages
    assert "thread_ts" not in first
    assert (second["thread_ts"], second["reply_broadcast"]) == ("1.0", True)
    assert (third["thread_ts"], third["reply_broadcast"]) == ("1.0", False)
    assert first["blocks"][0]["text"]["text"].startswith("❌ FAIL · ")


def test_it_is_quiet_when_nothing_has_changed() -> None:
    server, store = SlackServer(), MemoryStore()
    later = REPORT.model_copy(update={"run_id": "later", "wall_s": 3.0})
    assert [published(server, store).state, published(server, store, later).state] == ["created", "skipped"]
    assert len(server.messages) == 1


def test_a_thread_that_is_gone_is_begun_anew() -> None:
    server, store = SlackServer(), MemoryStore()
    published(server, store)
    server.first = [answer(ok=False, error="thread_not_found")]
    assert published(server, store, passed(REPORT)).state == "created"
    published(server, store, always=True)
    assert "thread_ts" not in server.messages[1]
    assert server.messages[2]["thread_ts"] == "2.0"


def test_a_webhook_knows_no_threads() -> None:
    server, store = SlackServer(), MemoryStore()
    assert published(server, store, webhook=True).state == "created"
    assert published(server, store, passed(REPORT), webhook=True).state == "created"
    assert not {"channel", "thread_ts"}.intersection(*server.messages)


def test_what_slack_refuses_is_said_and_told_again_the_next_time() -> None:
    store = MemoryStore()
    refused = published(SlackServer(first=[answer(ok=False, error="not_in_channel")]), store)
    assert (refused.state, refused.detail) == ("failed", "Slack answered not_in_channel")
    gone = published(SlackServer(first=[Bytes(b"no_service", 404)] * 9), store, webhook=True)
    assert (gone.state, gone.detail) == ("failed", "Slack answered 404: no_service")
    late = SlackServer(first=[Bytes(b"", 429, {"Retry-After": "2"}), Bytes(b"", 503)])
    assert published(late, store).state == "created"


@settings(max_examples=25)
@given(recorded)
@example(EVERYTHING)
@example("<!channel> <@U1> <http://e.x|x> *b* _i_ `c` :tada: http://e.x @here #general")
def test_whatever_is_in_a_report_the_message_keeps_the_limits_and_the_markup(text: str) -> None:
    report = poisoned_report(REPORT, text)
    blocks = slack_blocks(report, Around(report.regressions, 12, "https://ci.test/"))
    check({"text": slack_text(report), "blocks": blocks})
    kinds = {kind for block in blocks for kind in types_of(block)}
    assert kinds == {
        "header",
        "plain_text",
        "rich_text",
        "rich_text_section",
        "rich_text_list",
        "rich_text_preformatted",
        "text",
        "link",
    }
    assert not set("<>").intersection(slack_text(report))
    assert "://" not in slack_text(report)


def types_of(value: Any) -> list[str]:
    if isinstance(value, list):
        return [kind for each in value for kind in types_of(each)]
    inside = (
        [kind for each in value.values() if isinstance(each, dict | list) for kind in types_of(each)]
        if isinstance(value, dict)
        else []
    )
    return [*([value["type"]] if isinstance(value, dict) and "type" in value else []), *inside]


def test_a_report_with_hundreds_of_metrics_keeps_the_limits() -> None:
    many = REPORT.model_copy(update={"metrics": REPORT.metrics * 100})
    check({"text": slack_text(many), "blocks": slack_blocks(many, Around(REPORT.regressions * 50, 5000))})


def test_who_is_to_be_told_comes_from_the_environment() -> None:
    assert slack_place({"SLACK_BOT_TOKEN": TOKEN}, "evals").token == TOKEN
    assert slack_place({"SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/x"}).webhook is not None
    for around, said in (
        ({}, "no token, no webhook"),
        ({"SLACK_BOT_TOKEN": TOKEN}, "which channel"),
        ({"SLACK_WEBHOOK_URL": "x"}, "no address"),
    ):
        with pytest.raises(UsageError, match=said):
            slack_place(around)


def test_the_command_tells_slack_once_and_keeps_the_webhook_to_itself(desk: Desk) -> None:
    async def work(server: SlackServer) -> list[Any]:
        async with ScriptedEndpoint(server) as endpoint:
            env = {
                "SLACK_WEBHOOK_URL": endpoint.url.replace("/v1", "/services/T0/B0/secretsecret"),
                "SLACK_BOT_TOKEN": "",
            }
            words = ("publish", "slack", "first", "--json")
            return [await asyncio.to_thread(process, *words, cwd=desk.folder, env=env) for _ in range(2)]

    server = SlackServer()
    ran = asyncio.run(work(server))
    assert [each.code for each in ran] == [0, 0]
    assert [each.json["published"][0]["state"] for each in ran] == ["created", "skipped"]
    assert "secretsecret" not in "".join(each.out + each.err for each in ran)
    assert not [path for path in desk.folder.rglob("*") if path.is_file() and b"secretsecret" in path.read_bytes()]
