"""Where datasets come from: formats, compression, folders, limits."""

from __future__ import annotations

import codecs
import datetime
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import zstandard

from evalfactory.datasets import open_dataset, read_cases
from evalfactory.datasets.lines import LINE_LIMIT_BYTES
from evalfactory.errors import InputError
from evalfactory.records.case import Case
from evalfactory.records.suite import DatasetSpec

ROWS: list[dict[str, Any]] = [
    {"id": "1", "input": "何時に開きますか", "context": ["a|b", "c"], "metadata": {"k": [1, None]}, "tags": ["x"]},
    {"id": "2", "input": "two\nlines", "tools_called": [{"name": "t", "input_parameters": {"q": "é"}}], "tags": ["y"]},
    {"id": "3", "turns": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": ""}], "tags": ["x", "y"]},
]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
CASES = [Case.model_validate(row) for row in ROWS]


def read(folder: Path, name: str, content: bytes, **spec: Any) -> list[Case]:
    (folder / name).write_bytes(content)
    return [each.case for each in read_cases(DatasetSpec(path=name, **spec), folder)]


def refused(folder: Path, path: str, **spec: Any) -> str:
    with pytest.raises(InputError) as caught:
        list(read_cases(DatasetSpec(path=path, **spec), folder))
    return str(caught.value)


def as_csv() -> bytes:
    columns = ["id", "input", "context", "metadata", "tags", "tools_called", "turns"]
    lines = [",".join(columns)]
    for row in ROWS:
        cells = [row.get(name, "") for name in columns]
        written = [cell if isinstance(cell, str) else json.dumps(cell) for cell in cells]
        lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in written))
    return "\r\n".join(lines).encode()


