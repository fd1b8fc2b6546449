"""Which limits a worker shares, and what that leaves in a store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from evalfactory.engine.orders import Assignment
from evalfactory.errors import UnavailableError
from evalfactory.judge.client import open_judge
from evalfactory.judge.port import Judge, Paced
from evalfactory.limits.beat import read_beat
from evalfactory.limits.board import StoreBoard
from evalfactory.records.suite import JudgeSpec
from evalfactory.storage.layout import RunKeys
from evalfactory.storage.open import open_store
from evalfactory.storage.port import Store
from evalfactory.worker.seats import Seats
from fakes.memory_store import MemoryStore

KEYS = RunKeys("suite", "run-1")
ALONE = JudgeSpec(model="m", base_url="http://127.0.0.1:9/v1", max_in_flight=8)
GROUPED = ALONE.model_copy(update={"limit_group": "one key"})


@pytest.fixture(params=["memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else open_store("store", folder=tmp_path)


def seats(store: Store, workers: int, place: int = 0, **more: object) -> Seats:
    at = {"store": store.url, "suite": KEYS.suite, "run_id": KEYS.run_id, "plan_digest": "", "attempt": f"a{place}"}
    return Seats(Assignment.model_validate({**at, "workers": workers, "place": place, **more}), store, KEYS)


def told(store: Store) -> dict[str, tuple[int, int]]:
    """Who takes how many units of how many, newest word first, by folder and worker."""
    beats = [(entry.key.rpartition("/")[0], read_beat(entry.key.rpartition("/")[2])) for entry in store.list("")]
    return {f"{folder} {beat.who.member}": (beat.takes, beat.units) for folder, beat in beats if beat is not None}


def allowed(judge: Judge) -> int:
    assert isinstance(judge, Paced)
    return judge.status().allowed


def no_loss() -> None:
    """Everybody ends in peace."""


async def seated(
    store: Store, *, workers: int, spec: JudgeSpec, judges: int = 1
) -> tuple[list[int], dict[str, tuple[int, int]]]:
    """What the judges of the run's first worker may have in flight, and what stands in the store meanwhile."""
    opened = [open_judge(spec) for _ in range(judges)]
    place = seats(store, workers)
    for judge in opened:
        place.add(spec, judge)
    async with place.kept(no_loss):
        found = [allowed(judge) for judge in opened], dict(told(store))
    for judge in opened:
        await judge.close()
    assert store.list("") == [], "whoever leaves takes its word along"
    return found


def test_a_worker_that_is_alone_at_a_limit_says_nothing(store: Store) -> None:
    assert asyncio.run(seated(store, workers=1, spec=ALONE)) == ([8], {})


def test_the_workers_of_a_run_share_its_limits_in_the_runs_own_folder(store: Store) -> None:
    in_flight, words = asyncio.run(seated(store, workers=4, spec=ALONE))
    assert in_flight == [2]
    ((place, claim),) = words.items()
    assert place.startswith("suite/runs/run-1/limits/")
    assert claim == (2, 8)


def test_runs_that_name_a_group_share_its_folder(store: Store) -> None:
    in_flight, words = asyncio.run(seated(store, workers=1, spec=GROUPED))
    assert in_flight == [8]
    assert words == {"limits/one%20key a0-0": (8, 8)}


def test_two_endpoints_with_one_key_are_two_members_of_its_group(store: Store) -> None:
    in_flight, words = asyncio.run(seated(store, workers=2, spec=GROUPED, judges=2))
    assert in_flight == [2, 2]
    assert words == {"limits/one%20key a0-0": (2, 8), "limits/one%20key a0-1": (2, 8)}


def test_the_offline_judge_has_no_limits_to_share(store: Store) -> None:
    async def play() -> None:
        place = seats(store, 4)
        spec = JudgeSpec(kind="offline", model="offline")
        place.add(spec, open_judge(spec))
        async with place.kept(no_loss):
            assert store.list("") == []

    asyncio.run(play())


def test_a_worker_takes_over_from_those_it_replaces(store: Store) -> None:
    async def play() -> None:
        dead, heir = open_judge(GROUPED), open_judge(GROUPED)
        first, second = seats(store, 1), seats(store, 1, place=0, attempt="b", replaces=("a0",))
        first.add(GROUPED, dead)
        second.add(GROUPED, heir)
        async with first.kept(no_loss), second.kept(no_loss):
            in_flight, words = allowed(heir), list(told(store))
        await dead.close()
        await heir.close()
        assert (in_flight, words) == (8, ["limits/one%20key b-0"])

    asyncio.run(play())


def test_a_store_that_cannot_be_written_to_ends_the_work_before_it_begins(tmp_path: Path) -> None:
    async def play() -> None:
        store = open_store("store", folder=tmp_path)
        (tmp_path / "store" / "limits").write_text("in the way")
        judge = open_judge(GROUPED)
        place = seats(store, 1)
        place.add(GROUPED, judge)
        with pytest.raises(UnavailableError):
            async with place.kept(no_loss):
                raise AssertionError("nobody may begin")
        await judge.close()

    asyncio.run(play())


def test_a_board_shows_what_is_written_until_it_is_deleted(store: Store) -> None:
    async def play() -> None:
        board = StoreBoard(store, "limits/group/")
        assert await board.look() == []
        await board.write("one")
        await board.write("two")
        notes = await board.look()
        assert [note.name for note in notes] == ["one", "two"]
        assert notes[0].modified_s <= notes[1].modified_s
        await board.delete("one")
        await board.delete("one")
        assert [note.name for note in await board.look()] == ["two"]

    asyncio.run(play())
