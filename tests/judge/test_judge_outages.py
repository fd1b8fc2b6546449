"""A judge that goes away, refuses the key, or never was there; over real HTTP."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Any

import pytest

from evalfactory.errors import RefusedError, UnavailableError
from evalfactory.judge.client import open_judge
from evalfactory.judge.port import Judge, JudgeError
from evalfactory.judge.retry import RetryPolicy
from evalfactory.records.suite import JudgeSpec
from scripted_endpoint import (
    QUICK,
    Action,
    Asked,
    Hang,
    ScriptedEndpoint,
    error,
    in_turn,
    metered,
    say,
    with_judge,
)


def many(count: int) -> Any:
    async def do(judge: Judge) -> list[Any]:
        return await asyncio.gather(*(judge.ask(f"p{n}", None) for n in range(count)), return_exceptions=True)

    return do


def test_a_judge_that_comes_back_costs_no_call() -> None:
    endpoint = ScriptedEndpoint(lambda asked: say("fine") if asked.number < 5 or asked.number > 90 else error(503))
    assert with_judge(endpoint, many(40), max_in_flight=10, max_tries=2) == ["fine"] * 40


def test_a_judge_that_is_away_is_probed_by_one_request_at_a_time() -> None:
    """Nothing else is sent between the probes, and the answer to one opens the gate."""
    policy = RetryPolicy(
        base_s=0.001, cap_s=0.002, away_after_s=0.02, away_after_failures=8, probe_base_s=0.01, probe_cap_s=0.01
    )
    away = asyncio.Event()
    last = {"peak": 0}
    endpoint = ScriptedEndpoint(lambda asked: script(asked))

    def script(asked: Asked) -> Action:
        if away.is_set():
            last["peak"] = max(last["peak"], endpoint.in_flight)
        return say("fine") if asked.number > 400 or last.get("probes", 0) > 5 else error(503)

    async def do(judge: Judge) -> Any:
        calls = asyncio.gather(*(judge.ask("p", None) for _ in range(20)))
        while judge.status().state != "away":  # type: ignore[attr-defined]
            await asyncio.sleep(0.001)
        while judge.status().in_flight:  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        away.set()
        sent = len(endpoint.asked)
        await endpoint.has_been_asked(sent + 5)
        last["probes"] = 6
        return await calls

    assert with_judge(endpoint, do, max_in_flight=20, policy=policy) == ["fine"] * 20
    assert last["peak"] == 1


def test_an_outage_ends_every_call_with_one_clear_word_and_leaves_them_pending() -> None:
    endpoint = ScriptedEndpoint(in_turn(error(503, "no upstream")))
    ended = with_judge(endpoint, many(20), max_in_flight=5, max_tries=2, outage_s=0.15)
    assert {type(each) for each in ended} == {UnavailableError}
    assert re.match(rf"the judge at {re.escape(endpoint.url)} has answered nothing for \d+ s, since ", str(ended[0]))
    assert "UTC; last: HTTP 503: no upstream" in str(ended[0])
    assert {each.hint for each in ended} == {None}  # whoever asked knows how to go on


def test_after_an_outage_was_called_no_call_waits_again() -> None:
    async def do(judge: Judge) -> int:
        await asyncio.gather(judge.ask("p", None), return_exceptions=True)
        sent = len(endpoint.asked)
        with pytest.raises(UnavailableError):
            await judge.ask("later", None)
        return len(endpoint.asked) - sent

    endpoint = ScriptedEndpoint(in_turn(error(503)))
    assert with_judge(endpoint, do, outage_s=0.05) == 0


def test_a_judge_that_hangs_ends_as_an_outage_too() -> None:
    ended = with_judge(ScriptedEndpoint(in_turn(Hang())), many(6), timeout_s=0.03, max_in_flight=3, outage_s=0.15)
    assert {type(each) for each in ended} == {UnavailableError}
    assert "last: no answer within" in str(ended[0])


def test_a_judge_that_hangs_is_not_waited_for_beyond_the_outage() -> None:
    """The last request's timeout is far longer than the outage; its patience ends with the outage."""
    endpoint = ScriptedEndpoint(in_turn(error(503), Hang()))
    ended = with_judge(endpoint, many(1), timeout_s=1000.0, outage_s=0.1)
    assert {type(each) for each in ended} == {UnavailableError}


