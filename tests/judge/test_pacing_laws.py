"""The queue in front of an endpoint, run by a clock that only the test moves."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from evalfactory.judge.admission import Admission, Landing, Pass, Wish
from evalfactory.judge.availability import Availability
from evalfactory.judge.limits import Pacer, Rates
from evalfactory.judge.retry import RetryPolicy

ANSWERED, FAILED, CANCELLED = Landing("answered"), Landing("failed", "HTTP 500"), Landing("cancelled")


@dataclass(frozen=True)
class Arrival:
    """A call: when it comes, how important it is, and what its requests come to; after those it is answered."""

    at_s: float
    rank: int
    takes_s: float
    landings: tuple[Landing, ...] = ()
    gives_up_after_s: float = math.inf


class Simulation:
    """Drives one admission queue through its calls; keeps what was sent when, and what was in flight."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.sent: list[tuple[float, int]] = []  # time, call
        self.answered: list[int] = []
        self.peak = 0
        self._events: list[tuple[float, int, str, int]] = []
        self._order = itertools.count()
        self._places: dict[int, Pass] = {}
        self._calls: dict[Pass, int] = {}
        self._tries: Counter[int] = Counter()

    def run(self, arrivals: list[Arrival]) -> None:
        for call, arrival in enumerate(arrivals):
            self._plan(arrival.at_s, "join", call)
            if arrival.gives_up_after_s != math.inf:
                self._plan(arrival.at_s + arrival.gives_up_after_s, "cancel", call)
        while self._events:
            now_s, _, what, call = heapq.heappop(self._events)
            self._happen(now_s, what, call, arrivals)
            step = self.admission.step(now_s)
            assert not step.over
            for place in step.admitted:
                sent = self._calls[place]
                self.sent.append((now_s, sent))
                self._plan(now_s + arrivals[sent].takes_s, "land", sent)
            self.peak = max(self.peak, self.admission.pacer.in_flight)
            if step.wake_s != math.inf:
                self._plan(max(step.wake_s, now_s + 1e-4), "wake", -1)

    def _plan(self, at_s: float, what: str, call: int) -> None:
        heapq.heappush(self._events, (at_s, next(self._order), what, call))

    def _happen(self, now_s: float, what: str, call: int, arrivals: list[Arrival]) -> None:
        place = self._places.get(call)
        if what == "join" or (what == "again" and place is not None):
            place = self.admission.join(now_s, Wish(arrivals[call].rank, fresh=what == "join"))
            self._places[call], self._calls[place] = place, call
        elif what == "cancel" and place is not None:
            self.admission.withdraw(place)
            self.admission.land(place, CANCELLED, now_s)
            del self._places[call]
        elif what == "land" and place is not None and place.state == "flying":
            self._land(now_s, call, place, arrivals[call].landings)

    def _land(self, now_s: float, call: int, place: Pass, landings: tuple[Landing, ...]) -> None:
        tried = self._tries[call]
        self._tries[call] += 1
        landing = landings[tried] if tried < len(landings) else ANSWERED
        self.admission.land(place, landing, now_s)
        if landing is ANSWERED:
            self.answered.append(call)
            del self._places[call]
        else:
            self._plan(now_s + 0.1, "again", call)


def simulation(
    rates: Rates, *, share: float = 1.0, outage_s: float = 600.0, policy: RetryPolicy | None = None
) -> Simulation:
    policy = policy or RetryPolicy()
    return Simulation(Admission(Pacer(rates, share=share), Availability(policy, outage_s), random.Random(1)))


