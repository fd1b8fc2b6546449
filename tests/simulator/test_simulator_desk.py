from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.judge.simulator import How, Outage, SimulatorOptions
from evalfactory.judge.simulator.desk import Desk
from evalfactory.judge.simulator.fault import Fault
from evalfactory.judge.simulator.latency import Latency, Shape
from evalfactory.judge.simulator.replies import Ending, Reply

SCHEMA = {"type": "object", "properties": {"score": {"type": "number"}, "reason": {"type": "string"}}}


@dataclass
class Clock:
    now_s: float = 100.0

    def __call__(self) -> float:
        return self.now_s


def body(prompt: str = "p", *, reask: bool = False) -> bytes:
    messages = [{"role": "user", "content": prompt}]
    if reask:
        messages += [{"role": "assistant", "content": "?"}, {"role": "user", "content": "again"}]
    wanted = {"type": "json_schema", "json_schema": {"name": "A", "schema": SCHEMA}}
    return json.dumps({"model": "m", "messages": messages, "response_format": wanted}).encode()


def ask(desk: Desk, request: bytes, key: str | None = None) -> Reply:
    desk.arrived()
    reply = desk.decide(request, key)
    desk.left(reply)
    return reply


def content(reply: Reply) -> Any:
    return json.loads(reply.body)["choices"][0]["message"]["content"]


def header(reply: Reply, name: str) -> int:
    return int(dict(reply.headers)[name])


def test_beyond_the_rate_it_answers_429_and_who_waits_as_told_is_answered() -> None:
    clock = Clock()
    desk = Desk(SimulatorOptions(requests_per_second=2, burst=3), clock)
    assert [ask(desk, body(str(n))).status for n in range(5)] == [200, 200, 200, 429, 429]
    refusal = ask(desk, body())
    assert (header(refusal, "Retry-After"), header(refusal, "retry-after-ms")) == (1, 500)
    clock.now_s += 0.5
    assert [ask(desk, body()).status for _ in range(2)] == [200, 429]
    assert desk.counters.refused_429 == 4


def test_without_a_burst_one_seconds_worth_may_come_at_once() -> None:
    desk = Desk(SimulatorOptions(requests_per_second=4), Clock())
    assert [ask(desk, body()).status for _ in range(6)].count(200) == 4


def test_a_prompt_beyond_the_token_limit_waits() -> None:
    clock = Clock()
    desk = Desk(SimulatorOptions(tokens_per_minute=6000), clock)
    assert ask(desk, body("x" * 400)).status == 200
    refusal = ask(desk, body("x" * 400))
    assert refusal.status == 429
    clock.now_s += header(refusal, "retry-after-ms") / 1000
    assert ask(desk, body("x" * 400)).status == 200


def test_more_at_once_than_allowed_is_refused() -> None:
    desk = Desk(SimulatorOptions(max_concurrent=2), Clock())
    for _ in range(3):
        desk.arrived()
    assert desk.decide(body(), None).status == 429
    desk.left(None)
    assert desk.decide(body(), None).status == 200
    assert (desk.counters.abandoned, desk.counters.peak_in_flight) == (1, 3)


@pytest.mark.parametrize(
    ("how", "status", "ending"),
    [
        (How.UNAVAILABLE, 503, Ending.WHOLE),
        (How.THROTTLED, 429, Ending.WHOLE),
        (How.CLOSED, 503, Ending.CLOSED),
        (How.REFUSED, 503, Ending.CLOSED),
    ],
)
def test_in_an_outage_nothing_is_answered_and_no_try_is_spent(how: How, status: int, ending: Ending) -> None:
    clock = Clock()
    options = SimulatorOptions(outages=(Outage(5, 20, how),), faults=((Fault.HTML, 1.0),), max_faults_a_request=1)
    desk = Desk(options, clock)
    clock.now_s += 5
    gone = ask(desk, body())
    assert (gone.status, gone.ending) == (status, ending)
    clock.now_s += 15
    assert ask(desk, body()).fault is Fault.HTML
    assert ask(desk, body()).fault is None
    assert (desk.counters.gone, desk.counters.answered) == (1, 1)