FORMATS = {
    "cases.jsonl": LINES,
    "cases.ndjson": LINES,
    "CASES.JSONL": LINES,
    "blank-lines.jsonl": b"\n" + LINES.replace(b"\n", b"\r\n \r\n"),
    "mark.jsonl": codecs.BOM_UTF8 + LINES,
    "no-last-break.jsonl": LINES.rstrip(),
    "cases.json": json.dumps(ROWS).encode(),
    "indented.json": codecs.BOM_UTF8 + json.dumps(ROWS, indent=2).encode(),
    "deepeval.json": json.dumps({"version": 1, "test_cases": ROWS, "other": [1]}).encode(),
    "goldens.json": json.dumps({"goldens": ROWS, "conversational_goldens": [], "labels": [{"a": 1}]}).encode(),
    "cases.csv": as_csv(),
    "mark.csv": codecs.BOM_UTF8 + as_csv() + b"\r\n,,,,,,\r\n\r\n",
    "cases.jsonl.gz": gzip.compress(LINES),
    "joined.jsonl.gz": gzip.compress(LINES[:100]) + gzip.compress(LINES[100:]),
    "cases.jsonl.zst": zstandard.compress(LINES),
    "joined.jsonl.zst": zstandard.compress(LINES[:100]) + zstandard.compress(LINES[100:]),
    "cases.csv.zst": zstandard.compress(as_csv()),
    "cases.json.gz": gzip.compress(json.dumps(ROWS).encode()),
    "unsaid-gzip.jsonl": gzip.compress(LINES),
    "unsaid-zstd.jsonl": zstandard.compress(LINES),
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_cases_come_out_of_every_format(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, name, FORMATS[name]) == CASES


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_parquet_reads_as_its_rows_say(tmp_path: Path, suffix: str) -> None:
    table = pyarrow.table(
        {
            "id": [1, 2],
            "input": ["a", "b"],
            "actual_output": pyarrow.array([None, "x"]),
            "retrievalContext": [["c", "d"], None],
            "turns": pyarrow.array([None, None], pyarrow.string()),
            "day": [datetime.date(2026, 1, 2), None],
            "price": [Decimal("1.50"), None],
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "plain")
    plain = (tmp_path / "plain").read_bytes()
    content = {"": plain, ".gz": gzip.compress(plain), ".zst": zstandard.compress(plain)}[suffix]
    assert read(tmp_path, f"cases.parquet{suffix}", content) == [
        Case(id="1", input="a", retrieval_context=("c", "d"), metadata={"day": "2026-01-02", "price": "1.50"}),
        Case(id="2", input="b", actual_output="x"),
    ]


def test_problems_of_parquet_name_the_row_and_a_missing_column_once(tmp_path: Path) -> None:
    table = pyarrow.table({"input": ["a", "b", "c"], "score": [1.0, float("nan"), None], "blob": [None, None, b"x"]})
    pyarrow.parquet.write_table(table, tmp_path / "cases.parquet")
    assert refused(tmp_path, "cases.parquet", fields={"actual_output": "answer"}).splitlines() == [
        "the dataset has 3 problems",
        "  cases.parquet:1: actual_output: no column `answer` (there are `input`, `score`, `blob`)",
        "  cases.parquet:2: score: NaN and infinite numbers are not allowed (use null, or leave it out)",
        "  cases.parquet:3: blob: holds binary data, which JSON cannot",
    ]


def test_parquet_without_its_extra_names_the_extra(tmp_path: Path) -> None:
    (tmp_path / "cases.parquet").write_bytes(b"PAR1")
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from pathlib import Path\n"
        "from evalfactory.datasets import read_cases\n"
        "from evalfactory.errors import EnvironmentProblem\n"
        "from evalfactory.records.suite import DatasetSpec\n"
        "try: list(read_cases(DatasetSpec(path='cases.parquet'), Path(sys.argv[1])))\n"
        "except EnvironmentProblem as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "evalfactory[parquet]" in told.stdout


def test_a_stated_format_is_taken_when_the_name_does_not_tell(tmp_path: Path) -> None:
    assert read(tmp_path, "cases.txt", LINES, format="jsonl") == CASES
    assert "the name does not tell the format" in refused(tmp_path, "cases.txt")


def test_a_column_without_a_name_is_kept_under_its_number(tmp_path: Path) -> None:
    assert read(tmp_path, "cases.csv", b",input\n0,a\n")[0].metadata == {"column_1": "0"}


def test_a_missing_file_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").touch()
    assert "`case.jsonl` does not exist\n  try: did you mean `cases.jsonl`?" in refused(tmp_path, "case.jsonl")
    assert "relative to the suite's folder" in refused(tmp_path, "xyz.csv")
    assert f"the folder `{tmp_path}/data` does not exist" in refused(tmp_path, "data/cases.jsonl")


def test_what_is_no_readable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "folder.jsonl" / "inner.jsonl").touch()
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    (tmp_path / "empty.jsonl").touch()
    os.mkfifo(tmp_path / "pipe.jsonl")
    assert "is a folder, not a file\n  try: name a file in it, such as `inner.jsonl`" in refused(
        tmp_path, "folder.jsonl"
    )
    assert "is a link that leads to itself" in refused(tmp_path, "loop.jsonl")
    assert "`empty.jsonl` is empty" in refused(tmp_path, "empty.jsonl")
    assert "is not a regular file" in refused(tmp_path, "pipe.jsonl")
    assert "a part of the path is a file" in refused(tmp_path, "empty.jsonl/cases.jsonl")
    assert "the name is too long" in refused(tmp_path, "x" * 300 + ".jsonl")
    assert "cannot be read: embedded null byte" in refused(tmp_path, "a\0b.jsonl")
    assert "ftp:// cannot be read" in refused(tmp_path, "ftp://host/cases.jsonl")


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder with a file that this process may not read: root, who may read everything, gives that up for a moment."""
    (tmp_path / "cases.jsonl").write_bytes(LINES)
    (tmp_path / "cases.jsonl").chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield tmp_path
    if root:
        os.seteuid(0)


def test_a_file_that_may_not_be_read_is_refused(locked: Path) -> None:
    assert "`cases.jsonl` may not be read\n  try: check the permissions" in refused(locked, "cases.jsonl")


def test_all_problems_are_told_in_the_order_of_their_lines(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_bytes(
        b'{"input": 1}\n{"id": "x", "input": "a"}\nnonsense\n{"id": "x", "input": "b"}\n'
    )
    assert refused(tmp_path, "cases.jsonl").splitlines() == [
        "the dataset has 3 problems",
        '  cases.jsonl:1: input: must be a text, not a number (put it in quotes: "1")',
        "  cases.jsonl:3: not valid JSON: Expecting value (column 1)",
        "  cases.jsonl:4: id: `x` is the id of line 2 too (ids are unique)",
    ]


def test_reading_stops_at_the_limit_of_problems_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_bytes(b"nonsense\n" * 100)
    told = refused(tmp_path, "cases.jsonl", max_problems=7)
    assert told.startswith("the dataset has 7 problems, and there may be more")
    assert len(told.splitlines()) == 8


def test_cases_stream_before_the_last_line_is_read_and_the_error_comes_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_bytes(b'{"input": "a"}\nnonsense\n{"input": "b"}\n')
    cases = read_cases(DatasetSpec(path="cases.jsonl"), tmp_path)
    assert [(read.case.input, read.line) for read in (next(cases), next(cases))] == [("a", 1), ("b", 3)]
    with pytest.raises(InputError, match="the dataset has 1 problem"):
        next(cases)


def test_a_misspelt_column_is_told_once_for_the_file(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_bytes(b"input,actual_ouput\n" + b"a,b\n" * 100)
    assert len(refused(tmp_path, "cases.csv").splitlines()) == 2


def test_a_line_beyond_the_limit_is_refused_and_the_next_one_read(tmp_path: Path) -> None:
    long = b'{"input": "' + b"x" * (LINE_LIMIT_BYTES + 100_000) + b'"}\n'
    (tmp_path / "cases.jsonl.zst").write_bytes(zstandard.compress(LINES + long + b"nonsense\n"))
    told = refused(tmp_path, "cases.jsonl.zst").splitlines()
    assert told[1] == "  cases.jsonl.zst:4: a line longer than 32 MiB (one case is one line; is a line break missing?)"
    assert told[2].startswith("  cases.jsonl.zst:5: not valid JSON")


def test_a_quote_that_is_never_closed_does_not_swallow_a_large_file(tmp_path: Path) -> None:
    endless = b'input\na\n"b\n' + (b"x" * 99_999 + b"\n") * (LINE_LIMIT_BYTES // 100_000 + 10)
    (tmp_path / "cases.csv.zst").write_bytes(zstandard.compress(endless))
    assert "cases.csv.zst:3: a row of more than 32 MiB (is a closing quote missing?)" in refused(
        tmp_path, "cases.csv.zst"
    )


def test_the_opened_dataset_is_its_decompressed_bytes_and_closes_the_file(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl.gz").write_bytes(gzip.compress(LINES))
    with open_dataset(DatasetSpec(path="cases.jsonl.gz"), tmp_path) as source:
        assert source.read() == LINES
    assert source.closed


def test_an_absolute_path_and_another_folder_work_too(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_bytes(LINES)
    (tmp_path / "suite").mkdir()
    for path, folder in ((str(tmp_path / "cases.jsonl"), Path("elsewhere")), ("../cases.jsonl", tmp_path / "suite")):
        assert [each.case for each in read_cases(DatasetSpec(path=path), folder)] == CASES
