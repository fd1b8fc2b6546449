"""The command in a comment that runs it again: on the same cases, or not told."""

from __future__ import annotations

import shlex

import pytest

from command_line import SUPPORT, Desk, json_lines


@pytest.mark.parametrize(
    "chosen",
    [
        (),
        ("--limit", "2"),
        ("--case", "warranty", "--case=-odd id"),
        ("--filter", "tags=returns", "--limit", "2"),
    ],
)
def test_the_command_that_runs_it_again_measures_the_same_cases(chosen: tuple[str, ...], desk: Desk) -> None:
    cases = json_lines(SUPPORT / "cases.jsonl")
    ids = {0: "warranty", 1: "-odd id"}
    desk.cases(*({**case, "id": ids.get(place, case["id"])} for place, case in enumerate(cases)))
    desk.run("--run-id", "some", *chosen)
    again = run_again(desk, "some")
    assert again[:5] == ["evalfactory", "run", "suite.yaml", "--tier", "smoke"]
    assert desk(*again[1:], "--run-id", "again").code in (0, 10, 11)
    assert desk.ids("again") == desk.ids("some")


def run_again(desk: Desk, run_id: str) -> list[str]:
    """The words of the command that the comment gives; none where it gives none."""
    body = desk("publish", "github", run_id, "--dry-run").out
    return next((shlex.split(line[17:-1]) for line in body.splitlines() if line.startswith("- run it again: ")), [])


def test_a_run_that_no_command_makes_again_has_no_such_line(desk: Desk) -> None:
    assert desk("noise", "suite.yaml", "--times", "2", "--limit", "2", "--quiet").code == 0
    (noisy,) = [run["run_id"] for run in desk("runs", "--json").json["runs"] if run["run_id"] != "first"]
    assert run_again(desk, noisy) == []
    desk.suite(publish={"redact": ["input"]})
    question = json_lines(SUPPORT / "cases.jsonl")[0]["input"]
    desk.run("--run-id", "private", "--filter", f"input={question}")
    assert run_again(desk, "private") == []
    assert question not in desk("publish", "github", "private", "--dry-run").out
