"""Limits, pauses and shares, over real HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evalfactory.errors import UnavailableError
from evalfactory.judge.port import Judge, JudgeError, Paced
from scripted_endpoint import QUICK, Asked, Bytes, ScriptedEndpoint, error, in_turn, metered, say, with_judge


async def hundred(judge: Judge) -> list[Any]:
    return await asyncio.gather(*(judge.ask("p", None) for _ in range(100)))


def test_no_more_requests_are_in_flight_than_the_suite_allows() -> None:
    endpoint = ScriptedEndpoint(in_turn(say("fine")))
    assert with_judge(endpoint, hundred, max_in_flight=7) == ["fine"] * 100
    assert endpoint.peak <= 7


@pytest.mark.parametrize(("share", "allowed"), [(0.5, 4), (0.25, 2), (0.01, 1)])
def test_a_worker_keeps_to_its_share(share: float, allowed: int) -> None:
    endpoint = ScriptedEndpoint(in_turn(say("fine")))
    with_judge(endpoint, hundred, max_in_flight=8, share=share)
    assert endpoint.peak <= allowed


def test_a_share_can_grow_and_shrink_while_calls_wait() -> None:
    async def do(judge: Judge) -> list[int]:
        assert isinstance(judge, Paced)
        calls = asyncio.gather(*(judge.ask("p", None) for _ in range(12)))
        seen = []
        for share, in_flight in ((0.1, 1), (0.5, 5), (1.0, 10)):
            judge.set_share(share)
            await endpoint.has_been_asked(in_flight)
            seen.append(endpoint.in_flight)
        event.set()
        await calls
        return seen

    event = asyncio.Event()
    endpoint = ScriptedEndpoint(in_turn(say("fine", event=event)))
    assert with_judge(endpoint, do, max_in_flight=10, share=0.1) == [1, 5, 10]


def test_a_minutes_requests_are_spent_evenly_after_one_seconds_burst() -> None:
    """Twelve requests at ten a second after a burst of ten: the last two come late, each a tenth of a second."""

    async def do(judge: Judge) -> float:
        began_s = asyncio.get_running_loop().time()
        await _ask(judge, 12)
        return endpoint.asked[-1].at_s - began_s

    endpoint = ScriptedEndpoint(in_turn(say("fine")))
    assert with_judge(endpoint, do, requests_per_minute=600.0) >= 0.19


def test_the_lowest_rank_is_served_first() -> None:
    async def do(judge: Judge) -> None:
        async def ask(rank: int) -> None:
            with metered(rank=rank):
                await judge.ask(f"rank {rank}", None)

        first = asyncio.create_task(ask(99))
        await endpoint.has_been_asked(1)
        rest = asyncio.gather(*(ask(rank) for rank in (5, 3, 4, 1, 2)))
        while judge.status().waiting < 5:  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        event.set()
        await asyncio.gather(first, rest)

    event = asyncio.Event()
    endpoint = ScriptedEndpoint(in_turn(say("fine", event=event)))
    with_judge(endpoint, do, max_in_flight=1)
    assert [asked.prompt for asked in endpoint.asked] == [f"rank {rank}" for rank in (99, 1, 2, 3, 4, 5)]


class Limited:
    """A judge that takes `rate` requests a second, a burst of as many, and refuses the rest."""

    def __init__(self, rate: float, headers: dict[str, str]) -> None:
        self.rate, self.level, self.headers = rate, rate, headers
        self.at_s = 0.0
        self.refused = 0

    def __call__(self, asked: Asked) -> Bytes:
        self.level = min(self.rate, self.level + (asked.at_s - self.at_s if self.at_s else 0.0) * self.rate)
        self.at_s = asked.at_s
        if self.level < 1.0:
            self.refused += 1
            return error(429, "slow down", self.headers)
        self.level -= 1.0
        return say("fine")


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0.05"}], ids=["silent", "retry-after"])
def test_a_judge_that_refuses_for_pace_is_never_an_error(headers: dict[str, str]) -> None:
    limited = Limited(100.0, headers)
    answers = with_judge(ScriptedEndpoint(limited), lambda judge: _ask(judge, 180), max_in_flight=100, max_tries=2)
    assert answers == ["fine"] * 180
    assert limited.refused > 0


async def _ask(judge: Judge, count: int) -> list[Any]:
    return await asyncio.gather(*(judge.ask("p", None) for _ in range(count)))


def test_a_pause_holds_everybody_and_is_one_episode() -> None:
    event = asyncio.Event()
    endpoint = ScriptedEndpoint(
        lambda asked: Bytes(b"{}", 429, {"Retry-After": "0.2"}, event=event) if asked.number < 10 else say("fine")
    )

    async def do(judge: Judge) -> Any:
        calls = asyncio.gather(*(judge.ask("p", None) for _ in range(20)))
        await endpoint.has_been_asked(10)
        event.set()
        while judge.status().in_flight:  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        paused = judge.status()  # type: ignore[attr-defined]
        return await calls, paused

    answers, paused = with_judge(endpoint, do, max_in_flight=10)
    assert answers == ["fine"] * 20
    assert paused.state == "paused"
    assert paused.allowed == 8
    assert endpoint.asked[10].at_s - endpoint.asked[9].at_s >= 0.2


def test_a_judge_that_only_refuses_is_an_outage_in_the_end() -> None:
    endpoint = ScriptedEndpoint(in_turn(error(429, "slow down", {"Retry-After": "3600"})))
    with pytest.raises(UnavailableError, match="slow down"):
        with_judge(endpoint, lambda judge: judge.ask("p", None), outage_s=0.1)
    assert len(endpoint.asked) == 1


def test_a_request_that_is_refused_for_ever_while_others_pass_becomes_an_error() -> None:
    endpoint = ScriptedEndpoint(lambda asked: error(429, "not you") if asked.prompt == "big" else say("fine"))

    async def do(judge: Judge) -> Any:
        async def steady() -> None:
            while not refused.done():
                await judge.ask("small", None)

        refused = asyncio.ensure_future(judge.ask("big", None))
        await asyncio.gather(steady(), asyncio.wait({refused}))
        return refused.exception()

    caught = with_judge(endpoint, do, outage_s=0.1, policy=QUICK)
    assert isinstance(caught, JudgeError)
    assert caught.error_class == "rate_limit"


def test_waiting_for_a_limit_is_not_the_measurements_time() -> None:
    async def do(judge: Judge) -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        await _ask(judge, 4)  # the burst
        with metered() as meter:
            await judge.ask("p", None)
            return meter.active_s(loop.time()), loop.time() - meter.started_s

    active_s, wall_s = with_judge(ScriptedEndpoint(in_turn(say("fine"))), do, requests_per_minute=240.0)
    assert wall_s >= 0.2
    assert active_s < wall_s - 0.2
