"""Every way a dataset can be wrong, each with one clear problem that names the file and the line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import NamedTuple

import pytest
import zstandard

from command_line import evalfactory
from evalfactory.datasets import read_cases
from evalfactory.errors import Exit, InputError
from evalfactory.records.suite import DatasetSpec

GOOD = b'{"input": "hello"}\n'


class Bad(NamedTuple):
    """A malformed dataset, and what its one problem must say."""

    why: str
    name: str
    content: bytes
    line: int
    says: str
    field: str | None = None
    fields: dict[str, str] = {}  # noqa: RUF012 - never changed


def jsonl(why: str, row: str, says: str, field: str | None = None) -> Bad:
    """A row of JSON Lines on line 2, below a good one."""
    return Bad(why, "cases.jsonl", GOOD + row.encode(errors="surrogatepass") + b"\n", 2, says, field)


def convo(turns: str) -> str:
    return '{"turns": ' + turns + "}"


SYNTAX = [
    jsonl("a missing comma", '{"input": "a" "b": 1}', "not valid JSON: Expecting ',' delimiter (column 15)"),
    jsonl("a trailing comma", '{"input": "a",}', "remove the comma before it"),
    jsonl("single quotes", "{'input': 'a'}", "JSON wants double quotes"),
    jsonl("a cut line", '{"input": "a"', "in JSON Lines one case is one line"),
    jsonl("two objects", '{"input": "a"} {"input": "b"}', "not valid JSON: Extra data (column 16)"),
    jsonl("a list as a row", '[{"input": "a"}]', "a list, where one case is one object"),
    jsonl("a text as a row", '"input"', "a text, where a case is an object"),
    jsonl("a number as a row", "3", "a number, where a case is an object"),
    jsonl("null as a row", "null", "nothing, where a case is an object"),
    jsonl("a raw NUL", '{"input": "a\0b"}', "not valid JSON: Invalid control character"),
    jsonl("an escaped NUL", r'{"input": "a\u0000b"}', "holds a NUL character", "input"),
    jsonl("half an emoji", r'{"input": "a\ud83d"}', "half of a surrogate pair at character 2", "input"),
    jsonl("half an emoji in a key", r'{"input": "a", "metadata": {"\ud83d": 1}}', "half of a surrogate", "metadata"),
    jsonl("NaN", '{"input": "a", "metadata": {"x": NaN}}', "NaN and infinite numbers", "metadata.x"),
    jsonl("Infinity", '{"input": "a", "token_cost": -Infinity}', "NaN and infinite numbers", "token_cost"),
    jsonl("a number that overflows", '{"input": "a", "metadata": {"x": [1e999]}}', "NaN and inf", "metadata.x[0]"),
    jsonl("a large integer", '{"input": "a", "metadata": {"x": 123456789012345678901}}', "64 bits", "metadata.x"),
    jsonl("a huge integer", '{"input": "a", "x": ' + "9" * 5000 + "}", "a number with thousands of digits"),
    jsonl("deep lists", '{"input": "a", "metadata": {"x": ' + "[" * 150 + "]" * 150 + "}}", "nested deeper than 100"),
    jsonl("abysmal lists", '{"x": ' + "[" * 50_000 + "]" * 50_000 + "}", "nested deeper than 100"),
    jsonl("abysmal objects", '{"a":' * 50_000 + "1" + "}" * 50_000, "nested deeper than 100"),
    jsonl("a key twice", '{"input": "a", "input": "b"}', "the key `input` stands twice in one object"),
    jsonl("a key twice inside", '{"input": "a", "metadata": {"k": 1, "k": 2}}', "the key `k` stands twice"),
    jsonl("a prototype", '{"input": "a", "__proto__": {"x": 1}}', "the key `__proto__` is not allowed"),
    jsonl("a prototype inside", '{"input": "a", "metadata": {"__proto__": 1}}', "`__proto__`", "metadata"),
    jsonl("joined files with marks", "\ufeff" + '{"input": "b"}', "a byte order mark stands in the middle"),
    Bad(
        "Latin-1", "cases.jsonl", GOOD + '{"input": "café"}\n'.encode("latin-1"), 2, "not UTF-8 (save the file as UTF-8"
    ),
    Bad("Shift JIS", "cases.csv", "input\nこんにちは\n".encode("shift_jis"), 2, "not UTF-8 (save the file as UTF-8"),
    Bad("UTF-16", "cases.jsonl", '{"input": "a"}\n'.encode("utf-16"), 1, "this is UTF-16"),
    Bad("a workbook", "cases.csv", b"PK\x03\x04rest", 1, "a zip archive or an Excel workbook"),
    Bad("Parquet by another name", "cases.jsonl", b"PAR1rest", 1, "say `format: parquet`"),
    Bad("bzip2", "cases.jsonl", b"BZh91AY", 1, "compressed with bzip2"),
    Bad("blank lines only", "cases.jsonl", b"\n  \n\r\n", 0, "there is no case in it"),
]

TYPES = [
    jsonl("a number as input", '{"input": 42}', 'must be a text, not a number (put it in quotes: "42")', "input"),
    jsonl("a boolean as output", '{"input": "a", "actual_output": true}', 'quotes: "true"', "actual_output"),
    jsonl("a list as input", '{"input": ["a"]}', "take the text out of the list", "input"),
    jsonl("an object as output", '{"input": "a", "expectedOutput": {}}', "not an object", "expected_output"),
    jsonl("a number as context", '{"input": "a", "context": 3}', "must be a list, not a number", "context"),
    jsonl("a number in a context", '{"input": "a", "context": ["x", 3]}', "must be a text, not a number", "context[1]"),
    jsonl("null in a context", '{"input": "a", "retrievalContext": [null]}', "not nothing", "retrieval_context[0]"),
    jsonl("an object as context", '{"input": "a", "context": {"a": 1}}', "must be a list, not an object", "context"),
    jsonl("a number as a tag", '{"input": "a", "tags": [1]}', "must be a text, not a number", "tags[0]"),
    jsonl("a list as metadata", '{"input": "a", "metadata": [1]}', "must be an object, not a list", "metadata"),
    jsonl("a text as metadata", '{"input": "a", "metadata": "x"}', "not valid JSON", "metadata"),
    jsonl("a text as must_run", '{"input": "a", "must_run": "perhaps"}', "must be true or false", "must_run"),
    jsonl("a number as tools", '{"input": "a", "tools_called": 7}', "must be a list, not a number", "tools_called"),
    jsonl("a number as a tool", '{"input": "a", "tools_called": [7]}', "must be an object", "tools_called[0]"),
    jsonl("a nameless tool", '{"input": "a", "expected_tools": [{"output": 1}]}', "missing", "expected_tools[0].name"),
    jsonl(
        "a tool's arguments",
        '{"input": "a", "tools_called": [{"name": "t", "arguments": {}}]}',
        "unknown key `arguments` of a tool call (did you mean `input_parameters`?)",
        "tools_called[0]",
    ),
    jsonl(
        "a kind of tool", '{"input": "a", "toolsCalled": [{"name": "t", "type": "REST"}]}', "`FUNCTION` or `MCP`",
        "tools_called[0].type",
    ),
    jsonl("tools in broken JSON", '{"input": "a", "tools_called": "[{"}', "not valid JSON", "tools_called"),
]  # fmt: skip

IDS = [
    jsonl("an empty id", '{"id": "", "input": "a"}', "is empty", "id"),
    jsonl("an id of spaces", '{"id": "  ", "input": "a"}', "is empty", "id"),
    jsonl("a long id", '{"id": "' + "x" * 201 + '", "input": "a"}', "longer than 200 characters", "id"),
    jsonl("a line break in an id", r'{"id": "a\nb", "input": "a"}', "a line break or a control character", "id"),
    jsonl("an escape in an id", r'{"id": "\u001b[31m", "input": "a"}', "a control character", "id"),
    jsonl("a space around an id", '{"id": "a ", "input": "a"}', "begins or ends with a space", "id"),
    jsonl("a boolean id", '{"id": true, "input": "a"}', "must be a text, not true or false", "id"),
    jsonl("a list as an id", '{"id": [1], "input": "a"}', "must be a text, not a list", "id"),
    Bad(
        "an id twice", "cases.jsonl", b'{"id": "x", "input": "a"}\n\n{"id": "x", "input": "b"}\n', 3,
        "`x` is the id of line 1 too", "id",
    ),
    Bad("a number and a text", "cases.jsonl", b'{"id": 7, "input": "a"}\n{"id": "7", "input": "b"}', 2, "line 1", "id"),
    Bad("the same input", "cases.jsonl", GOOD + b"\n" + GOOD, 3, "the same input as in line 1 (give each of them an `id`"),
    Bad(
        "the same conversation", "cases.jsonl", (convo('[{"role": "user", "content": "hi"}]') + "\n").encode() * 2, 2,
        "the same scenario and user turns as in line 1",
    ),
    Bad("two on one line", "cases.json", b'[{"id": "a", "input": "a"}, {"id": "a", "input": "b"}]', 1, "line 1", "id"),
]  # fmt: skip

KINDS = [
    jsonl("no input", '{"actual_output": "a"}', "neither `input` nor `turns`"),
    jsonl("somebody else's columns", '{"question": "a"}', "name your column in the suite: `fields: {input: question}`"),
    jsonl("an empty object", "{}", "neither `input` nor `turns`"),
    jsonl("an empty input", '{"input": " "}', "is empty", "input"),
    jsonl("null as input", '{"input": null}', "neither `input` nor `turns`"),
    jsonl("both kinds", '{"input": "a", "turns": [{"role": "user", "content": "b"}]}', "both `input` and `turns`"),
    jsonl("a scenario alone", '{"scenario": "a caller", "turns": null}', "a conversation without turns", "turns"),
    jsonl("no turns", '{"turns": []}', "a conversation without turns", "turns"),
    jsonl(
        "a role", convo('[{"role": "system", "content": "a"}]'), "`user` or `assistant`, not `system`", "turns[0].role"
    ),
    jsonl("no role", convo('[{"content": "a"}]'), "is missing", "turns[0].role"),
    jsonl("no content", convo('[{"role": "user"}]'), "is missing", "turns[0].content"),
    jsonl("a list as content", convo('[{"role": "user", "content": []}]'), "must be a text", "turns[0].content"),
    jsonl("a text as a turn", convo('["hi"]'), "must be an object, not a text", "turns[0]"),
    jsonl("turns as an object", convo('{"role": "user"}'), "must be a list, not an object", "turns"),
    jsonl("a turn's misspelt field", convo('[{"role": "user", "content": "a", "user_ids": "u"}]'), "`user_id`"),
]

NAMES = [
    jsonl(
        "a misspelt field",
        '{"input": "a", "actual_ouput": "b"}',
        "unknown field `actual_ouput` (did you mean `actual_output`",
    ),
    jsonl("half a name", '{"input": "a", "expected": "b"}', "did you mean `expected_output`?"),
    jsonl("a singular", '{"input": "a", "tag": "b"}', "did you mean `tags`?"),
    jsonl("a plural", '{"input": "a", "contexts": ["b"]}', "did you mean `context`?"),
    jsonl("capitals", '{"Input": "a"}', "unknown field `Input` (did you mean `input`?"),
    jsonl("words", '{"input": "a", "Expected Output": "b"}', "did you mean `expected_output`?"),
    jsonl(
        "two spellings", '{"input": "a", "actual_output": "b", "actualOutput": "c"}', "says `actual_output` a second"
    ),
    jsonl(
        "two metadata", '{"input": "a", "metadata": {}, "additional_metadata": {"x": 1}}', "says `metadata` a second"
    ),
    jsonl("a collision", '{"input": "a", "metadata": {"topic": 1}, "topic": 2}', "both beside `metadata` and inside"),
    Bad(
        "a missing column",
        "cases.jsonl",
        b'{"q": "a"}\n{"p": "a"}\n',
        2,
        "no column `q` (there are `p`)",
        "input",
        {"input": "q"},
    ),
    Bad(
        "a missing path",
        "cases.jsonl",
        b'{"d": {"q": "a"}}\n{"d": 3}\n',
        2,
        "no column `d.q`",
        "input",
        {"input": "d.q"},
    ),
    Bad("a mapped number", "cases.jsonl", b'{"q": 3}\n', 1, "must be a text, not a number", "input", {"input": "q"}),
]

JSON_FILES = [
    Bad("cut off", "cases.json", b'[\n{"input": "a"},\n{"input": "b"', 3, "not valid JSON"),
    Bad("a comma too many", "cases.json", b'[{"input": "a"},\n]', 2, "remove the comma before it"),
    Bad("a comma too few", "cases.json", b'[{"input": "a"}\n{"input": "b"}]', 2, "Expecting ','"),
    Bad("an element that is a text", "cases.json", b'[{"input": "a"},\n"b"]', 2, "a text, where a case is an object"),
    Bad("a wrong element", "cases.json", b'[\n{"input": "a"},\n\n{"input": 3}]', 4, "must be a text", "input"),
    Bad(
        "a key twice in an element",
        "cases.json",
        b'[\n{"input": "a",\n"input": "b"},\n{"input": "c"}]',
        2,
        "`input` stands twice",
    ),
    Bad("an abyss", "cases.json", b'[{"input": "a"},\n' + b"[" * 50_000 + b"]" * 50_000 + b"]", 2, "nested deeper"),
    Bad("no list", "cases.json", b'{"input": "a"}', 1, "an object without a list of cases"),
    Bad(
        "two lists",
        "cases.json",
        b'{"a": [{"input": "x"}], "b": [{"input": "y"}]}',
        1,
        "an object with 2 lists: `a`, `b`",
    ),
    Bad("a text", "cases.json", b'"a"', 1, "not a list of cases"),
    Bad("JSON Lines by another name", "cases.json", b'{"input": "a"}\n{"input": "b"}\n', 2, "is it JSON Lines?"),
    Bad("something behind", "cases.json", b'[{"input": "a"}]\n]', 2, "several values, one after the other"),
    Bad("an empty list", "cases.json", b"[]", 0, "there is no case in it"),
    Bad("Latin-1 in JSON", "cases.json", '[\n{"input": "é"}]'.encode("latin-1"), 2, "not UTF-8"),
    Bad("JSON by another name", "cases.jsonl", b'[{"input": "a"}, {"input": "b"}]', 1, "is it `format: json`?"),
]

TABLES = [
    Bad("too few cells", "cases.csv", b"input,name\na,b\nc\n", 3, "1 cell where the header has 2"),
    Bad("too many cells", "cases.csv", b'input\n"a\nb"\nc,d\n', 4, "2 cells where the header has 1"),
    Bad("an open quote", "cases.csv", b'input\na\n"b\nc\n', 3, "a quote is opened and never closed"),
    Bad("text behind a quote", "cases.csv", b'input\n"a"b\n', 2, "text after a closing quote"),
    Bad("old line breaks", "cases.csv", b"input\ra\rb\r", 1, "line breaks of an old kind"),
    Bad("semicolons", "cases.csv", b"input;name\na;b\n", 1, "columns separated by semicolons"),
    Bad("tabs", "cases.csv", b"input\tname\na\tb\n", 1, "columns separated by tabs"),
    Bad("a column twice", "cases.csv", b"input,input\na,b\n", 1, "the column `input` stands twice"),
    Bad("a header only", "cases.csv", b"input,name\n", 0, "there is no case in it"),
    Bad("no input in a row", "cases.csv", b"input,name\n,b\n", 2, "neither `input` nor `turns`"),
    Bad("a list in Python's way", "cases.csv", b"input,context\na,\"['x', 'y']\"\n", 2, "not valid JSON", "context"),
    Bad("metadata in Python's way", "cases.csv", b"input,metadata\na,\"{'x': 1}\"\n", 2, "not valid JSON", "metadata"),
    Bad("NaN in a cell", "cases.csv", b'input,metadata\na,"{""x"": NaN}"\n', 2, "NaN and infinite", "metadata.x"),
    Bad("a NUL in a cell", "cases.csv", b"input\na\0b\n", 2, "holds a NUL character", "input"),
    Bad("a missing column in a table", "cases.csv", b"q\na\nb\n", 2, "no column `question` (there are `q`)", "input", {"input": "question"}),
    Bad("not Parquet", "cases.parquet", b"input\na\n", 0, "not a Parquet file"),
    Bad("broken Parquet", "cases.parquet", b"PAR1 and then nothing of the kind PAR1", 0, "not a readable Parquet file"),
]  # fmt: skip

MANY = gzip.compress("".join(json.dumps({"input": f"question {n} {n**9}"}) + "\n" for n in range(5000)).encode())
MANY_ZSTD = zstandard.compress(gzip.decompress(MANY))

COMPRESSED = [
    Bad("no gzip", "cases.jsonl.gz", GOOD, 0, "is not gzip, whatever its name says"),
    Bad("no zstd", "cases.jsonl.zst", gzip.compress(GOOD), 0, "is not zstd, whatever its name says"),
    Bad("half a gzip", "cases.jsonl.gz", MANY[: len(MANY) // 2], -1, "the gzip data is cut off"),
    Bad("half a zstd", "cases.jsonl.zst", MANY_ZSTD[:-3], -1, "the zstd data is cut off"),
    Bad("a damaged gzip", "cases.jsonl.gz", MANY[:2000] + b"\0\1" * 40 + MANY[2080:], -1, "the gzip data is damaged"),
    Bad("a damaged zstd", "cases.jsonl.zst", MANY_ZSTD[:5] + b"\xff" * 40 + MANY_ZSTD[45:], 0, "the zstd data is damaged"),
    Bad("rubbish behind a gzip", "cases.jsonl.gz", gzip.compress(GOOD) + b"rubbish", -1, "the gzip data is damaged"),
    Bad("rubbish behind a zstd", "cases.jsonl.zst", zstandard.compress(GOOD) + b"rubbish", -1, "the zstd data is damaged"),
]  # fmt: skip

EVERY = [*SYNTAX, *TYPES, *IDS, *KINDS, *NAMES, *JSON_FILES, *TABLES, *COMPRESSED]


def refusal(spec: DatasetSpec, folder: Path) -> InputError:
    with pytest.raises(InputError) as refused:
        list(read_cases(spec, folder))
    return refused.value


@pytest.mark.parametrize("bad", EVERY, ids=[bad.why for bad in EVERY])
def test_a_malformed_dataset_is_refused_with_one_problem_that_names_file_and_line(tmp_path: Path, bad: Bad) -> None:
    (tmp_path / bad.name).write_bytes(bad.content)
    error = refusal(DatasetSpec(path=bad.name, fields=bad.fields), tmp_path)
    text = str(error)
    assert error.exit_code == Exit.DATA
    assert bad.name in text
    assert bad.says in text
    assert len(error.problems) <= 1, text
    if bad.line > 0:
        assert f"{bad.name}:{bad.line}: " in text
    if bad.field:
        assert error.problems[0].field == bad.field


@pytest.mark.parametrize("bad", EVERY, ids=[bad.why for bad in EVERY])
def test_what_a_refusal_says_is_printable(tmp_path: Path, bad: Bad) -> None:
    (tmp_path / bad.name).write_bytes(bad.content)
    text = str(refusal(DatasetSpec(path=bad.name, fields=bad.fields), tmp_path))
    assert text.replace("\n", "").isprintable()
    assert len(text) < 1000


@pytest.mark.parametrize("bad", EVERY, ids=[bad.why for bad in EVERY])
def test_the_command_says_it_once_and_plans_nothing(tmp_path: Path, bad: Bad) -> None:
    (tmp_path / bad.name).write_bytes(bad.content)
    suite = {"dataset": {"path": bad.name, "fields": bad.fields}, "judge": "offline", "metrics": ["answer_relevancy"]}
    (tmp_path / "suite.yaml").write_text(json.dumps({"name": "bot", "store": "store", **suite}))
    ran = evalfactory("plan", "suite.yaml", "--write", "--run-id", "never", cwd=tmp_path)
    assert (ran.code, ran.out) == (Exit.DATA, "")
    assert ran.err.startswith("evalfactory: ")
    assert ran.err.count("evalfactory:") == 1
    assert bad.says in ran.err
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_the_table_of_malformed_datasets_is_long() -> None:
    assert len(EVERY) >= 100
    assert len({bad.why for bad in EVERY}) == len(EVERY)