def test_an_address_where_nobody_listens_is_an_outage() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def run() -> None:
        judge = open_judge(JudgeSpec(model="m", base_url=f"http://127.0.0.1:{port}/v1", outage_s=0.05), policy=QUICK)
        try:
            await judge.ask("p", None)
        finally:
            await judge.close()

    with pytest.raises(UnavailableError, match=f"; last: cannot connect to 127.0.0.1:{port}: Connection refused$"):
        asyncio.run(run())


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_refused_before_the_first_success_ends_everybody_at_once(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("JUDGE_API_KEY", "sk-very-secret")
    endpoint = ScriptedEndpoint(in_turn(error(status, "wrong key sk-very-secret")))
    ended = with_judge(endpoint, many(20), api_key_env="JUDGE_API_KEY", max_in_flight=2)
    assert {type(each) for each in ended} == {RefusedError}
    assert {str(each) for each in ended} == {
        f"the judge at {endpoint.url} refuses the key in JUDGE_API_KEY: HTTP {status}: wrong key [key]\n"
        "  try: check the value of JUDGE_API_KEY"
    }
    assert len(endpoint.asked) <= 3


def test_a_judge_that_wants_a_key_where_none_is_named_says_how_to_name_it() -> None:
    [ended] = with_judge(ScriptedEndpoint(in_turn(error(401))), many(1))
    assert "refuses a request without a key" in str(ended)
    assert "api_key_env" in str(ended)


def test_a_key_refused_after_a_success_is_an_outage() -> None:
    async def do(judge: Judge) -> Any:
        await judge.ask("p", None)
        return await many(3)(judge)

    endpoint = ScriptedEndpoint(in_turn(say("fine"), error(401, "revoked")))
    ended = with_judge(endpoint, do, outage_s=0.05)
    assert {type(each) for each in ended} == {UnavailableError}
    assert "last: HTTP 401: revoked" in str(ended[0])


def test_a_key_that_worked_elsewhere_in_the_run_is_not_called_wrong() -> None:
    endpoint = ScriptedEndpoint(in_turn(error(401), error(401), say("fine")))
    assert with_judge(endpoint, many(1), succeeded_before=True) == ["fine"]


def test_a_key_refused_for_one_request_alone_is_an_error_of_that_request() -> None:
    endpoint = ScriptedEndpoint(lambda asked: error(403, "not this") if asked.prompt == "p0" else say("fine"))

    async def do(judge: Judge) -> Any:
        await judge.ask("first", None)
        return await many(40)(judge)

    first, *rest = with_judge(endpoint, do, max_in_flight=1, max_tries=3)
    assert isinstance(first, JudgeError)
    assert first.error_class == "auth"
    assert rest == ["fine"] * 39


def test_a_model_that_nobody_knows_ends_the_run_at_once() -> None:
    endpoint = ScriptedEndpoint(in_turn(error(404, "The model `m` does not exist")))
    ended = with_judge(endpoint, many(10), max_in_flight=2)
    assert {type(each) for each in ended} == {UnavailableError}
    assert "knows no such model or path: HTTP 404: The model `m` does not exist" in str(ended[0])
    assert len(endpoint.asked) <= 3


def test_money_that_is_spent_is_no_matter_of_pace() -> None:
    endpoint = ScriptedEndpoint(in_turn(error(429, "no money", code="insufficient_quota")))
    ended = with_judge(endpoint, many(3), outage_s=0.05)
    assert {type(each) for each in ended} == {UnavailableError}
    assert "insufficient_quota" in str(ended[0])


def test_time_in_an_outage_is_not_the_measurements_time() -> None:
    async def do(judge: Judge) -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        with metered() as meter:
            await asyncio.gather(judge.ask("p", None), return_exceptions=True)
            return meter.active_s(loop.time()), loop.time() - meter.started_s

    active_s, wall_s = with_judge(ScriptedEndpoint(in_turn(error(503))), do, outage_s=0.3)
    assert wall_s >= 0.3
    assert active_s < wall_s / 2
