"""What a share means to the queue in front of an endpoint."""

from __future__ import annotations

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from evalfactory.judge.admission import Admission, Landing, Pass, Wish
from evalfactory.judge.availability import Availability
from evalfactory.judge.limits import Pacer, Rates
from evalfactory.judge.retry import RetryPolicy
from evalfactory.limits.fair import part

RATE = 15.0
RATES = Rates(32, 60 * RATE)


def queue(share: float, outage_s: float = 600.0) -> Admission:
    return Admission(Pacer(RATES, share=share), Availability(RetryPolicy(), outage_s), random.Random(1))


def sent(admission: Admission, now_s: float) -> list[Pass]:
    """Whoever may go now; all of them are answered at once."""
    admitted = admission.step(now_s).admitted
    for entry in admitted:
        admission.land(entry, Landing("answered"), now_s)
    return admitted


@given(st.lists(st.tuples(st.sampled_from((0.0, 0.0, 0.01, 0.3, 2.0)), st.integers(1, 5)), max_size=60))
def test_the_bursts_of_all_workers_are_one_seconds_worth_however_shares_move(moves: list[tuple[float, int]]) -> None:
    """Whatever is sent between any two moments is what the limit allows then, and one second's worth more at most."""
    workers = [Pacer(RATES, share=0.0) for _ in range(5)]
    now_s, total, slack = 0.0, 0, 0.0
    for pause_s, members in moves:
        now_s += pause_s
        for place, worker in enumerate(workers):
            worker.set_share(part(15, members, place) / 15 if place < members else 0.0, now_s)
        for worker in workers:
            while worker.opening_s(0.0, now_s) <= now_s:
                worker.sent(0.0, now_s)
                worker.landed()
                total += 1
        slack = min(slack, total - RATE * now_s)
        assert total - RATE * now_s - slack <= RATE + 1e-6


def test_without_a_share_nobody_goes_and_nobody_ends() -> None:
    admission = queue(0.0, outage_s=10.0)
    admission.join(0.0, Wish())
    admission.availability.failed("HTTP 500", 0.0)
    step = admission.step(100.0)
    assert not step.admitted
    assert not step.over
    assert step.wake_s == math.inf
    assert admission.status(100.0).allowed == 0
    admission.set_share(0.5, 100.0, 200.0)
    step = admission.step(109.0)
    assert not step.over, "the time without a share was not the endpoint's"
    assert len(step.admitted) == 1


def test_a_share_ends_by_itself_when_it_is_not_renewed() -> None:
    admission = queue(0.0)
    admission.set_share(1.0, 0.0, 9.0)
    for _ in range(3):
        admission.join(0.0, Wish())
    assert len(sent(admission, 0.1)) == 1  # a new share begins with nothing saved up: fifteen a second
    assert not sent(admission, 9.0)
    admission.set_share(1.0, 9.5, 18.0)
    assert len(sent(admission, 9.6)) == 2


def test_what_refusals_taught_survives_a_time_without_a_share() -> None:
    pacer = Pacer(Rates(100))
    for _ in range(100):
        pacer.sent(0, 0.0)
    pacer.refused(sent_s=0.0, now_s=1.0, pause_s=None)
    assert pacer.allowed == 80
    pacer.set_share(0.0, 2.0)
    pacer.set_share(0.5, 3.0)
    assert pacer.allowed == 40


def test_a_refusal_of_one_who_keeps_to_the_limit_lets_the_endpoint_catch_up() -> None:
    pacer = Pacer(RATES)
    for _ in range(15):
        pacer.sent(0, 0.0)
        pacer.landed()
    before_s = pacer.opening_s(0, 0.0)
    pacer.refused(sent_s=0.0, now_s=0.0, pause_s=None)
    assert math.isclose(pacer.opening_s(0, 0.0) - before_s, 0.2)


def test_refusals_make_later_bursts_smaller_but_not_the_pace() -> None:
    pacer = Pacer(RATES)
    for number in range(9):
        pacer.refused(sent_s=float(number), now_s=float(number), pause_s=None)
    now_s, burst = 1_000.0, 0
    while pacer.opening_s(0, now_s) <= now_s:
        pacer.sent(0, now_s)
        pacer.landed()
        burst += 1
    assert burst == RATE // 2
    assert math.isclose(pacer.opening_s(0, now_s) - now_s, 0.5 / RATE)
