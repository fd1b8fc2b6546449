"""The index by fingerprint: everything added is found, whoever compacts and whoever dies at it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalfactory.errors import InputError
from evalfactory.storage.local import LocalStore
from evalfactory.storage.port import Store
from evalfactory.storage.reuse import BLOCK, FIRST_READ, Index, Location, add, compact
from fakes.memory_store import MemoryStore, PagedStore, WatchedStore
from fakes.stepping import Stepped

Entries = dict[str, Location]


def fingerprint(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def place(shard: int = 0, run: str = "run") -> Location:
    return Location("suite", run, shard, "part")


def some(numbers: range, at: Location) -> Entries:
    return {fingerprint(number): at for number in numbers}


locations = st.builds(Location, st.text("ab帰", min_size=1, max_size=3), st.sampled_from("xyz"), st.integers(0, 3))
batches = st.lists(
    st.dictionaries(st.integers(0, 200).map(fingerprint), locations, min_size=1, max_size=12), min_size=1, max_size=8
)


def fill(store: Store, some_batches: list[Entries]) -> dict[str, set[Location]]:
    """Add the batches; what may be found then."""
    places: dict[str, set[Location]] = {}
    for number, batch in enumerate(some_batches):
        add(store, batch, f"run-{number}")
        for mark, where in batch.items():
            places.setdefault(mark, set()).add(where)
    return places


def assert_all_found(store: Store, places: dict[str, set[Location]]) -> None:
    found = Index(store).find([*places, fingerprint(-1)])
    assert found.keys() == places.keys()
    assert all(found[mark] in places[mark] for mark in found)


@settings(max_examples=40)
@given(batches)
def test_everything_added_is_found_and_nothing_else(some_batches: list[Entries]) -> None:
    store = MemoryStore()
    assert_all_found(store, fill(store, some_batches))


@settings(max_examples=40)
@given(batches)
def test_of_several_places_the_last_added_is_found(some_batches: list[Entries]) -> None:
    store = MemoryStore()
    fill(store, some_batches)
    last: Entries = {}
    for batch in some_batches:
        last |= batch
    assert Index(store).find(last) == last
    compact(store)
    assert Index(store).find(last) == last


@settings(max_examples=40)
@given(batches, batches)
def test_everything_is_found_before_and_after_compaction(before: list[Entries], after: list[Entries]) -> None:
    store = MemoryStore()
    places = fill(store, before)
    compact(store)
    assert_all_found(store, places)
    for mark, where in fill(store, after).items():
        places.setdefault(mark, set()).update(where)
    assert_all_found(store, places)
    compact(store)
    assert_all_found(store, places)


@given(batches, st.lists(st.sampled_from([0, 1, 2]), max_size=60), st.sets(st.sampled_from([0, 1, 2]), max_size=3))
def test_compactors_that_take_turns_or_die_lose_nothing_at_any_moment(
    some_batches: list[Entries], turns: list[int], dying: set[int]
) -> None:
    store = MemoryStore()
    places = fill(store, some_batches)
    late = some(range(300, 303), place(9))
    compactors = [
        Stepped(store, compact),
        Stepped(store, compact),
        Stepped(store, lambda it: (compact(it), compact(it))),
    ]
    adder = Stepped(store, lambda it: add(it, late, "late"))
    for moment, turn in enumerate(turns):
        compactors[turn].step()
        assert_all_found(store, places)
        if moment == len(turns) // 2:
            adder.finish()
            places |= {mark: {where} for mark, where in late.items()}
    for number, compactor in enumerate(compactors):
        compactor.kill() if number in dying else compactor.finish()
        assert_all_found(store, places)
    adder.finish()
    compact(store)
    assert_all_found(store, places | {mark: {where} for mark, where in late.items()})


@given(batches, st.sets(st.integers(0, 12)))
def test_a_reader_finds_everything_while_compactors_work_between_its_reads(
    some_batches: list[Entries], moments: set[int]
) -> None:
    store = MemoryStore()
    places = fill(store, some_batches)
    one_at_a_time = threading.Lock()  # the reader reads with several threads

    def work(moment: int) -> None:
        with one_at_a_time:
            if moment in moments:
                add(store, {fingerprint(1_000 + moment): place()}, f"meanwhile-{moment}")
                compact(store)

    assert_all_found(WatchedStore(store, work), places)


@given(batches, st.sets(st.integers(0, 6)))
def test_a_listing_that_takes_its_time_still_shows_every_entry_somewhere(
    some_batches: list[Entries], moments: set[int]
) -> None:
    store = MemoryStore()
    places = fill(store, some_batches)

    def work(page: int) -> None:
        if page in moments:
            moments.remove(page)
            add(store, {fingerprint(1_000 + page): place()}, f"meanwhile-{page}")
            compact(store)

    assert_all_found(PagedStore(store, work), places)


def test_an_index_that_looked_before_a_compaction_still_finds_everything_after_it() -> None:
    store = MemoryStore()
    for shard in range(4):
        add(store, some(range(shard * 5_000, shard * 5_000 + 5_000), place(shard)), f"run-{shard}")
    index = Index(store)
    assert index.find([fingerprint(0)]) == {fingerprint(0): place(0)}
    assert compact(store) == 4
    assert index.find([fingerprint(19_999)]) == {fingerprint(19_999): place(3)}


def test_a_refreshed_index_sees_what_was_added_meanwhile() -> None:
    store = MemoryStore()
    index = Index(store)
    assert index.find([fingerprint(1)]) == {}
    add(store, {fingerprint(1): place()}, "run-0")
    assert index.find([fingerprint(1)]) == {}
    index.refresh()
    assert index.find([fingerprint(1)]) == {fingerprint(1): place()}


def test_adding_the_same_again_changes_nothing_and_other_entries_under_the_name_are_kept_too() -> None:
    store = MemoryStore()
    add(store, some(range(3), place()), "run-0")
    add(store, some(range(3), place()), "run-0")
    assert len(store.list("")) == 1
    add(store, some(range(3, 6), place(1)), "run-0")
    assert len(Index(store).find(some(range(6), place()))) == 6


def test_adding_nothing_writes_nothing() -> None:
    store = MemoryStore()
    add(store, {}, "run-0")
    assert store.list("") == []
    assert Index(store).find([]) == {}
    assert compact(store) == 0


@pytest.mark.parametrize("wrong", ["", "ab", "x" * 64, fingerprint(1) + "00", " " + fingerprint(1)])
def test_what_is_no_fingerprint_is_refused(wrong: str) -> None:
    store = MemoryStore()
    with pytest.raises(ValueError):  # noqa: PT011 - hexadecimal or length
        add(store, {wrong: place()}, "run-0")
    assert store.list("") == []


def test_many_small_additions_stay_few_tables_and_are_seldom_rewritten() -> None:
    store = MemoryStore()
    written = 0
    for shard in range(200):
        add(store, some(range(shard * 50, shard * 50 + 50), place(shard)), f"run-{shard}")
        before = {entry.key for entry in store.list("")}
        compact(store)
        written += sum(entry.size for entry in store.list("") if entry.key not in before)
    sizes = [entry.size for entry in store.list("")]
    assert len(sizes) <= 8
    assert written < 12 * sum(sizes)
    assert len(Index(store).find(some(range(10_000), place()))) == 10_000


class CountedReads(WatchedStore):
    """A store that counts the bytes that are read."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, lambda _: None)
        self.read_bytes = 0

    def read(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        body = super().read(key, offset, length)
        self.read_bytes += len(body)
        return body


@pytest.fixture(scope="module")
def large() -> MemoryStore:
    """100,000 fingerprints of ten shards in one table."""
    store = MemoryStore()
    for shard in range(10):
        add(store, some(range(shard * 10_000, shard * 10_000 + 10_000), place(shard)), f"run-{shard}")
    assert compact(store) == 10
    assert store.list("")[0].size > 2_000_000
    return store


def test_a_few_look_ups_in_a_large_index_read_little_of_it(large: MemoryStore) -> None:
    wanted = {fingerprint(7): place(0), fingerprint(99_999): place(9)}
    store = CountedReads(large)
    index = Index(store)
    assert index.find([*wanted, fingerprint(100_001)]) == wanted
    assert store.read_bytes <= FIRST_READ + 3 * BLOCK
    before = store.read_bytes
    assert index.find(wanted) == wanted
    assert store.read_bytes == before


def test_many_look_ups_in_a_large_index_read_it_once(large: MemoryStore) -> None:
    store = CountedReads(large)
    index = Index(store)
    for start in range(0, 100_000, 10_000):
        assert len(index.find(map(fingerprint, range(start, start + 10_000, 3)))) == 3_334
    assert store.read_bytes <= FIRST_READ + large.list("")[0].size


def test_one_index_serves_many_threads(large: MemoryStore) -> None:
    index = Index(large)
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda number: index.find([fingerprint(number)]), range(0, 100_000, 500)))
    assert found == [{fingerprint(number): place(number // 10_000)} for number in range(0, 100_000, 500)]


def test_an_index_in_a_local_folder_survives_compactors_in_many_threads(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    places: dict[str, set[Location]] = {}
    failures: list[BaseException] = []
    lock = threading.Lock()

    def work(number: int) -> None:
        try:
            for turn in range(8):
                batch = some(range(number * 100 + turn * 5, number * 100 + turn * 5 + 5), place(number))
                add(store, batch, f"run-{number}-{turn}")
                with lock:
                    places.update({mark: {where} for mark, where in batch.items()})
                    known = dict(places)
                compact(store)
                assert_all_found(store, known)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert_all_found(store, places)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda body: b"",
    "cut after the magic": lambda body: body[:4],
    "cut in the head": lambda body: body[:20],
    "a byte short": lambda body: body[:-1],
    "a record short": lambda body: body[:-20],
    "of a later version": lambda body: b"EFX2" + body[4:],
    "of another kind": lambda body: b"x" * len(body),
    "with broken locations": lambda body: body[:18] + b"\xff" * 9 + body[27:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_table_is_named_and_never_merged_away(damage: str) -> None:
    store = MemoryStore()
    add(store, some(range(100), place()), "run-0")
    add(store, some(range(100, 200), place(1)), "run-1")
    key = store.list("")[0].key
    store.put(key, DAMAGES[damage](store.read(key)))
    with pytest.raises(InputError, match=key) as caught:
        Index(store).find([fingerprint(150)])
    assert "delete this one file" in (caught.value.hint or "")
    with suppress(InputError):  # or it is left alone for its size
        compact(store)
    assert key in {entry.key for entry in store.list("")}
    assert len(store.list("")) == 2
    store.delete(key)
    assert Index(store).find([fingerprint(150)]) == {fingerprint(150): place(1)}


def test_a_table_with_a_changed_record_is_not_merged() -> None:
    store = MemoryStore()
    add(store, some(range(100), place()), "run-0")
    add(store, some(range(100, 200), place(1)), "run-1")
    key = store.list("")[0].key
    store.put(key, store.read(key)[:-1] + b"\x7f")
    for use in (lambda: compact(store), lambda: Index(store).find([fingerprint(1)])):
        with pytest.raises(InputError, match="digest"):
            use()
    assert len(store.list("")) == 2
