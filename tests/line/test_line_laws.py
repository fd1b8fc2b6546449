"""Laws of the line's pure parts and of what it keeps: deaths, messages, parts that are taken over."""

from __future__ import annotations

import asyncio
import hashlib
import random
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.engine.events import (
    Event,
    Finished,
    NoEvents,
    Noticed,
    Ready,
    ShardEnded,
    Started,
    Stopping,
    Tick,
    Wants,
    decode,
    encode,
)
from evalfactory.engine.lines import parse_part
from evalfactory.engine.orders import Assignment, NoMore, Order, decode_message, encode_message
from evalfactory.engine.reusing import Reuse
from evalfactory.engine.shard import Shard
from evalfactory.engine.station import Station
from evalfactory.errors import UnavailableError
from evalfactory.metrics.port import Scored
from evalfactory.records.gate import GateSpec
from evalfactory.records.measurement import Commit, Measurement, Slot
from evalfactory.records.plan import Plan, ShardPlan
from evalfactory.records.suite import Execution
from evalfactory.runners.casualties import Casualties, after_death
from evalfactory.runners.progress import Progress, WorkerProgress
from evalfactory.storage.layout import RunKeys
from evalfactory.storage.local import LocalStore
from evalfactory.storage.port import Store
from fakes.memory_store import MemoryStore, WatchedStore

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
slots = st.builds(Slot, texts, texts, st.integers(0, 9))
few_slots = st.sampled_from([Slot(f"case-{number}", "metric") for number in range(6)])
sets_of_slots = st.frozensets(few_slots)
numbers = st.integers(0, 1 << 40)


# Deaths


@given(st.lists(st.tuples(sets_of_slots, st.integers(0, 3))))
def test_a_slot_is_quarantined_only_for_the_second_death_while_it_ran_alone(
    deaths: list[tuple[frozenset[Slot], int]],
) -> None:
    known = Casualties()
    for in_flight, measured in deaths:
        in_flight -= known.quarantined  # they are not measured any more
        before, known = known, after_death(known, in_flight, measured=measured)
        for slot in known.quarantined - before.quarantined:
            assert in_flight == {slot}
            assert slot in before.alone & before.accused
        for slot in known.accused - before.accused:
            assert in_flight == {slot}
            assert slot in before.alone
        assert before.quarantined <= known.quarantined
        assert not known.alone & known.quarantined


@given(st.lists(st.tuples(sets_of_slots, st.integers(1, 3))))
def test_with_progress_between_the_deaths_nothing_runs_alone_and_nobody_gives_up(
    deaths: list[tuple[frozenset[Slot], int]],
) -> None:
    known = Casualties()
    for in_flight, measured in deaths:
        known = after_death(known, in_flight, measured=measured)
        assert not known.alone
        assert not known.quarantined
        assert not known.gives_up(1)


@given(st.lists(st.tuples(sets_of_slots, st.integers(0, 1))))
def test_a_death_with_nothing_in_flight_puts_no_slot_under_suspicion(deaths: list[tuple[frozenset[Slot], int]]) -> None:
    known = Casualties()
    for in_flight, measured in deaths:
        known = after_death(known, in_flight, measured=measured)
        idle = after_death(known, frozenset(), measured=0)
        assert (idle.suspects, idle.alone, idle.quarantined) == (known.suspects, known.alone, known.quarantined)
        assert idle.streak == known.streak + 1


@given(st.lists(sets_of_slots.filter(lambda some: len(some) != 1)), st.integers(1, 5))
def test_without_progress_and_without_a_culprit_restarts_are_bounded(
    deaths: list[frozenset[Slot]], max_restarts: int
) -> None:
    known = Casualties()
    for number, in_flight in enumerate(deaths, start=1):
        known = after_death(known, in_flight, measured=0)
        assert known.gives_up(max_restarts) == (number > max_restarts)


@dataclass
class Patient:
    """A worker that dies by some slots; what it tells of each life is what a real one would."""

    left: list[Slot]
    deadly: frozenset[Slot]
    window: int
    dice: random.Random

    def live(self, known: Casualties) -> tuple[frozenset[Slot], int] | None:
        """What was in flight at the death, and how much was measured before; None when it lives to the end."""
        self.left = [slot for slot in self.left if slot not in known.quarantined]
        measured = 0
        alone = [slot for slot in self.left if slot in known.alone]
        for slot in alone:
            if slot in self.deadly:
                return frozenset({slot}), measured
            self.left.remove(slot)
            measured += 1
        while self.left:
            flying = self.left[: self.window]
            landing = self.dice.choice(flying)
            if landing in self.deadly:
                return frozenset(flying), measured
            self.left.remove(landing)
            measured += 1
        return None


