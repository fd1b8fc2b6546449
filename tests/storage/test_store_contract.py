"""What every store keeps: the fake in memory, a local folder, and real buckets where there are any."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evalfactory.settings import environment
from evalfactory.storage.open import open_store
from evalfactory.storage.port import Store
from fakes.memory_store import MemoryStore

Opener = Callable[[], Store]


NO_S3 = pytest.mark.skip(
    reason="no S3 to test against: set EVALFACTORY_TEST_S3_ENDPOINT, AWS_ENDPOINT_URL and AWS_* credentials"
)
S3 = f"s3://{environment().get('EVALFACTORY_TEST_S3_BUCKET', 'evalfactory-test')}"
BUCKETS = (
    pytest.param(S3, marks=() if environment().get("EVALFACTORY_TEST_S3_ENDPOINT") else NO_S3),
    *environment().get("EVALFACTORY_TEST_BUCKETS", "").split(),  # more of them: gs://…, az://…
)


def own_prefix(bucket: str) -> str:
    return f"{bucket}/contract/{uuid.uuid4().hex}"


@pytest.fixture(params=["memory", "local", *BUCKETS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    match request.param:
        case "memory":
            yield MemoryStore()
        case "local":
            yield open_store("store", folder=tmp_path)
        case _:
            store = open_store(own_prefix(request.param))
            yield store
            for entry in store.list(""):
                store.delete(entry.key)


@pytest.fixture(params=["local", *BUCKETS])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store that several processes can open."""
    return str(tmp_path / "store") if request.param == "local" else own_prefix(request.param)


def test_what_is_created_is_read_back(store: Store) -> None:
    assert store.create("a/b/c.json", b"body")
    assert store.read("a/b/c.json") == b"body"


def test_an_empty_object_is_an_object(store: Store) -> None:
    assert store.create("empty", b"")
    assert store.read("empty") == store.read("empty", 0, 5) == b""
    assert [entry.size for entry in store.list("")] == [0]


def test_the_first_create_wins_and_the_second_learns_it(store: Store) -> None:
    assert store.create("a", b"first")
    assert not store.create("a", b"second")
    assert store.read("a") == b"first"


def test_creating_the_same_bytes_again_is_no_conflict(store: Store) -> None:
    assert store.create("a", b"same")
    assert store.create("a", b"same")


def test_of_many_threads_that_create_one_key_exactly_one_wins(store: Store) -> None:
    start = threading.Barrier(8)

    def create(number: int) -> bool:
        start.wait()
        return store.create("contended", f"thread {number}".encode())

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(create, range(8)))
    assert sum(won) == 1
    assert store.read("contended") == f"thread {won.index(True)}".encode()


def test_what_is_put_replaces_what_was_there(store: Store) -> None:
    store.put("pointer", b"old, and longer")
    store.put("pointer", b"new")
    assert store.read("pointer") == b"new"


def test_what_is_put_from_a_file_is_the_rest_of_the_file(store: Store, tmp_path: Path) -> None:
    large = b"head" + bytes(range(256)) * 40_000  # ten megabytes: several parts of an upload
    (tmp_path / "large").write_bytes(large)
    with (tmp_path / "large").open("rb") as file:
        file.seek(4)
        store.put_file("a/large", file)
    assert store.read("a/large") == large[4:]


def test_a_reader_sees_a_pointer_before_or_after_but_never_half_of_it(store: Store) -> None:
    bodies = [bytes([letter]) * 300_000 for letter in b"ab"]
    store.put("pointer", bodies[0])
    done = threading.Event()

    def write() -> None:
        for turn in range(20):
            store.put("pointer", bodies[turn % 2])
        done.set()

    with ThreadPoolExecutor(1) as writer:
        written = writer.submit(write)
        while not done.is_set():
            assert store.read("pointer") in bodies
        written.result()


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [
        (0, None, b"0123456789"),
        (4, None, b"456789"),
        (2, 3, b"234"),
        (8, 100, b"89"),
        (10, 1, b""),
        (50, 2, b""),
        (50, None, b""),
        (3, 0, b""),
    ],
)
def test_a_range_gives_what_there_is_of_it(store: Store, offset: int, length: int | None, expected: bytes) -> None:
    store.create("digits", b"0123456789")
    assert store.read("digits", offset, length) == expected


@pytest.mark.parametrize("key", ["none", "none/at/all", "there/below", "the"])
def test_a_missing_object_is_a_file_not_found_and_deleting_it_is_fine(store: Store, key: str) -> None:
    store.create("there", b"x")
    with pytest.raises(FileNotFoundError, match=key):
        store.read(key)
    with pytest.raises(FileNotFoundError):
        store.read(key, 2, 3)
    store.delete(key)
    assert store.read("there") == b"x"


def test_a_folder_is_no_object(store: Store) -> None:
    store.create("folder/object", b"x")
    with pytest.raises(FileNotFoundError):
        store.read("folder")
    store.delete("folder")
    assert store.read("folder/object") == b"x"


def test_what_is_deleted_is_gone_and_its_key_is_free(store: Store) -> None:
    store.create("a/b", b"x")
    store.delete("a/b")
    store.delete("a/b")
    assert store.list("") == []
    assert store.create("a/b", b"y")


