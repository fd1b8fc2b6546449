"""What a judge does about requests that come to nothing, over real HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evalfactory.errors import UnavailableError
from evalfactory.judge.port import Judge, JudgeError
from evalfactory.judge.transport import BODY_LIMIT
from scripted_endpoint import (
    QUICK,
    Action,
    Asked,
    Bytes,
    Drop,
    Hang,
    ScriptedEndpoint,
    error,
    in_turn,
    metered,
    say,
    with_judge,
)


async def ask(judge: Judge) -> Any:
    with metered() as meter:
        return await judge.ask("p", None), meter.usage


@pytest.mark.parametrize(
    "fault",
    [
        error(408),
        error(409),
        error(425),
        error(429),
        error(429, headers={"Retry-After": "0.01"}),
        error(429, headers={"retry-after-ms": "5"}),
        error(500),
        error(502, headers={"Retry-After": "0.01"}),
        Bytes(b"<html>bad gateway</html>", 503),
        Bytes(b"<html>sign in</html>", 200),
        Bytes(b"", 200),
        Bytes(b'{"choices": [{"mess', 200),
        Bytes(b'{"choices": [{"mess', 200, cut=True),
        Bytes(b'{"error": {"code": 502, "message": "upstream"}}', 200),
        Drop(),
        Hang(),
    ],
    ids=lambda fault: f"{type(fault).__name__}-{getattr(fault, 'status', '')}",
)
def test_what_may_pass_is_asked_again_and_counted(fault: Action) -> None:
    endpoint = ScriptedEndpoint(in_turn(fault, fault, say("there")))
    answer, usage = with_judge(endpoint, ask, timeout_s=0.05 if isinstance(fault, Hang) else 30.0)
    assert answer == "there"
    assert (usage.calls, usage.retries, usage.reasks) == (3, 2, 0)
    assert usage.input_tokens == 100
    assert [asked.body for asked in endpoint.asked] == [endpoint.asked[0].body] * 3


@pytest.mark.parametrize(
    ("status", "message", "error_class"),
    [
        (400, "maximum context length is 10 tokens", "context_length"),
        (400, "blocked by content_filter", "content_filter"),
        (400, "temperature must be 1", "server"),
        (429, "Request too large for m", "rate_limit"),
    ],
)
def test_a_refusal_of_one_request_is_final_and_says_why(status: int, message: str, error_class: str) -> None:
    endpoint = ScriptedEndpoint(in_turn(error(status, message)))
    with pytest.raises(JudgeError, match=message) as caught:
        with_judge(endpoint, ask)
    assert caught.value.error_class == error_class
    assert len(endpoint.asked) == 1


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    endpoint = ScriptedEndpoint(in_turn(Bytes(b"x" * (BODY_LIMIT + 1))))
    with pytest.raises(JudgeError, match="larger than 8 MB") as caught:
        with_judge(endpoint, ask)
    assert caught.value.error_class == "bad_json"
    assert len(endpoint.asked) == 1


def test_a_long_prompt_is_sent_whole() -> None:
    endpoint = ScriptedEndpoint(lambda asked: say(str(len(asked.prompt))))

    async def do(judge: Judge) -> Any:
        return await judge.ask("x" * 1_000_000, None)

    assert with_judge(endpoint, do) == "1000000"


def poisoned(asked: Asked) -> Action:
    return error(500, "boom") if asked.prompt == "poison" else say("fine")


def test_a_poisoned_request_becomes_an_error_after_its_tries_while_others_are_answered() -> None:
    endpoint = ScriptedEndpoint(poisoned)

    async def do(judge: Judge) -> Any:
        async def steady(others: asyncio.Event) -> None:
            while not others.is_set():
                await judge.ask("healthy", None)

        done = asyncio.Event()
        background = asyncio.create_task(steady(done))
        with metered() as meter:
            caught = await asyncio.gather(judge.ask("poison", None), return_exceptions=True)
        done.set()
        await background
        return caught[0], meter.usage

    caught, usage = with_judge(endpoint, do, max_tries=8)
    assert isinstance(caught, JudgeError)
    assert caught.error_class == "server"
    assert str(caught) == "HTTP 500: boom (tried 8 times)"
    assert (usage.calls, usage.retries) == (8, 7)


def test_a_poisoned_request_that_outlives_all_others_still_ends_as_an_error() -> None:
    endpoint = ScriptedEndpoint(poisoned)

    async def do(judge: Judge) -> Any:
        prompts = ["poison", *["healthy"] * 20]
        return await asyncio.gather(*(judge.ask(prompt, None) for prompt in prompts), return_exceptions=True)

    first, *rest = with_judge(endpoint, do, max_tries=5, max_in_flight=1, outage_s=30.0)
    assert isinstance(first, JudgeError)
    assert rest == ["fine"] * 20


def test_a_request_that_is_alone_and_unanswered_ends_as_an_outage_and_never_as_an_error() -> None:
    with pytest.raises(UnavailableError, match=r"has answered nothing for .*; last: HTTP 500: boom"):
        with_judge(
            ScriptedEndpoint(in_turn(error(500, "boom"))), ask, max_tries=2, outage_s=0.1, policy=QUICK
        )  # fmt: skip


def test_failures_in_a_fifth_of_the_requests_cost_no_answer_and_no_concurrency() -> None:
    endpoint = ScriptedEndpoint(lambda asked: error(500) if asked.number % 5 == 0 else say("fine"))

    async def do(judge: Judge) -> Any:
        return await asyncio.gather(*(judge.ask("p", None) for _ in range(200))), judge.status()  # type: ignore[attr-defined]

    answers, status = with_judge(endpoint, do, max_in_flight=40)
    assert answers == ["fine"] * 200
    assert status.allowed == 40
    assert status.state == "open"


def test_a_cancelled_caller_frees_its_place_at_once_wherever_it_is() -> None:
    endpoint = ScriptedEndpoint(lambda asked: Hang() if asked.prompt == "stuck" else say("fine"))

    async def do(judge: Judge) -> Any:
        flying = asyncio.create_task(judge.ask("stuck", None))
        await endpoint.has_been_asked(1)
        waiting = asyncio.create_task(judge.ask("stuck", None))
        last = asyncio.create_task(judge.ask("healthy", None))
        while judge.status().waiting < 2:  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        waiting.cancel()
        flying.cancel()
        answer = await last
        gone = await asyncio.gather(flying, waiting, return_exceptions=True)
        return answer, [type(each) for each in gone], judge.status()  # type: ignore[attr-defined]

    answer, gone, status = with_judge(endpoint, do, max_in_flight=1)
    assert answer == "fine"
    assert gone == [asyncio.CancelledError] * 2
    assert (status.in_flight, status.waiting) == (0, 0)
    assert [asked.prompt for asked in endpoint.asked] == ["stuck", "healthy"]


def test_what_a_server_says_is_clipped_cleaned_and_never_holds_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "sk-very-secret")
    monkeypatch.setenv("TEAM_TOKEN", "team-token-9")
    words = "\x1b[31mwrong sk-very-secret\u202e and team-token-9\n" + "x" * 5000
    with pytest.raises(JudgeError) as caught:
        with_judge(
            ScriptedEndpoint(in_turn(error(400, words))),
            ask,
            api_key_env="KEY",
            headers={"X-Team": "Token ${TEAM_TOKEN}"},
        )
    message = str(caught.value)
    assert message.startswith("HTTP 400: [31mwrong [key] and [key] xxx")
    assert len(message) <= 300
    assert "\x1b" not in message
    assert "\u202e" not in message