@given(sets_of_slots, st.integers(1, 6), st.randoms(use_true_random=False))
def test_exactly_the_deadly_slots_are_quarantined_in_the_end(
    deadly: frozenset[Slot], window: int, dice: random.Random
) -> None:
    patient = Patient([Slot(f"case-{number}", "metric") for number in range(6)], deadly, window, dice)
    known = Casualties()
    for _ in range(100):
        end = patient.live(known)
        if end is None:
            break
        known = after_death(known, end[0], measured=end[1])
        assert not known.gives_up(3)
    assert known.quarantined == deadly
    assert not patient.left


# Messages

events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Ready, numbers),
    st.builds(Wants),
    st.builds(Started, slots),
    st.builds(
        Finished,
        slots,
        st.sampled_from(["scored", "errored"]),
        numbers,
        st.floats(0, 1e6, allow_nan=False),
        st.booleans(),
        numbers,
    ),
    st.builds(Noticed, texts),
    st.builds(ShardEnded, numbers, st.none() | texts, st.none() | texts),
    st.builds(Tick, texts),
    st.builds(Stopping, st.integers(0, 255), texts, st.none() | texts, st.booleans()),
)


@given(events)
def test_an_event_is_one_line_and_comes_back_as_it_was(event: Event) -> None:
    line = encode(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert decode(line) == event


@given(st.sampled_from([b"", b"{}", b"[]", b'["ready"]', b'["ready","x"]', b"hello", b'["finished",1]', b"\xff"]))
def test_what_is_no_event_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(line)


assignments = st.builds(Assignment, store=texts, suite=texts, run_id=texts, plan_digest=texts, attempt=texts)
orders = st.builds(Order, shard=st.integers(0, 99_999), alone=st.frozensets(slots), quarantined=st.frozensets(slots))


@given(assignments | orders | st.builds(NoMore))
def test_a_message_is_one_line_and_comes_back_as_it_was(message: Assignment | Order | NoMore) -> None:
    line = encode_message(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_message(line) == message


# Progress


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_progress_counts_every_slot_once_however_often_it_is_told(sizes: list[int], dice: random.Random) -> None:
    """Shards of these sizes, each told slot by slot with repetitions, then ended or not."""
    plan = PLAN.model_copy(
        update={
            "slots": sum(sizes),
            "shards": tuple(SHARD.model_copy(update={"index": n, "slots": size}) for n, size in enumerate(sizes)),
        }
    )
    open_shards = [index for index in range(len(sizes)) if dice.random() < 0.7]
    progress, worker = Progress(plan.slots, 0.0), WorkerProgress("one")
    progress.count_committed(plan, open_shards)
    expected = sum(size for index, size in enumerate(sizes) if index not in open_shards)
    for index in open_shards:
        told = [number for number in range(sizes[index]) if dice.random() < 0.8]
        for number in [*told, *dice.choices(told, k=3)] if told else []:
            progress.note(worker, Finished(slot_of(number), "scored", 1, 0.0, reused=False, shard=index))
        ends = len(told) == sizes[index] and dice.random() < 0.5
        if ends:
            progress.note(worker, ShardEnded(index))
        expected += len(told)
        assert progress.done == expected
    assert worker.done == progress.fresh == progress.states["scored"]


# What is kept


class Unasked:
    """No metrics: nothing here is measured."""

    async def ready(self) -> None: ...

    async def measure(self, case: object, recipe: object) -> Scored:
        raise AssertionError("nothing is measured here")


SLOTS = 5
SHARD = ShardPlan(index=0, cases=SLOTS, slots=SLOTS, weight=1, file="f", offset=0, length=0, sha256="")
PLAN = Plan(
    run_id="run", created_at="", digest="d", suite="s", tier="t", suite_digest="", dataset_digest="", inputs_digest="",
    dataset_cases=SLOTS, versions={}, recipes=(), execution=Execution(), gate=GateSpec(), cases=SLOTS, slots=SLOTS,
    shards=(SHARD,),
)  # fmt: skip
KEYS = RunKeys("s", "run")


def station(store: Store, attempt: str) -> Station:
    return Station(PLAN, store, KEYS, Unasked(), None, Reuse(store, KEYS), NoEvents(), attempt, lambda: 4)


def slot_of(number: int) -> Slot:
    return Slot(f"case-{number}", "m")


def measurement(number: int, attempt: str) -> Measurement:
    return Measurement(
        case_id=f"case-{number}", metric="m", state="scored", score=number / SLOTS, reason="…\n\u2028", attempt=attempt,
        fingerprint=f"{number:064}",
    )  # fmt: skip


@dataclass(frozen=True)
class Life:
    """An attempt that measures some slots, flushes or not, and dies; then so many bytes of its journal are torn off."""

    measures: int
    flushes: bool
    torn: int


lives = st.builds(Life, st.integers(0, SLOTS), st.booleans(), st.sampled_from([0, 0, 1, 7, 60, 400]))


@given(st.lists(lives, max_size=5), st.booleans())
def test_whatever_earlier_attempts_left_resumed_it_is_the_plan_and_nothing_safe_is_measured_again(
    attempts: list[Life], in_a_bucket: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store: Store = MemoryStore() if in_a_bucket else LocalStore(Path(folder))
        safe: dict[Slot, str] = {}
        for number, life in enumerate(attempts):
            kept = asyncio.run(live(store, f"attempt-{number}", life))
            if life.flushes if in_a_bucket else not life.torn:
                safe |= dict.fromkeys(kept, f"attempt-{number}")
            tear(Path(folder), f"attempt-{number}", life.torn)
        asyncio.run(finish(store))
        commit = Commit.model_validate_json(store.read(KEYS.commit(0)))
        assert (commit.slots, commit.scored) == (SLOTS, SLOTS)
        found = committed(store, commit)
        assert set(found) == {slot_of(number) for number in range(SLOTS)}
        assert all(found[slot] == attempt for slot, attempt in safe.items())


async def live(store: Store, attempt: str, life: Life) -> list[Slot]:
    """The slots that the attempt measures."""
    shard = Shard(station(store, attempt), SHARD)
    shard.take_over()
    still = [number for number in range(SLOTS) if shard.is_open(slot_of(number))][: life.measures]
    for number in still:
        shard.keep(measurement(number, attempt))
    if life.flushes:
        await shard.flush()
    return list(map(slot_of, still))


async def finish(store: Store) -> None:
    shard = Shard(station(store, "last"), SHARD)
    shard.take_over()
    for number in range(SLOTS):
        if shard.is_open(slot_of(number)):
            shard.keep(measurement(number, "last"))
    await shard.wait_until_done()
    assert await shard.commit()


def tear(folder: Path, attempt: str, count: int) -> None:
    for path in folder.rglob(f"{attempt}-*.partial"):
        body = path.read_bytes()
        path.write_bytes(body[: max(0, len(body) - count)])


def committed(store: Store, commit: Commit) -> dict[Slot, str]:
    """Who measured what, by the parts that the commit names, each proven."""
    found: dict[Slot, str] = {}
    for ref in commit.parts:
        body = store.read(KEYS.part(0, ref.name))
        assert (len(body), hashlib.sha256(body).hexdigest()) == (ref.size, ref.sha256)
        for record in parse_part(body)[1]:
            if isinstance(record, Measurement):
                found.setdefault(record.slot, record.attempt)
    return found


@given(st.integers(0, 8))
def test_a_store_that_fails_once_at_any_moment_never_gets_a_commit_without_its_parts(moment: int) -> None:
    def fail_once(operation: int) -> None:
        if operation == moment:
            raise UnavailableError("gone for a moment")

    inner = MemoryStore()
    store = WatchedStore(inner, fail_once)

    async def attempt() -> None:
        shard = Shard(station(store, "one"), SHARD)
        for number in range(SLOTS):
            with suppress(UnavailableError):
                shard.keep(measurement(number, "one"))
                await shard.flush()
        with suppress(UnavailableError):
            await shard.commit()

    asyncio.run(attempt())
    try:
        commit = Commit.model_validate_json(inner.read(KEYS.commit(0)))
    except FileNotFoundError:
        return
    assert len(committed(inner, commit)) == SLOTS