landings = st.lists(
    st.sampled_from([FAILED, Landing("refused", "HTTP 429", 2.0), Landing("refused", "HTTP 429")]), max_size=3
).map(tuple)
arrivals = st.lists(
    st.builds(
        Arrival,
        at_s=st.floats(0, 100),
        rank=st.integers(0, 5),
        takes_s=st.floats(0.01, 30),
        landings=landings,
        gives_up_after_s=st.just(math.inf) | st.floats(0, 60),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(arrivals, st.integers(1, 8), st.sampled_from([None, 30.0, 120.0, 600.0]), st.floats(0.05, 1.0))
def test_no_minute_and_no_moment_sees_more_requests_than_allowed(
    some: list[Arrival], max_in_flight: int, rpm: float | None, share: float
) -> None:
    line = simulation(Rates(max_in_flight, rpm), share=share)
    line.run(some)
    assert line.peak <= max(1, int(max_in_flight * share + 1e-6))
    if rpm is None:
        return
    times = [time_s for time_s, _ in line.sent]
    burst = max(1.0, rpm * share / 60.0)
    for first, start_s in enumerate(times):
        within = sum(1 for time_s in times[first:] if time_s < start_s + 60.0)
        assert within <= rpm * share + burst + 1e-3


@settings(max_examples=60, deadline=None)
@given(arrivals, st.integers(1, 8), st.sampled_from([None, 60.0, 600.0]))
def test_every_call_that_stays_is_answered_and_leaves_nothing_behind(
    some: list[Arrival], max_in_flight: int, rpm: float | None
) -> None:
    line = simulation(Rates(max_in_flight, rpm), outage_s=math.inf)
    line.run(some)
    staying = {call for call, arrival in enumerate(some) if arrival.gives_up_after_s == math.inf}
    assert staying <= set(line.answered)
    assert len(line.answered) == len(set(line.answered))
    assert line.admission.waiting == line.admission.pacer.in_flight == 0


def test_the_lowest_rank_goes_first_and_equals_go_in_the_order_they_came() -> None:
    line = simulation(Rates(1))
    line.run([Arrival(0, 9, 1), Arrival(0.1, 2, 1), Arrival(0.2, 1, 1), Arrival(0.3, 1, 1)])
    assert [call for _, call in line.sent] == [0, 2, 3, 1]


def test_a_minutes_requests_are_spent_evenly_after_a_burst_of_one_second() -> None:
    line = simulation(Rates(1000, 600.0))
    line.run([Arrival(0, 0, 0.01)] * 100)
    times = [time_s for time_s, _ in line.sent]
    assert [time_s for time_s in times if time_s == 0.0] == [0.0] * 10
    gaps = [later - earlier for earlier, later in itertools.pairwise(times[10:])]
    assert all(abs(gap - 0.1) < 1e-3 for gap in gaps)


def test_a_pause_that_the_endpoint_asks_for_holds_everybody_once() -> None:
    line = simulation(Rates(10))
    refused = Landing("refused", "HTTP 429", 5.0)
    line.run([Arrival(0, 0, 1.0, (refused,)) for _ in range(10)])
    again = [time_s for time_s, _ in line.sent[10:]]
    assert min(again) == 6.0  # a second on the way, then the pause
    assert line.sent[10:18] == [(6.0, call) for call in range(8)]  # and cut to eight tenths once, not ten times


def test_refusals_cut_the_window_and_answers_grow_it_back() -> None:
    pacer = Pacer(Rates(100))
    for _ in range(100):
        pacer.sent(0, 0.0)
    pacer.refused(sent_s=0.0, now_s=1.0, pause_s=None)
    pacer.refused(sent_s=0.0, now_s=1.5, pause_s=None)
    assert pacer.allowed == 80
    pacer.refused(sent_s=1.2, now_s=2.0, pause_s=None)
    assert pacer.allowed == 64
    for _ in range(70):
        pacer.answered()
    assert 64 < pacer.allowed < 67
    for _ in range(5000):
        pacer.answered()
    assert pacer.allowed == 100


def test_failures_leave_the_window_as_it_is() -> None:
    line = simulation(Rates(50), policy=RetryPolicy(away_after_s=1e9))
    line.run([Arrival(0, 0, 1.0, (FAILED, FAILED)) for _ in range(200)])
    assert line.admission.pacer.allowed == 50


def test_an_idle_line_does_not_grow_its_window() -> None:
    pacer = Pacer(Rates(100))
    pacer.sent(0, 0.0)
    pacer.refused(sent_s=0.0, now_s=1.0, pause_s=None)
    pacer.landed()
    assert pacer.allowed == 1
    pacer.answered()
    assert pacer.allowed == 1


def test_tokens_are_spent_evenly_and_an_underestimate_is_paid_back_by_waiting() -> None:
    pacer = Pacer(Rates(100, tokens_per_minute=6000))  # a hundred a second
    assert pacer.opening_s(60, 0.0) == 0.0
    pacer.sent(60, 0.0)
    assert math.isclose(pacer.opening_s(60, 0.0), 0.2)
    pacer.correct(60, 260)
    assert math.isclose(pacer.opening_s(60, 0.0), 2.2)
    pacer.correct(260, 0)
    assert pacer.opening_s(60, 0.0) == 0.0


def test_a_request_larger_than_the_burst_waits_for_a_full_bucket_and_then_goes() -> None:
    pacer = Pacer(Rates(100, tokens_per_minute=6000))
    assert pacer.opening_s(5000, 0.0) == 0.0
    pacer.sent(5000, 0.0)
    assert math.isclose(pacer.opening_s(5000, 0.0), 50.0)


@given(st.integers(1, 500), st.integers(1, 40))
def test_shares_never_add_up_to_more_than_the_whole_while_everybody_has_one(whole: int, workers: int) -> None:
    pacers = [Pacer(Rates(whole), share=1 / workers) for _ in range(workers)]
    assert all(pacer.allowed >= 1 for pacer in pacers)
    assert sum(pacer.allowed for pacer in pacers) <= max(whole, workers)


def test_a_new_share_counts_at_once() -> None:
    pacer = Pacer(Rates(100, 6000.0), share=1.0)
    for _ in range(100):
        pacer.sent(0, 0.0)
    pacer.set_share(0.1, 0.0)
    assert pacer.allowed == 10
    assert pacer.opening_s(0, 0.0) == math.inf
    for _ in range(95):
        pacer.landed()
    assert math.isclose(pacer.opening_s(0, 0.0), 0.1)  # ten a second now
    pacer.set_share(1.0, 10.0)
    assert pacer.allowed == 100


def test_a_learnt_cut_survives_a_new_share() -> None:
    pacer = Pacer(Rates(100))
    for _ in range(100):
        pacer.sent(0, 0.0)
    pacer.refused(sent_s=0.0, now_s=1.0, pause_s=None)
    pacer.set_share(0.5, 2.0)
    assert pacer.allowed == 40


def test_many_workers_with_a_small_share_each_do_not_start_together() -> None:
    rng = random.Random(3)
    workers = [Pacer(Rates(1000, 6000.0), share=0.001, start=rng.random()) for _ in range(1000)]
    starts = [worker.opening_s(0, 0.0) for worker in workers]
    assert max(starts) <= 10.0
    assert (
        max(sum(second <= start < second + 1 for start in starts) for second in range(10)) < 150
    )  # a hundred a second
