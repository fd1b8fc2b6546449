from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from command_line import Desk, json_lines


def edited(path: Path, change: Callable[[Any], None]) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1))


def failing(desk: Desk, run_id: str = "first") -> list[str]:
    """The checks that do not hold; the command says so too."""
    told = desk("verify", run_id, "--json")
    failed = [check["name"] for check in told.json["checks"] if not check["holds"]]
    assert told.json["holds"] == (not failed)
    assert told.code == (65 if failed else 0)
    shown = desk("verify", run_id)
    assert shown.code == told.code
    assert [line.split("  ")[1].split(":")[0] for line in shown.out.splitlines() if line.startswith("FAILS")] == failed
    return failed


def run_folder(desk: Desk, run_id: str = "first") -> Path:
    return next(desk.folder.glob(f".evalfactory/*/runs/{run_id}"))


def test_a_report_is_proven_by_the_stores_bytes(desk: Desk) -> None:
    assert failing(desk) == []
    assert "first is proven" in desk("verify", "first").out


def test_a_report_with_a_baseline_a_must_run_case_and_skipped_slots_is_proven(desk: Desk) -> None:
    cases = json_lines(desk.folder / "cases.jsonl")
    cases[0]["retrieval_context"], cases[1]["must_run"] = None, True
    desk.cases(*cases)
    desk.suite(execution={"missing_fields": "skip", "workers": 1, "shards": 3})
    desk.run("--run-id", "rich", "--baseline", "first")
    assert desk.report("rich")["baseline"]["pairs"] == 39
    assert failing(desk, "rich") == []


def test_an_incomplete_run_is_proven_to_be_one(desk: Desk) -> None:
    desk("work", "suite.yaml", "--run-id", "half", "--shard-index", "0", "--total-shards", "2")
    desk("collect", "half")
    assert failing(desk, "half") == []


def test_a_baseline_that_was_moved_since_changes_no_proof(desk: Desk) -> None:
    desk("bless", "first", "--name", "main")
    desk.run("--run-id", "compared", "--baseline", "main")
    cases = json_lines(desk.folder / "cases.jsonl")
    desk.cases(*({**case, "actual_output": "Good morning!"} for case in cases[:10]), *cases[10:])
    desk.run("--run-id", "worse")
    desk("bless", "worse", "--name", "main")
    assert failing(desk, "compared") == []


def test_a_baseline_that_was_made_since_changes_no_proof(desk: Desk) -> None:
    desk.run("--run-id", "alone", "--baseline", "main")
    desk("bless", "first", "--name", "main")
    assert failing(desk, "alone") == []


REPORT_EDITS: dict[str, tuple[Callable[[Any], None], set[str]]] = {
    "verdict": (lambda report: report["verdict"].update(outcome="FAIL"), {"verdict"}),
    "a rule": (lambda report: report["verdict"]["checks"][0].update(seen="a lot"), {"verdict"}),
    "counts": (lambda report: report["counts"].update(scored=39, errored=1), {"counts"}),
    "a mean": (lambda report: report["metrics"][0].update(mean=0.99), {"means"}),
    "the digest": (lambda report: report.update(results_digest="0" * 64), {"results digest"}),
    "the plan's digest": (lambda report: report["proof"].update(plan_digest="0" * 64), {"plan digest"}),
    "the dataset's digest": (lambda report: report["proof"].update(dataset_digest="0" * 64), {"dataset digest"}),
    "a part's hash": (
        lambda report: report["proof"]["shards"][0]["parts"][0].update(sha256="0" * 64),
        {"committed shards"},
    ),
    "a shard": (lambda report: report["proof"]["shards"].pop(), {"committed shards"}),
    "a reason": (lambda report: report["worst"][0].update(reason="It is fine."), {"the rest of report.json"}),
    "the judge's cost": (lambda report: report["judge"].update(calls=1), {"the rest of report.json"}),
    "notes": (lambda report: report.update(notes=[]), {"the rest of report.json"}),
}