def test_a_list_shows_at_once_what_was_written_in_key_order_with_sizes(store: Store) -> None:
    for number, key in enumerate(["b", "a/2", "a/10", "a-1", "a/2x/y"]):
        store.create(key, b"x" * number)
    assert [(entry.key, entry.size) for entry in store.list("")] == [
        ("a-1", 3), ("a/10", 2), ("a/2", 1), ("a/2x/y", 4), ("b", 0),
    ]  # fmt: skip
    assert [entry.key for entry in store.list("a/")] == ["a/10", "a/2", "a/2x/y"]
    assert [entry.key for entry in store.list("a/2")] == ["a/2", "a/2x/y"]
    assert store.list("nothing/here/") == []


def test_later_writes_have_no_earlier_times(store: Store) -> None:
    store.create("one", b"")
    store.create("two", b"")
    one, two = store.list("")
    assert one.modified_s <= two.modified_s


def test_folders_are_the_names_one_level_below(store: Store) -> None:
    for key in ["suite/runs/b/plan.json", "suite/runs/a/plan.json", "suite/runs/a/cases/x", "suite/file", "x/y"]:
        store.create(key, b"")
    assert store.folders("suite/runs/") == ["a", "b"]
    assert store.folders("suite/") == ["runs"]
    assert store.folders("") == ["suite", "x"]
    assert store.folders("suite/runs/a/cases/") == store.folders("none/") == []


def test_a_store_of_many_objects_lists_them_all(store: Store) -> None:
    keys = [f"many/{number:04}" for number in range(1_050)]
    with ThreadPoolExecutor(16) as writers:
        list(writers.map(lambda key: store.put(key, b""), keys))
    assert [entry.key for entry in store.list("many/")] == keys


@pytest.mark.parametrize(
    "key",
    [
        "a b",
        "a%20b",
        "100%",
        "a+b&c=d;e",
        "a#1",
        "日本/ケース",
        "~x",
        "it's",
        "a:b",
        "(x)[y]{z}",
        "e\u0301",
        "*?",
        "x" * 200,
    ],
)
def test_a_weird_key_is_a_key(store: Store, key: str) -> None:
    assert store.create(key, key.encode())
    assert store.read(key) == key.encode()
    assert [entry.key for entry in store.list(key)] == [key]
    store.delete(key)
    assert store.list("") == []


@pytest.mark.parametrize(
    "key",
    ["", "/a", "a/", "a//b", "..", "a/../b", "./a", ".hidden", "a\\b", "a\nb", "a\x00b", "a\u202eb", "x" * 201, "x/" * 500 + "x", "j.partial"],
)  # fmt: skip
def test_what_no_store_could_hold_is_refused(store: Store, key: str) -> None:
    for use in (store.read, store.delete, lambda key: store.create(key, b""), lambda key: store.put(key, b"")):
        with pytest.raises(ValueError, match="key"):
            use(key)


@pytest.mark.parametrize("prefix", ["/a", "../", "a/../", "a\\"])
def test_a_prefix_that_leads_out_of_the_store_is_refused(store: Store, prefix: str) -> None:
    for look in (store.list, store.folders):
        with pytest.raises(ValueError, match="key"):
            look(prefix)


CREATE_MANY = """
import sys
from evalfactory.storage.open import open_store
store, me = open_store(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
print(" ".join(str(n) for n in range(100) if store.create(f"race/{n}", f"{me} {n}".encode())))
"""


def test_of_two_processes_that_create_the_same_keys_each_key_has_one_winner(url: str) -> None:
    command = [sys.executable, "-c", CREATE_MANY, url]
    racers = [subprocess.Popen([*command, me], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for me in "ab"]
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [set(racer.communicate()[0].split()) for racer in racers]
    assert not won[0] & won[1]
    assert won[0] | won[1] == {str(number) for number in range(100)}
    store = open_store(url)
    assert all(
        store.read(f"race/{n}") == f"{me} {n}".encode() for me, mine in zip("ab", won, strict=True) for n in mine
    )


WRITE_ON = """
import hashlib, itertools, sys
from evalfactory.storage.open import open_store
store = open_store(sys.argv[1])
for number in itertools.count():
    body = f"{sys.argv[2]} {number} ".encode() * 100_000
    store.create("crash/" + hashlib.sha256(body).hexdigest(), body)
    store.put("crash/pointer", body + hashlib.sha256(body).hexdigest().encode())
    print(number, flush=True)
"""


@pytest.mark.parametrize("after", [1, 3])
def test_a_writer_that_is_killed_leaves_whole_objects_or_none(url: str, after: int) -> None:
    command = [sys.executable, "-c", WRITE_ON, url, str(after)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        for _ in range(after):
            writer.stdout.readline()
        writer.kill()
    store = open_store(url)
    entries = store.list("crash/")
    assert len(entries) > after
    for entry in entries:
        body = store.read(entry.key)
        if entry.key == "crash/pointer":
            assert hashlib.sha256(body[:-64]).hexdigest().encode() == body[-64:]
        else:
            assert hashlib.sha256(body).hexdigest() == entry.key.removeprefix("crash/")
