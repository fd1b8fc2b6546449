"""Suites, datasets and stores that are no such thing, or far too much of one: a clear message, and soon."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import process

GOOD = {"name": "bot", "dataset": "cases.jsonl", "judge": "offline", "metrics": ["answer_relevancy"], "store": "store"}
CASE = '{"input": "hello", "actual_output": "hi"}\n'


def write(folder: Path, **keys: object) -> None:
    (folder / "suite.yaml").write_text(json.dumps({**GOOD, **keys}))
    (folder / "cases.jsonl").write_text(CASE)


def a_line_of_fifty_megabytes(folder: Path) -> None:
    (folder / "cases.jsonl").write_text(CASE + '{"input": "' + "x" * 50_000_000 + '"}\n')


def lists_five_thousand_deep(folder: Path) -> None:
    (folder / "cases.jsonl").write_text(CASE + '{"input": "a", "metadata": ' + "[" * 5_000 + "]" * 5_000 + "}\n")


def a_dataset_that_links_to_itself(folder: Path) -> None:
    (folder / "loop.jsonl").symlink_to("loop.jsonl")
    write(folder, dataset="loop.jsonl")


def a_dataset_in_a_folder_that_links_to_itself(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    write(folder, dataset="loop/cases.jsonl")


def a_folder_for_a_dataset(folder: Path) -> None:
    write(folder, dataset=".")


def a_pipe_for_a_dataset(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jsonl")
    write(folder, dataset="pipe.jsonl")


def an_endless_device_for_a_dataset(folder: Path) -> None:
    write(folder, dataset="/dev/zero")


def a_dataset_below_a_file(folder: Path) -> None:
    write(folder, dataset="cases.jsonl/cases.jsonl")


def a_dataset_with_a_name_too_long(folder: Path) -> None:
    write(folder, dataset="x" * 5_000)


def a_dataset_with_a_nul_in_its_name(folder: Path) -> None:
    write(folder, dataset="cases\0.jsonl")


def an_empty_dataset(folder: Path) -> None:
    (folder / "cases.jsonl").write_text("")


def a_suite_that_links_to_itself(folder: Path) -> None:
    (folder / "suite.yaml").unlink()
    (folder / "suite.yaml").symlink_to("suite.yaml")


def a_pipe_for_a_suite(folder: Path) -> None:
    (folder / "suite.yaml").unlink()
    os.mkfifo(folder / "suite.yaml")


def a_folder_for_a_suite(folder: Path) -> None:
    (folder / "suite.yaml").unlink()
    (folder / "suite.yaml").mkdir()


def an_endless_device_for_a_suite(folder: Path) -> None:
    (folder / "suite.yaml").unlink()
    (folder / "suite.yaml").symlink_to("/dev/zero")


def a_suite_of_fifty_megabytes(folder: Path) -> None:
    (folder / "suite.yaml").write_text("# " + "x" * 50_000_000)


def a_store_that_links_to_itself(folder: Path) -> None:
    (folder / "store").symlink_to("store")


def a_store_that_is_a_file(folder: Path) -> None:
    (folder / "store").write_text("")


def a_store_that_is_a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "store")


def a_store_below_a_file(folder: Path) -> None:
    write(folder, store="cases.jsonl/store")


def a_store_with_a_name_too_long(folder: Path) -> None:
    write(folder, store="x" * 5_000)


def a_store_with_a_file_where_a_folder_should_be(folder: Path) -> None:
    (folder / "store").mkdir()
    (folder / "store" / "bot").write_text("")


def a_store_in_a_home_that_nobody_has(folder: Path) -> None:
    write(folder, store="~nobody-of-that-name/store")


def a_store_with_a_nul_in_its_name(folder: Path) -> None:
    write(folder, store="sto\0re")


def a_store_where_nobody_can_write(folder: Path) -> None:
    write(folder, store="/proc/store")


PLACES: dict[Callable[[Path], None], int] = {
    a_line_of_fifty_megabytes: 65, lists_five_thousand_deep: 65, a_dataset_that_links_to_itself: 65,
    a_dataset_in_a_folder_that_links_to_itself: 65, a_folder_for_a_dataset: 65, a_pipe_for_a_dataset: 65,
    an_endless_device_for_a_dataset: 65, a_dataset_below_a_file: 65, a_dataset_with_a_name_too_long: 65,
    a_dataset_with_a_nul_in_its_name: 65, an_empty_dataset: 65, a_suite_that_links_to_itself: 65, a_pipe_for_a_suite: 65,
    a_folder_for_a_suite: 65, an_endless_device_for_a_suite: 65, a_suite_of_fifty_megabytes: 65,
    a_store_that_links_to_itself: 69, a_store_that_is_a_file: 69, a_store_that_is_a_pipe: 69, a_store_below_a_file: 69,
    a_store_with_a_name_too_long: 69, a_store_with_a_file_where_a_folder_should_be: 69, a_store_where_nobody_can_write: 69,
    a_store_in_a_home_that_nobody_has: 64, a_store_with_a_nul_in_its_name: 64,
}  # fmt: skip


@pytest.mark.parametrize("make", PLACES, ids=lambda make: make.__name__)
def test_it_is_refused_in_one_message(tmp_path: Path, make: Callable[[Path], None]) -> None:
    write(tmp_path)
    make(tmp_path)
    ran = process("plan", "suite.yaml", "--write", cwd=tmp_path)
    assert (ran.code, ran.out) == (PLACES[make], ""), ran.err
    assert PLACES[make] != 69 or "\n  try: " in ran.err
    assert ran.err.startswith("evalfactory: ")
    assert ran.err.count("evalfactory:") == 1
    assert "Traceback" not in ran.err
    assert len(ran.err) < 2_000


@pytest.mark.parametrize("argv", [("run", "suite.yaml"), ("runs", "--store", "store"), ("run", "suite.yaml", "--json")])
def test_a_folder_whose_name_is_no_text_is_refused_in_words(argv: tuple[str, ...], tmp_path: Path) -> None:
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/\xe9t\xe9"))  # in Latin-1
    folder.mkdir()
    write(folder)
    ran = process(*argv, cwd=folder)
    assert ran.code == 64
    assert "is not UTF-8" in ran.err
    assert "Traceback" not in ran.err
    if "--json" in argv:
        assert ran.json["error"]["exit_code"] == 64
