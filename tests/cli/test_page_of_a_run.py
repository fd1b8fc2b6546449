from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

from command_line import SUPPORT, Desk, json_lines


def rows_of(page: Path) -> dict[str, list[object]]:
    """The rows of the table of all cases, by id."""
    found = re.search(r'<script type="application/json" id="rows">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found
    return {row[0]: row for row in json.loads(found[1])}


def texts_of(page: Path) -> str:
    found = re.search(r'<script type="application/json" id="texts">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found
    return json.dumps([json.loads(each) for each in json.loads(found[1])], ensure_ascii=False)


def test_a_run_is_made_a_page_beside_its_other_reports(desk: Desk) -> None:
    ran = desk("report", "first", "--format", "html")
    assert ran.code == 0
    page = Path(ran.out.strip())
    assert page == desk.report_folder("first") / "report.html"
    assert len(rows_of(page)) == 20
    assert "これ" in texts_of(page) or "返品" in texts_of(page)
    assert desk("verify", "first").code == 0


def test_the_run_says_how_its_page_is_made(desk: Desk) -> None:
    shown = desk("report", "first").out
    command = next(line for line in shown.splitlines() if line.startswith("  page "))
    words = command.split("page", 1)[1].split()
    assert words[:5] == ["evalfactory", "report", "first", "--format", "html"]
    assert desk(*words[1:]).code == 0


def test_the_time_line_has_every_shard_from_its_beginning_to_its_commit(desk: Desk) -> None:
    report = desk.report("first")
    times = report["timeline"]
    assert [shard["index"] for shard in times] == [shard["index"] for shard in report["proof"]["shards"]]
    for shard in times:
        begun, ended = (datetime.fromisoformat(shard[name]) for name in ("started_at", "finished_at"))
        assert begun <= ended
    assert sum(shard["slots"] for shard in times) == report["counts"]["planned"]
    assert sum(shard["calls"] for shard in times) == report["judge"]["calls"]
    page = Path(desk("report", "first", "--format", "html").out.strip()).read_text(encoding="utf-8")
    assert page.count('<rect class="shard ') == len(times)


def test_a_text_of_a_megabyte_is_cut_and_said_to_be(desk: Desk) -> None:
    case = {**json_lines(SUPPORT / "cases.jsonl")[0], "comments": "W" * 1_000_000, "id": "long"}
    desk.cases(case)
    desk.run("--run-id", "long")
    page = Path(desk("report", "long", "--format", "html").out.strip())
    assert page.stat().st_size < 300_000
    assert texts_of(page).count("W") == 20_000


def test_a_page_goes_where_it_is_wanted(desk: Desk) -> None:
    wanted = desk.folder / "out" / "deep" / "page.html"
    assert desk("report", "first", "--format", "html", "--out", str(wanted)).out.strip() == str(wanted)
    assert wanted.is_file()
    assert not (desk.report_folder("first") / "report.html").exists()


def test_out_is_refused_where_it_says_nothing(desk: Desk) -> None:
    ran = desk("report", "first", "--format", "markdown", "--out", "x.md")
    assert ran.code == 64
    assert "--out is for --format html" in ran.err
    ran = desk("report", "first", "--format", "html", "--out", str(desk.folder))
    assert ran.code == 64
    assert "is a folder" in ran.err


def test_a_case_stands_beside_its_answer_of_the_baseline(desk: Desk) -> None:
    desk("bless", "first", "--name", "main")
    cases = json_lines(SUPPORT / "cases.jsonl")
    changed = cases[0]["id"]
    desk.cases({**cases[0], "actual_output": "Good morning to all mountain friends!"}, *cases[1:])
    desk.run("--run-id", "second", "--baseline", "main")
    page = Path(desk("report", "second", "--format", "html").out.strip())
    rows = rows_of(page)
    assert changed in list(rows)[:3]
    cells = rows[changed][5]
    assert isinstance(cells, list)
    assert all(len(cell) == 5 for cell in cells)
    for answer in ("Good morning to all mountain friends!", cases[0]["actual_output"]):
        assert answer in texts_of(page)


def test_a_page_is_made_of_a_run_whose_baseline_is_gone(desk: Desk) -> None:
    desk("bless", "first", "--name", "main")
    desk.run("--run-id", "second", "--baseline", "main")
    (desk.folder / ".evalfactory" / "runs" / "first.json").unlink()
    page = Path(desk("report", "second", "--format", "html").out.strip())
    assert all(len(cell) == 3 for row in rows_of(page).values() for cell in row[5])  # type: ignore[attr-defined]


def test_a_page_tells_of_slots_that_are_missing(desk: Desk) -> None:
    next((desk.folder / ".evalfactory" / "support-bot" / "runs" / "first").glob("shards/*/commit.json")).unlink()
    assert desk("collect", "first").code == 12
    page = Path(desk("report", "first", "--format", "html").out.strip())
    rows = rows_of(page)
    assert len(rows) == 20
    states = [cell[0] for row in rows.values() for cell in row[5]]  # type: ignore[attr-defined]
    assert 0 < states.count(3) < 40
    assert "<title>INCOMPLETE" in page.read_text(encoding="utf-8")


def test_a_cases_with_another_question_is_not_put_beside_the_old_one(desk: Desk) -> None:
    desk("bless", "first", "--name", "main")
    cases = json_lines(SUPPORT / "cases.jsonl")
    desk.cases({**cases[0], "input": "Something else altogether?"}, *cases[1:])
    desk.run("--run-id", "second", "--baseline", "main")
    row = rows_of(Path(desk("report", "second", "--format", "html").out.strip()))[cases[0]["id"]]
    assert row[3] == 6  # its input changed, its texts are told
    assert all(len(cell) == 3 for cell in row[5])  # type: ignore[attr-defined]
