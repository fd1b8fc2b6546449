"""Whatever happens to a store's files, every command answers in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import Desk

FILES = {
    "plan": "*/runs/first/plan.json",
    "cases": "*/runs/first/cases/*",
    "commit": "*/runs/first/shards/00000/commit.json",
    "part": "*/runs/first/shards/00000/parts/*",
    "report": "*/runs/first/report/0001/report.json",
    "measurements": "*/runs/first/report/0001/measurements.jsonl",
    "junit": "*/runs/first/report/0001/junit.xml",
    "markdown": "*/runs/first/report/0001/report.md",
    "entry": "runs/first.json",
    "baseline": "*/baselines/main.json",
    "fingerprints": "fingerprints/*",
}

READING = (
    "runs", "status first", "report first", "report first --format markdown", "report first --format junit",
    "report first --json", "verify first", "compare first main", "compare first first", "explain plan-cancel --recorded",
    "bless first --name other", "collect first --baseline main", "collect first --baseline previous", "retry first --errored",
)  # fmt: skip


def hurt(path: Path, how: str) -> None:
    body = path.read_bytes()
    match how:
        case "gone":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "half":
            path.write_bytes(body[: len(body) // 2])
        case "other":
            path.write_bytes(b'{"format": 1}\n')
        case "binary":
            path.write_bytes(bytes(range(256)) * 4)


@pytest.mark.parametrize("how", ["gone", "empty", "half", "other", "binary"])
@pytest.mark.parametrize("what", FILES)
def test_a_damaged_file_is_told_in_words(desk: Desk, what: str, how: str) -> None:
    desk("bless", "first", "--name", "main")
    (path,) = desk.folder.glob(f".evalfactory/{FILES[what]}")
    hurt(path, how)
    for line in READING:
        ran = desk(*line.split())
        assert "Traceback" not in ran.err, (line, ran.err)
        assert ran.code in (0, 12, 64, 65), (line, ran)
        told = ran.err.startswith("evalfactory: ") or "FAILS  " in ran.out
        assert ran.code in (0, 12) or told, (line, ran)


@pytest.mark.parametrize("lines", [0, 1, 12])
def test_no_run_is_compared_with_a_report_that_lost_some_lines(desk: Desk, lines: int) -> None:
    desk("bless", "first", "--name", "main")
    (path,) = desk.folder.glob(f".evalfactory/{FILES['measurements']}")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lines]))
    for line in ("compare first main", "run suite.yaml --baseline main --quiet"):
        ran = desk(*line.split())
        assert ran.code == 65, (line, ran)
        assert "report/0001/measurements.jsonl" in ran.err


@pytest.mark.parametrize(("what", "how"), [("part", "gone"), ("commit", "other"), ("entry", "half")])
def test_a_new_run_does_not_stumble_over_an_old_ones_damage(desk: Desk, what: str, how: str) -> None:
    (path,) = desk.folder.glob(f".evalfactory/{FILES[what]}")
    hurt(path, how)
    ran = desk("run", "suite.yaml", "--json", "--quiet", "--limit", "2", "--run-id", "next")
    assert ran.code == 0, ran.err
    assert ran.json["scored"] == 4


def test_a_damaged_index_of_earlier_results_is_named_with_what_to_do(desk: Desk) -> None:
    (path,) = desk.folder.glob(f".evalfactory/{FILES['fingerprints']}")
    hurt(path, "half")
    ran = desk("run", "suite.yaml", "--json", "--quiet", "--limit", "2", "--run-id", "next")
    assert (ran.code, ran.json["verdict"]) == (12, "INCOMPLETE")
    assert path.name in ran.err
    assert "delete" in ran.err
    path.unlink()
    assert desk("resume", "next", "--json", "--quiet").json["scored"] == 4
