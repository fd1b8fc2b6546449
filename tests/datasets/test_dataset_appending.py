"""Cases added to a file: nothing else in it changes, and it is whole whoever else writes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalfactory.datasets import read_cases
from evalfactory.datasets.appending import append_cases
from evalfactory.errors import InputError, UsageError
from evalfactory.records.case import Case
from evalfactory.records.suite import DatasetSpec

BOM = b"\xef\xbb\xbf"
NEW = Case(id="new-1", input="Where is it?", metadata={"promoted": {"run": "r"}}, must_run=True)


def ids(path: Path) -> list[str]:
    return [read.case.id for read in read_cases(DatasetSpec(path=path.name), path.parent)]


@pytest.mark.parametrize("bom", [b"", BOM])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_the_other_lines_stay_byte_for_byte(tmp_path: Path, bom: bytes, end: bytes, last: bool) -> None:
    path = tmp_path / "cases.jsonl"
    before = bom + end.join([b'{"input":  "\\u00e9 1", "id":"a" }', b"", '{"id": "b", "input": "é 日本"}'.encode()])
    before += end if last else b""
    path.write_bytes(before)
    assert append_cases(path, [NEW]).added == ("new-1",)
    after = path.read_bytes()
    assert after.startswith(before)
    assert after.endswith(end) is last
    added = after.removeprefix(before)
    assert added.count(b"\n") == 1
    assert b"\n" not in added.replace(end, b"")
    assert ids(path) == ["a", "b", "new-1"]


@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1).filter(str.strip),
        unique=True,
        max_size=5,
    )
)
def test_whatever_was_added_is_read_again_as_it_was(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("grown") / "cases.jsonl"
    cases = [Case(id=f"case-{number}", input=text) for number, text in enumerate(texts)]
    for case in cases:
        append_cases(path, [case])
    assert append_cases(path, cases).added == ()
    if cases:
        assert [read.case for read in read_cases(DatasetSpec(path=path.name), path.parent)] == cases
    assert path.exists() is bool(cases)


def test_what_hides_or_reorders_is_written_so_that_a_review_shows_it(tmp_path: Path) -> None:
    hidden = "a\u202eb\u200bc\u2066d\u2028e\x85f\ufeffg\U000e0041h"
    path = tmp_path / "cases.jsonl"
    append_cases(path, [NEW.model_copy(update={"input": f"{hidden} 日本 é", "metadata": {hidden: hidden}})])
    body = path.read_text(encoding="utf-8")
    assert "\\u202eb\\u200bc\\u2066d\\u2028e\\u0085f\\ufeffg\\udb40\\udc41h 日本 é" in body
    assert not set(hidden) - set("abcdefgh") & set(body)
    (read,) = read_cases(DatasetSpec(path=path.name), tmp_path)
    assert (read.case.input, read.case.metadata) == (f"{hidden} 日本 é", {hidden: hidden})


def test_a_case_whose_id_or_input_is_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id": "old", "input": "Where is it?"}\n{"input": "No id"}\n')
    before = path.read_bytes()
    done = append_cases(path, [NEW, Case(id="old", input="Another"), Case(id="x", input="No id")])
    assert done.added == ()
    assert [twin.id for twin in done.there] == ["new-1", "old", "x"]
    assert [twin.same_as for twin in done.there][:2] == ["old", "old"]
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_read_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id": "a", "input": "x"}\n{"id": \n')
    with pytest.raises(InputError, match="nothing is added"):
        append_cases(path, [NEW])
    assert path.read_text().endswith('{"id": \n')
    with pytest.raises(UsageError, match="jsonl files only"):
        append_cases(tmp_path / "cases.csv", [NEW])
    assert [each.name for each in tmp_path.iterdir()] == ["cases.jsonl"]


def test_nothing_is_lost_when_many_append_at_once(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    cases = [Case(id=f"case-{number}", input=f"question {number}") for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda case: append_cases(path, [case]), [*cases, *cases]))
    assert sorted(ids(path)) == sorted(case.id for case in cases)
    assert sum(len(each.added) for each in done) == len(cases)
    assert [each.name for each in tmp_path.iterdir()] == ["cases.jsonl"]


def test_a_link_and_the_permissions_of_its_file_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.jsonl", tmp_path / "cases.jsonl"
    real.write_text('{"id": "a", "input": "x"}\n')
    real.chmod(0o640)
    link.symlink_to(real)
    append_cases(link, [NEW])
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert json.loads(real.read_text().splitlines()[-1]) == {
        "id": "new-1", "input": "Where is it?", "metadata": {"promoted": {"run": "r"}}, "must_run": True,
    }  # fmt: skip
