"""When an endpoint counts as away, and what becomes of the calls; by a clock that only the test moves."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from evalfactory.judge.admission import Admission, Landing, Wish
from evalfactory.judge.availability import Availability, Trial
from evalfactory.judge.limits import Pacer, Rates
from evalfactory.judge.retry import RetryPolicy

POLICY = RetryPolicy(away_after_failures=4, away_after_s=10.0, probe_base_s=1.0, probe_cap_s=15.0)


def queue(max_in_flight: int = 10, outage_s: float = 600.0) -> Admission:
    return Admission(Pacer(Rates(max_in_flight)), Availability(POLICY, outage_s), random.Random(1))


def make_away(line: Admission) -> None:
    """Four failures over ten seconds, with nobody answered."""
    for number in range(4):
        entry = line.join(number * 4.0, Wish(fresh=number == 0))
        assert line.step(number * 4.0).admitted == [entry]
        line.land(entry, Landing("failed", "HTTP 502"), number * 4.0)
    line.join(12.0, Wish(fresh=False))
    line.availability.look(12.0)
    assert line.availability.away


def test_failures_between_answers_never_make_an_endpoint_away() -> None:
    availability = Availability(POLICY, 600.0)
    for second in range(1000):
        availability.failed("HTTP 500", float(second))
        availability.look(float(second))
        if second % 3 == 0:
            availability.answered()
    assert not availability.away


def test_a_quick_burst_of_failures_is_not_yet_an_outage() -> None:
    availability = Availability(POLICY, 600.0)
    for _ in range(500):
        availability.failed("HTTP 500", 1.0)
    availability.look(9.0)
    assert not availability.away
    availability.look(11.5)
    assert availability.away


def test_an_endpoint_that_is_away_gets_one_request_at_a_time_with_growing_pauses() -> None:
    line = queue()
    make_away(line)
    for number in range(5):
        line.join(12.0, Wish(rank=number))
    now_s, sent = 12.0, []
    while now_s < 120.0:
        step = line.step(now_s)
        assert len(step.admitted) <= 1
        for entry in step.admitted:
            sent.append(now_s)
            assert entry.probe
            assert line.step(now_s).admitted == []
            line.land(entry, Landing("failed", "HTTP 502"), now_s)
            line.join(now_s, Wish(entry.wish.rank, failures=entry.wish.failures + 1, fresh=False))
        now_s += 0.25
    gaps = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert gaps[0] <= 1.25
    assert all(7.5 <= gap <= 15.25 for gap in gaps[5:])


def test_probes_take_turns_so_that_a_poisoned_request_does_not_hide_the_others() -> None:
    line = queue()
    make_away(line)
    poisoned = line.join(12.0, Wish(rank=0, failures=4, fresh=False))
    healthy = line.join(12.0, Wish(rank=7, failures=0))
    chosen = line.step(12.0).admitted
    assert poisoned not in chosen
    line.land(chosen[0], Landing("failed", "HTTP 502"), 12.0)
    assert line.step(20.0).admitted == [healthy]


def test_one_answer_opens_the_gate_for_everybody() -> None:
    line = queue()
    make_away(line)
    for _ in range(5):
        line.join(12.0, Wish())
    [probe] = line.step(12.0).admitted
    line.land(probe, Landing("answered"), 13.0)
    assert len(line.step(13.0).admitted) == 5
    assert line.availability.spells == 1


def test_nobody_waits_out_a_delay_from_an_outage_that_is_over() -> None:
    line = queue()
    make_away(line)
    for delay_s in range(5, 30, 5):
        line.join(12.0, Wish(ready_s=12.0 + delay_s, failures=delay_s, fresh=False))
    [probe] = line.step(12.0).admitted
    line.land(probe, Landing("answered"), 13.0)
    assert len(line.step(13.0).admitted) == 5


def test_a_cancelled_probe_makes_room_for_the_next_one() -> None:
    line = queue()
    make_away(line)
    line.join(12.0, Wish())
    [probe] = line.step(12.0).admitted
    line.land(probe, Landing("cancelled"), 12.5)
    assert len(line.step(20.0).admitted) == 1


def test_the_outage_ends_those_who_wait_at_its_time_and_not_before() -> None:
    line = queue(outage_s=60.0)
    make_away(line)
    [probe] = line.step(12.0).admitted
    line.join(13.0, Wish(fresh=False))
    assert line.step(59.0).wake_s == 60.0
    assert not line.step(59.9).over
    assert line.step(60.0).over
    line.drain()
    line.land(probe, Landing("failed", "HTTP 502"), 61.0)
    assert line.pacer.in_flight == line.waiting == 0


def test_time_in_which_nobody_asked_is_no_outage() -> None:
    line = queue(outage_s=60.0)
    entry = line.join(0.0, Wish())
    line.step(0.0)
    line.land(entry, Landing("failed", "HTTP 502"), 1.0)  # and its caller was cancelled
    fresh = line.join(1000.0, Wish())
    assert line.step(1000.0).admitted == [fresh]
    assert line.availability.deadline_s == 1060.0


def test_being_refused_for_a_long_time_is_an_outage_in_the_end() -> None:
    line = queue(outage_s=60.0)
    now_s = 0.0
    while now_s < 60.0:
        entry = line.join(now_s, Wish(fresh=now_s == 0.0))
        assert line.step(now_s).admitted == [entry]
        line.land(entry, Landing("refused", "HTTP 429", 10.0), now_s)
        assert not line.availability.away
        now_s += 10.0
    line.join(now_s, Wish(fresh=False))
    assert line.step(now_s).over


def fail(trial: Trial, availability: Availability, now_s: float = 0.0) -> None:
    """One failure of the call, as the endpoint tells it to both."""
    availability.failed("HTTP 500", now_s, innocent=trial.failed())


@pytest.mark.parametrize("answers_meanwhile", [0, 1])
def test_a_call_is_lost_after_its_tries_only_if_others_were_answered_meanwhile(answers_meanwhile: int) -> None:
    availability = Availability(POLICY, math.inf)
    availability.answered()  # before it began: proves nothing
    trial = Trial(availability)
    for _ in range(3):
        fail(trial, availability)
    for _ in range(answers_meanwhile):
        availability.answered()
    assert not trial.is_lost(4)
    fail(trial, availability)
    assert trial.is_lost(4) == bool(answers_meanwhile)


def test_an_outage_that_begins_while_calls_are_on_their_way_loses_none_of_them() -> None:
    availability = Availability(POLICY, math.inf)
    trials = [Trial(availability) for _ in range(5)]
    availability.answered()  # the last answer for a long time
    for second in range(100):
        for trial in trials:
            fail(trial, availability, float(second) / 20)
            assert not trial.is_lost(4)


def test_an_outage_is_not_held_against_a_call_that_had_failed_before() -> None:
    availability = Availability(POLICY, math.inf)
    unlucky, other = Trial(availability), Trial(availability)
    fail(unlucky, availability)
    availability.answered()
    for _ in range(20):
        fail(other, availability)
        fail(unlucky, availability)
        assert not unlucky.is_lost(4)


def test_two_poisoned_requests_that_are_the_last_ones_are_both_lost() -> None:
    availability = Availability(POLICY, math.inf)
    first, second = Trial(availability), Trial(availability)
    for _ in range(2):
        fail(first, availability)
        fail(second, availability)
        availability.answered()  # others, while there are some
    for _ in range(4):
        fail(first, availability)
        fail(second, availability)
    assert first.is_lost(4)
    assert second.is_lost(4)


def test_tries_from_an_outage_do_not_count_when_it_is_over() -> None:
    availability = Availability(POLICY, math.inf)
    trial = Trial(availability)
    for second in range(20):
        fail(trial, availability, float(second))
    availability.look(20.0)
    availability.answered()  # it is back
    for second in range(21, 24):
        fail(trial, availability, float(second))
        availability.answered()
        assert not trial.is_lost(4)
    fail(trial, availability, 24.0)
    assert trial.is_lost(4)


def test_nothing_is_lost_while_the_endpoint_is_away() -> None:
    availability = Availability(POLICY, math.inf)
    trial = Trial(availability)
    availability.answered()
    for second in range(20):
        fail(trial, availability, float(second))
        availability.look(float(second))
    assert availability.away
    assert not trial.is_lost(4)


def test_a_call_that_hangs_until_its_time_is_up_is_not_lost_by_one_refusal() -> None:
    availability = Availability(POLICY, math.inf)
    trial = Trial(availability)
    for minute in range(5):
        fail(trial, availability, 120.0 * minute)
        availability.answered()  # others
    trial.refused(700.0)
    assert not trial.is_never_admitted(700.0, 600.0)
    fail(trial, availability, 1200.0)  # it was admitted
    trial.refused(1400.0)
    assert not trial.is_never_admitted(1400.0, 600.0)


@pytest.mark.parametrize("answers_meanwhile", [0, 1])
def test_a_call_that_is_only_ever_refused_while_others_are_answered_is_lost_in_the_end(answers_meanwhile: int) -> None:
    availability = Availability(POLICY, math.inf)
    trial = Trial(availability)
    for _ in range(answers_meanwhile):
        availability.answered()
    for second in range(0, 601, 100):
        trial.refused(float(second))
        assert not trial.is_never_admitted(float(second), 600.0)
    assert trial.is_never_admitted(601.0, 600.0) == bool(answers_meanwhile)