def test_another_key_is_refused_before_anything_else_is_read() -> None:
    desk = Desk(SimulatorOptions(expected_key="right"), Clock())
    assert [ask(desk, b"{", key).status for key in (None, "wrong", "ключ", "right")] == [401, 401, 401, 400]
    assert desk.counters.refused_key == 3


def test_a_prompt_beyond_the_context_is_refused_at_every_try() -> None:
    desk = Desk(SimulatorOptions(context_tokens=10), Clock())
    for _ in range(5):
        reply = ask(desk, body("x" * 41))
        assert reply.status == 400
        assert json.loads(reply.body)["error"]["code"] == "context_length_exceeded"
    assert ask(desk, body("x" * 40)).status == 200


def test_counters_tell_re_asks_duplicates_and_distinct_requests_apart() -> None:
    clock = Clock()
    desk = Desk(SimulatorOptions(), clock)
    for request in (body("a"), body("b"), body("a", reask=True), body("a")):
        clock.now_s += 1
        ask(desk, request)
    counted = desk.counters.as_json()
    assert (counted["requests"], counted["distinct"], counted["reasks"], counted["duplicates"]) == (4, 2, 1, 2)
    assert (counted["first_request_s"], counted["last_request_s"], counted["calls_per_s"]) == (1.0, 4.0, 1.333)
    assert "4 requests, 4 answered" in desk.counters.line(desk.now_s)


def test_a_reset_forgets_tries_counters_and_the_time() -> None:
    clock = Clock()
    desk = Desk(SimulatorOptions(faults=((Fault.EMPTY, 1.0),), max_faults_a_request=1), clock)
    first = [ask(desk, body()).fault for _ in range(2)]
    clock.now_s += 9
    desk.reset()
    assert desk.now_s == 0
    assert desk.counters.requests == 0
    assert [ask(desk, body()).fault for _ in range(2)] == first == [Fault.EMPTY, None]


def test_a_hanging_request_is_answered_late_or_never() -> None:
    late, never = (
        ask(Desk(SimulatorOptions(faults=((Fault.HANG, 1.0),), hang_s=hang_s), Clock()), body())
        for hang_s in (30.0, None)
    )
    assert (late.after_s, late.ending, never.ending) == (30.0, Ending.WHOLE, Ending.NEVER)
    assert content(late) == content(never)


ANY_FAULT = st.lists(st.sampled_from(Fault), min_size=1, max_size=4, unique=True)


@given(ANY_FAULT, st.integers(0, 3), st.integers(0, 1000), st.integers(0, 4))
def test_whatever_goes_wrong_and_in_which_order_everyone_gets_the_same_answers(
    kinds: list[Fault], seed: int, order: int, most: int
) -> None:
    prompts = [f"case {n}" for n in range(6)]
    plain = {prompt: content(ask(Desk(SimulatorOptions(seed=seed), Clock()), body(prompt))) for prompt in prompts}
    faults = tuple((kind, round(0.9 / len(kinds), 3)) for kind in kinds)
    options = SimulatorOptions(seed=seed, faults=faults, max_faults_a_request=most, latency=Latency(Shape.LOGNORMAL))
    desk = Desk(options, Clock())
    waiting = prompts * (most + 1)
    random.Random(order).shuffle(waiting)
    seen: dict[str, Any] = {}
    for n, prompt in enumerate(waiting):
        reply = ask(desk, body(prompt, reask=n % 2 == 1))
        if reply.fault is None:
            seen.setdefault(prompt, content(reply))
            assert seen[prompt] == content(reply)
    assert seen == plain


@given(ANY_FAULT, st.lists(st.integers(0, 5), max_size=30))
def test_the_faults_of_a_request_do_not_depend_on_the_other_requests(kinds: list[Fault], others: list[int]) -> None:
    options = SimulatorOptions(
        faults=tuple((kind, round(0.8 / len(kinds), 3)) for kind in kinds), max_faults_a_request=9
    )
    alone, among = Desk(options, Clock()), Desk(options, Clock())
    expected = [ask(alone, body("mine")).fault for _ in range(4)]
    met = []
    for n in range(4):
        for other in others[n::4]:
            ask(among, body(f"other {other}"))
        met.append(ask(among, body("mine")).fault)
    assert met == expected
