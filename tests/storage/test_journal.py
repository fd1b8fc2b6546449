"""A journal keeps every line that was appended, whoever dies, and shows whole lines only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evalfactory.storage.journal import Journal, open_journal, read_torn, torn_journals
from evalfactory.storage.open import open_store
from evalfactory.storage.port import Store
from fakes.limited import run_limited
from fakes.memory_store import MemoryStore


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store("store", folder=tmp_path)


def opened(store: Store, key: str) -> Journal:
    journal = open_journal(store, key)
    assert journal is not None
    return journal


def test_appended_lines_can_be_read_at_once(store: Store) -> None:
    with opened(store, "parts/a.jsonl") as journal:
        journal.append(b"one\n")
        journal.append(b"two\n")
        assert read_torn(store, "parts/a.jsonl") == b"one\ntwo\n"


def test_a_journal_is_no_object_until_it_is_sealed(store: Store) -> None:
    with opened(store, "parts/a.jsonl") as journal:
        journal.append(b"one\n")
        assert store.list("") == []
        assert store.folders("") == []
        assert torn_journals(store, "parts/") == ["parts/a.jsonl"]
        with pytest.raises(FileNotFoundError):
            store.read("parts/a.jsonl")
        journal.seal()
    assert [entry.key for entry in store.list("")] == ["parts/a.jsonl"]
    assert torn_journals(store, "") == []
    assert store.read("parts/a.jsonl") == read_torn(store, "parts/a.jsonl") == b"one\n"


def test_a_torn_last_line_is_left_out(store: Store, tmp_path: Path) -> None:
    (tmp_path / "store/j.jsonl.partial").write_bytes(b'{"whole":1}\n{"torn":')
    assert read_torn(store, "j.jsonl") == b'{"whole":1}\n'
    (tmp_path / "store/j.jsonl.partial").write_bytes(b'{"torn":')
    assert read_torn(store, "j.jsonl") == b""


def test_a_journal_that_never_was_is_a_file_not_found(store: Store) -> None:
    with pytest.raises(FileNotFoundError, match="none"):
        read_torn(store, "none")


@pytest.mark.parametrize("line", [b"", b"no end", b"two\nlines\n", b"end\nmore"])
def test_only_a_whole_single_line_is_taken(store: Store, line: bytes) -> None:
    with opened(store, "j") as journal, pytest.raises(ValueError, match="whole lines"):
        journal.append(line)


def test_a_name_is_used_once(store: Store) -> None:
    with opened(store, "j") as journal:
        with pytest.raises(ValueError, match="used once"):
            open_journal(store, "j")
        journal.append(b"kept\n")
        journal.seal()
    with pytest.raises(ValueError, match="used once"):
        open_journal(store, "j")
    assert store.read("j") == b"kept\n"


def test_a_sealed_journal_takes_no_more(store: Store) -> None:
    journal = opened(store, "j")
    journal.seal()
    for use in (journal.seal, lambda: journal.append(b"more\n")):
        with pytest.raises(ValueError, match="closed"):
            use()
    assert store.read("j") == b""


def test_a_store_in_memory_has_no_journals() -> None:
    store = MemoryStore()
    store.create("j", b"whole\n")
    assert open_journal(store, "j") is None
    assert torn_journals(store, "") == []
    assert read_torn(store, "j") == b"whole\n"


APPEND_ON = """
import itertools, sys
from evalfactory.storage.journal import open_journal
from evalfactory.storage.open import open_store
journal = open_journal(open_store(sys.argv[1]), "j")
for number in itertools.count():
    journal.append(f"{number} {'x' * 5000}\\n".encode())
    print(number, flush=True)
"""


def test_every_line_that_was_appended_survives_the_death_of_its_writer(store: Store) -> None:
    with subprocess.Popen([sys.executable, "-c", APPEND_ON, store.url], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        for _ in range(50):
            writer.stdout.readline()
        writer.kill()
        appended = 50 + len(writer.stdout.read().splitlines())
    lines = read_torn(store, "j").decode().splitlines()
    assert len(lines) in (appended, appended + 1)  # the last may have been written and not yet told
    assert [line.split()[0] for line in lines] == [str(number) for number in range(len(lines))]
    assert all(len(line.split()[1]) == 5000 for line in lines)


FILL_UP = """
import sys
from evalfactory.errors import UnavailableError
from evalfactory.storage.journal import open_journal
from evalfactory.storage.open import open_store
journal = open_journal(open_store(sys.argv[1]), "j")
journal.append(b"x" * 40_000 + b"\\n")
try:
    journal.append(b"y" * 40_000 + b"\\n")
except UnavailableError as error:
    print(error)
journal.append(b"small\\n")
journal.seal()
"""


def test_a_line_that_does_not_fit_is_cut_off_and_said(store: Store) -> None:
    assert "File too large" in run_limited(FILL_UP, store.url)
    assert store.read("j") == b"x" * 40_000 + b"\nsmall\n"