@pytest.mark.parametrize("what", REPORT_EDITS)
def test_an_edited_report_fails_by_what_was_edited(desk: Desk, what: str) -> None:
    change, names = REPORT_EDITS[what]
    edited(desk.report_folder("first") / "report.json", change)
    assert set(failing(desk)) == names


def test_a_report_that_is_none_any_more_is_named(desk: Desk) -> None:
    (desk.report_folder("first") / "report.json").write_text("{}")
    ran = desk("verify", "first")
    assert ran.code == 65
    assert "report.json" in ran.err
    assert "evalfactory collect" in ran.err


def test_a_changed_score_in_measurements_fails_by_its_bytes(desk: Desk) -> None:
    path = desk.report_folder("first") / "measurements.jsonl"
    path.write_text(path.read_text().replace('"score":0.0', '"score":1.0', 1))
    assert failing(desk) == ["measurements.jsonl, bytes"]


def test_a_measurements_file_that_is_gone_fails_by_its_bytes(desk: Desk) -> None:
    (desk.report_folder("first") / "measurements.jsonl").unlink()
    assert failing(desk) == ["measurements.jsonl, bytes"]


@pytest.mark.parametrize("what", ["changed", "cut", "gone"])
def test_a_part_that_was_changed_is_named(desk: Desk, what: str) -> None:
    part = next(run_folder(desk).glob("shards/00000/parts/*.jsonl"))
    body = part.read_bytes()
    match what:
        case "changed":
            part.write_bytes(body.replace(b'"score":0.0', b'"score":1.0', 1))
        case "cut":
            part.write_bytes(body[:-100])
        case "gone":
            part.unlink()
    for command in ("verify", "collect"):
        ran = desk(command, "first", "--json")
        assert ran.code == 65
        (problem,) = ran.json["error"]["problems"]
        assert problem["file"].endswith(f"shards/00000/parts/{part.name}")
        assert "Traceback" not in ran.err


def test_a_commit_plan_or_case_file_that_was_changed_is_named(desk: Desk) -> None:
    folder = run_folder(desk)
    for name, path in (
        ("commit.json", folder / "shards/00000/commit.json"),
        ("plan.json", folder / "plan.json"),
        ("cases/", next((folder / "cases").iterdir())),
    ):
        body = path.read_bytes()
        path.write_bytes(body.replace(b"a", b"b", 40))
        ran = desk("verify", "first")
        assert ran.code == 65
        assert name in ran.err
        assert "Traceback" not in ran.err
        path.write_bytes(body)
    assert failing(desk) == []


def test_a_part_that_no_commit_names_changes_no_proof(desk: Desk) -> None:
    part = next(run_folder(desk).glob("shards/00000/parts/*.jsonl"))
    (part.parent / "feedbeef-0001.jsonl").write_bytes(part.read_bytes())
    assert failing(desk) == []


def test_a_run_without_a_report_is_refused_with_the_command_that_makes_one(desk: Desk) -> None:
    desk("plan", "suite.yaml", "--write", "--run-id", "later")
    ran = desk("verify", "later")
    assert ran.code == 64
    assert "evalfactory collect later" in ran.err


def test_collecting_again_repairs_what_was_edited(desk: Desk) -> None:
    edited(desk.report_folder("first") / "report.json", lambda report: report["verdict"].update(outcome="FAIL"))
    assert desk("collect", "first").code == 0
    assert failing(desk) == []


@pytest.mark.parametrize("name", ["report.md", "report.txt", "junit.xml"])
def test_a_file_that_people_or_servers_read_is_proven_too(desk: Desk, name: str) -> None:
    path = desk.report_folder("first") / name
    path.write_text(path.read_text().replace("PASS", "FAIL").replace("failures=", "errors="))
    assert failing(desk) == [name]
    path.unlink()
    assert failing(desk) == [name]


@pytest.mark.parametrize(
    "instead", ["", "[]", "{}", "3", '{"report.md": 3}', '{"../../../../../../etc/passwd": "x"}', None]
)
def test_the_list_of_those_files_is_proven_too(desk: Desk, instead: str | None) -> None:
    path = desk.report_folder("first") / "files.json"
    path.unlink() if instead is None else path.write_text(instead)
    assert failing(desk) == ["files.json"]
