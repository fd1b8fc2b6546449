"""A store in a local folder: where it is, what it hides, and what it says when it cannot go on."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from evalfactory.errors import UnavailableError, UsageError
from evalfactory.storage.local import LocalStore
from evalfactory.storage.open import open_store
from fakes.limited import run_limited


def test_a_relative_store_lies_beside_the_suite(tmp_path: Path) -> None:
    open_store("here/store", folder=tmp_path).create("a", b"x")
    assert (tmp_path / "here/store/a").read_bytes() == b"x"


def test_the_url_of_a_local_store_is_good_in_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    url = open_store("store", folder=Path("suites")).url
    assert url == str(tmp_path / "suites/store")


def test_a_file_url_with_escapes_is_a_folder(tmp_path: Path) -> None:
    open_store(f"file://{tmp_path}/with%20space").create("a", b"x")
    assert (tmp_path / "with space/a").exists()


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    open_store(str(tmp_path / "absolute"), folder=Path("/nowhere")).create("a", b"x")
    assert (tmp_path / "absolute/a").exists()


@pytest.mark.parametrize("url", ["", " ", "ftp://host/x", "file://elsewhere/x", "s3://", "s3:///x", "https://bucket/x"])
def test_a_url_that_means_nothing_is_refused_with_a_hint(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(url)
    assert caught.value.hint


def test_the_default_store_keeps_itself_out_of_version_control(tmp_path: Path) -> None:
    store = open_store(".evalfactory", folder=tmp_path)
    assert (tmp_path / ".evalfactory/.gitignore").read_text() == "*\n"
    assert store.list("") == []


def test_a_store_that_must_exist_and_does_not_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="there is no store at"):
        open_store("none", folder=tmp_path, create=False)
    assert not (tmp_path / "none").exists()


def test_a_file_where_the_folder_should_be_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UnavailableError, match="is a file, not a folder"):
        open_store("file", folder=tmp_path)
    with pytest.raises(UnavailableError, match="Not a directory"):
        open_store("file/below", folder=tmp_path)


def test_a_file_where_a_folder_of_the_store_should_be_is_said_so(tmp_path: Path) -> None:
    store = open_store("store", folder=tmp_path)
    store.create("suite", b"")
    with pytest.raises(UnavailableError, match="a file stands where a folder should be"):
        store.create("suite/plan.json", b"")
    (tmp_path / "store/folder").mkdir()
    with pytest.raises(UnavailableError, match="Is a directory"):
        store.put("folder", b"")


def test_hidden_files_and_files_being_written_are_not_listed(tmp_path: Path) -> None:
    store = open_store("store", folder=tmp_path)
    store.create("a/b", b"")
    (tmp_path / "store/a/.tmp-0123").write_text("half")
    (tmp_path / "store/.hidden").mkdir()
    (tmp_path / "store/.hidden/x").write_text("")
    assert [entry.key for entry in store.list("")] == ["a/b"]
    assert store.folders("") == ["a"]


def test_writing_leaves_no_other_files_behind(tmp_path: Path) -> None:
    store = open_store("store", folder=tmp_path)
    store.create("a", b"1")
    store.create("a", b"2")
    store.put("a", b"3")
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["a"]


def test_two_stores_on_one_folder_are_one_store(tmp_path: Path) -> None:
    assert LocalStore(tmp_path).create("a", b"1")
    assert not LocalStore(tmp_path).create("a", b"2")


READ_ONLY = """
import os, sys
from evalfactory.errors import UnavailableError
from evalfactory.storage.open import open_store
store = open_store(sys.argv[1])
if os.getuid() == 0:
    os.setgroups([])
    os.setuid(65534)
for write in (store.create, store.put):
    try:
        write("new/object", b"x")
    except UnavailableError as error:
        print(error)
"""


def test_a_folder_that_may_not_be_written_to_is_said_so_with_a_hint(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    for above in (tmp_path, *tmp_path.parents[:2]):
        above.chmod(above.stat().st_mode | 0o055)  # so that a process that gives up being root still gets there
    folder.chmod(0o555)
    said = subprocess.run([sys.executable, "-c", READ_ONLY, folder], capture_output=True, text=True, check=True).stdout
    assert said.count("Permission denied") == 2
    assert said.count("try: check the owner and the mode of the folder") == 2


FULL = """
import sys
import threading
from evalfactory.errors import UnavailableError
from evalfactory.storage.open import open_store
store = open_store(sys.argv[1])
for write in (store.create, store.put):
    try:
        write("large", b"x" * 100_000)
    except UnavailableError as error:
        print(error)
"""


def test_an_object_that_does_not_fit_leaves_nothing_under_its_key(tmp_path: Path) -> None:
    said = run_limited(FULL, str(tmp_path / "store"))
    assert said.count("File too large") == said.count("then resume") == 2
    assert list((tmp_path / "store").iterdir()) == []


def test_a_file_that_is_replaced_by_another_is_listed_or_its_replacement_is(tmp_path: Path) -> None:
    store, folder = LocalStore(tmp_path), tmp_path / "tables"
    folder.mkdir()
    (folder / "0").touch()
    listed: list[int] = []
    done = threading.Event()

    def replace() -> None:
        for number in itertools.count(1):
            (folder / str(number)).touch()
            (folder / str(number - 1)).unlink()
            if done.is_set():
                return

    replacing = threading.Thread(target=replace)
    replacing.start()
    try:
        listed.extend(len(store.list("tables/")) for _ in range(1000))
    finally:
        done.set()
        replacing.join()
    assert min(listed) >= 1
