"""How a group of workers shares a limit over minutes: in virtual time, with the store as good and as bad as stores are."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest
from crowd_sim import Sky, SkyBoard, Weather, Worker, now_s, seat

from evalfactory.errors import UnavailableError
from evalfactory.limits.beat import Beat, Note, Who
from evalfactory.limits.crowd import Crowd, Own, newest
from evalfactory.limits.keeper import Keeper, kept
from evalfactory.limits.rhythm import Rhythm, units_of
from evalfactory.records.suite import Limits
from fakes.virtual_time import run_in_virtual_time

FIFTEEN = Limits(requests_per_minute=900)  # fifteen units, one a worker's share of one request a second
BEAT_S = Rhythm().beat_s


SLEEPY = Rhythm(look_s=1.0)  # looks at its own queue less often, to be quicker here


async def gathered(sky: Sky, count: int, limits: Limits = FIFTEEN, *, run: str = "run") -> list[Worker]:
    """So many busy workers who have come together."""
    workers = [Worker(sky, seat(number, limits, places=count, run=run), SLEEPY) for number in range(count)]
    await asyncio.gather(*(worker.come(1.0) for worker in workers))
    return workers


def shares(workers: list[Worker]) -> list[int]:
    return [round(worker.share * 15) for worker in workers]


def on_a_store(play: Callable[[Sky], Awaitable[None]], weather: Weather | None = None, seed: int = 1) -> Sky:
    """The sky after a play in virtual time."""

    async def run() -> Sky:
        sky = Sky(random.Random(seed), weather or Weather())
        await play(sky)
        sky.change()
        return sky

    return run_in_virtual_time(run())


def test_workers_that_start_together_begin_with_equal_parts_of_the_whole() -> None:
    async def play(sky: Sky) -> None:
        assert sorted(shares(await gathered(sky, 4))) == [3, 4, 4, 4]
        assert now_s() < 1.0

    on_a_store(play)


def test_a_share_stays_where_it_is_while_everybody_is_busy() -> None:
    async def play(sky: Sky) -> None:
        workers = await gathered(sky, 4)
        before = shares(workers)
        for _ in range(60):
            await asyncio.sleep(10)
            assert shares(workers) == before

    on_a_store(play)


def test_an_idle_workers_share_is_lent_within_four_beats_and_comes_back_within_three() -> None:
    async def play(sky: Sky) -> None:
        workers = await gathered(sky, 4)
        await asyncio.sleep(20)
        workers[0].want(0.0)
        await asyncio.sleep(4 * BEAT_S)
        assert shares(workers) == [0, 5, 5, 5]
        workers[0].want(1.0)
        await asyncio.sleep(3 * BEAT_S)
        assert sorted(shares(workers)) == [3, 4, 4, 4]

    on_a_store(play)


def test_a_worker_that_leaves_gives_its_share_back_within_a_beat() -> None:
    async def play(sky: Sky) -> None:
        workers = await gathered(sky, 3)
        await asyncio.sleep(20)
        await workers.pop().go()
        await asyncio.sleep(1.2 * BEAT_S)
        assert sorted(shares(workers)) == [7, 8]

    on_a_store(play)


def test_a_dead_workers_share_returns_when_its_heartbeat_is_old() -> None:
    async def play(sky: Sky) -> None:
        workers = await gathered(sky, 3)
        await asyncio.sleep(20)
        workers.pop().die()
        await asyncio.sleep(8.0)
        assert sum(shares(workers)) == 10, "its word still holds"
        await asyncio.sleep(12.0)
        assert sum(shares(workers)) == 15

    on_a_store(play)


def test_a_worker_that_is_known_to_be_dead_is_replaced_at_once() -> None:
    async def play(sky: Sky) -> None:
        workers = await gathered(sky, 3)
        await asyncio.sleep(20)
        workers.pop().die()
        heir = Worker(sky, seat(5, FIFTEEN, places=3, replaces=["w2"]))
        await heir.come(1.0)
        assert sum(shares([*workers, heir])) == 15

    on_a_store(play)


def test_a_newcomer_gets_its_part_within_two_beats_and_a_run_as_much_as_another_run() -> None:
    async def play(sky: Sky) -> None:
        night = await gathered(sky, 4)
        await asyncio.sleep(20)
        day = Worker(sky, seat(9, FIFTEEN, places=1, run="day"))
        await day.come(1.0)
        assert day.share == 0.0, "nothing is free yet"
        await asyncio.sleep(2 * BEAT_S)
        assert shares([day])[0] in (7, 8)
        assert sum(shares([*night, day])) == 15

    on_a_store(play)


def test_a_slow_listing_always_finds_one_of_a_workers_last_two_names() -> None:
    """A name is deleted a beat after the next one was written: while others list, at least one stays as it is."""

    async def play(sky: Sky) -> None:
        workers = await gathered(sky, 2)
        await asyncio.sleep(30)
        for _ in range(100):
            await asyncio.sleep(0.1)
            for number in range(len(workers)):
                names = [note.name for note in sky.seen() if f".w{number}." in note.name]
                assert 2 <= len(names) <= 3

    on_a_store(play)


def test_those_who_died_long_ago_delay_nobody() -> None:
    async def play(sky: Sky) -> None:
        for worker in await gathered(sky, 4):
            worker.die()
        await asyncio.sleep(60)
        assert sorted(shares(await gathered(sky, 2, run="again"))) == [7, 8]

    on_a_store(play)


def test_more_workers_than_units_take_turns_and_still_use_all_there_is() -> None:
    async def play(sky: Sky) -> None:
        workers = await gathered(sky, 8, Limits(max_in_flight=2))
        served: set[int] = set()
        for _ in range(60):
            await asyncio.sleep(30)
            served |= {number for number, worker in enumerate(workers) if worker.share}
        assert len(served) == 8

    sky = on_a_store(play)
    assert sky.peak <= 1.0
    assert sky.busy_used_s / sky.busy_s > 0.96


def test_a_steady_group_uses_its_limit_and_asks_little_of_the_store() -> None:
    workers, minutes = 20, 6

    async def play(sky: Sky) -> None:
        await gathered(sky, workers)
        await asyncio.sleep(60 * minutes)

    sky = on_a_store(play)
    assert sky.peak <= 1.0
    assert sky.busy_used_s / sky.busy_s > 0.97
    a_minute = sky.requests / workers / minutes
    assert a_minute < 3 * 60 / Rhythm().pace_s(workers) * 1.2, "a write, a listing and a delete for each beat"


async def hard_times(sky: Sky, dice: random.Random) -> None:
    """Workers of three runs come, go, die, are busy and idle."""
    workers: list[Worker] = []
    coming: list[asyncio.Task[None]] = []

    async def come(number: int) -> None:
        worker = Worker(sky, seat(number, FIFTEEN, places=6, run=f"run{number % 3}"), SLEEPY)
        try:
            await worker.come(dice.choice((0.1, 1.0, 1.0)))
        except UnavailableError:
            worker.die()
        else:
            workers.append(worker)

    for number in range(150):
        await asyncio.sleep(dice.expovariate(1.0))
        match dice.choices(("come", "die", "go", "change"), (6 if len(workers) < 6 else 1, 1, 1, 4))[0]:
            case "come":
                coming.append(asyncio.create_task(come(number)))
            case "die" if workers:
                workers.pop(dice.randrange(len(workers))).die()
            case "go" if workers:
                coming.append(asyncio.create_task(workers.pop(dice.randrange(len(workers))).go()))
            case "change" if workers:
                dice.choice(workers).want(dice.choice((0.0, 0.1, 0.4, 1.0, 1.0)))
    await asyncio.gather(*coming)
    for worker in workers:
        await worker.go()


@pytest.mark.parametrize(
    "weather",
    [
        Weather(),
        Weather(latency_s=0.4, slow_share=0.1, slow_s=8.0),
        Weather(late_s=6.0),
        Weather(skew_s=3.0),
        Weather(jump_at_s=60.0, jump_s=14.0),
        Weather(jump_at_s=60.0, jump_s=-3600.0),
        Weather(fails=0.1),
        Weather(latency_s=0.4, slow_share=0.05, slow_s=12.0, late_s=3.0, skew_s=2.0, fails=0.05),
    ],
    ids=["fair", "slow", "late", "skewed", "jumping", "turned back", "failing", "all of it"],
)
def test_the_shares_never_add_up_to_more_than_the_whole(weather: Weather) -> None:
    sky = on_a_store(lambda sky: hard_times(sky, random.Random(2)), weather)
    assert sky.peak <= 1.0 + 1e-9
    assert sky.used_s > 0


def test_a_store_whose_clock_leaps_ahead_costs_no_more_than_a_beat() -> None:
    """Only those who come in that moment can be deceived: they take the others for dead until their next beats."""
    for seed in range(2):
        sky = on_a_store(lambda sky: hard_times(sky, random.Random(7)), Weather(jump_at_s=60.0, jump_s=1e5), seed)
        assert sky.longest_over_s <= 2 * BEAT_S


def test_a_worker_that_cannot_reach_the_store_uses_nothing_after_its_word_has_run_out() -> None:
    async def play(sky: Sky) -> None:
        workers = await gathered(sky, 2)
        await asyncio.sleep(20)
        sky.weather = Weather(fails=2.0)
        await asyncio.sleep(10)
        assert shares(workers) == [0, 0]
        sky.weather = Weather()
        await asyncio.sleep(2 * BEAT_S)
        assert sum(shares(workers)) == 15

    assert on_a_store(play).peak <= 1.0


class BrokenBoard(SkyBoard):
    """Has a bug that shows after a while."""

    async def look(self) -> list[Note]:
        if now_s() > 60:
            raise ZeroDivisionError
        return await super().look()


@pytest.mark.parametrize(
    ("board", "weather", "problem"),
    [(SkyBoard, Weather(fails=2.0), UnavailableError), (BrokenBoard, Weather(), ZeroDivisionError)],
    ids=["away", "bug"],
)
def test_work_ends_when_its_share_cannot_be_agreed_on_any_more(
    board: type[SkyBoard], weather: Weather, problem: type[Exception]
) -> None:
    async def work(sky: Sky, worker: Worker, place: SkyBoard) -> None:
        lost = asyncio.Event()
        async with kept([Keeper(worker, seat(0, FIFTEEN, places=2), place)], lost.set), asyncio.timeout(3600):
            assert worker.share
            sky.weather = weather
            await lost.wait()

    async def play(sky: Sky) -> None:
        worker = Worker(sky, seat(0, FIFTEEN, places=2))
        with pytest.raises(problem):
            await work(sky, worker, board(sky))
        assert worker.share == 0.0

    on_a_store(play)


ME, OTHER = Who("run", "me"), Who("run", "other")


def told_by(crowd: Crowd, number: int, *, written_s: float, asked_s: float) -> bool:
    """Whether a worker counts, of whom a listing shows the beat `number`, written at `written_s` by the store's clock.

    The listing shows what this worker began to write at `asked_s`, and comes a second later.
    """
    mine, its = Beat(ME, 1, 1, 1, 4, 9), Beat(OTHER, number, 1, 1, 4, 9)
    notes = newest([Note(mine.name, asked_s), Note(its.name, written_s)])
    return bool(crowd.look(notes, Own(mine, asked_s, asked_s), asked_s + 1.0).others)


def test_a_silent_worker_counts_for_longer_than_its_word_holds() -> None:
    crowd = Crowd(ME, Rhythm())
    assert told_by(crowd, 1, written_s=0.0, asked_s=0.0)  # seen first at 1 s
    assert told_by(crowd, 1, written_s=0.0, asked_s=12.5)
    assert not told_by(crowd, 1, written_s=0.0, asked_s=13.5)
    assert told_by(crowd, 2, written_s=13.6, asked_s=14.0), "it was only slow"


def test_a_listing_that_takes_long_is_no_sign_of_death() -> None:
    """What counts is how long this worker had watched when it asked, not when the answer came."""
    crowd = Crowd(ME, Rhythm())
    for asked_s in (0.0, 5.0, 11.0):
        assert told_by(crowd, 1, written_s=0.0, asked_s=asked_s)


def test_whoever_was_seen_at_work_is_not_declared_dead_by_the_stores_clock() -> None:
    crowd = Crowd(ME, Rhythm())
    assert told_by(crowd, 1, written_s=0.0, asked_s=0.0)
    assert told_by(crowd, 2, written_s=3.0, asked_s=3.0)
    assert told_by(crowd, 2, written_s=-9999.0, asked_s=4.0)
    assert not told_by(Crowd(ME, Rhythm()), 2, written_s=-9999.0, asked_s=4.0)


@pytest.mark.parametrize(
    ("limits", "units"),
    [
        (Limits(max_in_flight=32), 32),
        (Limits(max_in_flight=32, requests_per_minute=900), 15),
        (Limits(max_in_flight=8, requests_per_minute=900), 8),
        (Limits(requests_per_minute=6), 1),
        (Limits(requests_per_minute=6000, tokens_per_minute=600_000), 10),
        (Limits(tokens_per_minute=1_000), 1),
    ],
)
def test_a_unit_is_worth_a_request_in_flight_and_one_a_second(limits: Limits, units: int) -> None:
    assert units_of(limits) == units
