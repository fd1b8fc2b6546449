from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import Desk, evalfactory, process

COMMANDS = (
    "init", "schema", "metrics", "run", "plan", "work", "resume", "retry", "runs", "status", "explain", "collect",
    "report", "verify", "compare", "bless", "judge-sim",
)  # fmt: skip

#: Command line -> what the message must say.
WRONG = {
    "": "which command?",
    "runn": "try: run",
    "stauts": "try: status",
    "judge_sim": "try: judge-sim",
    "qqqqqqqqqqqq": "try: evalfactory --help",
    "run": "suite",
    "run suite.yaml --teir smoke": "try: --tier",
    "run suite.yaml --workers 0": "--workers: 0 is no whole number above 0",
    "run suite.yaml --workers two": "--workers: two is no whole number above 0",
    "run suite.yaml --limit -3": "--limit: -3 is no whole number above 0",
    "run suite.yaml --tier": "--tier: expected one argument",
    "run suite.yaml another.yaml": "another.yaml",
    "work suite.yaml --run-id x --total-shards 2 --shard-index -1": "--shard-index: -1 is no index from 0",
    "work suite.yaml --run-id x --total-shards 2 --shard-index one": "--shard-index: one is no index from 0",
    "report --format markdwn": "try: markdown",
    "report --format pdf": "terminal, html, markdown, junit, json",
    "plan": "what is missing: suite",
    "bless": "--name",
    "retry": "--errored",
    "compare latest": "baseline",
    "judge-sim --port many": "--port: many is no port",
    "judge-sim --prot 0": "try: --port",
    "judge-sim --latency slow": "--latency: slow is none of none, constant, lognormal",
    "judge-sim --latency-mean-s slow": "--latency-mean-s: slow is no number",
    "--json runs": "--json",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_command_line_is_told_in_one_message_with_what_to_try(line: str, tmp_path: Path) -> None:
    ran = evalfactory(*line.split(), cwd=tmp_path)
    assert ran.code == 64
    assert ran.out == "" or "--json" in line
    assert ran.err.startswith("evalfactory: ")
    assert "\n  try: " in ran.err
    assert WRONG[line] in ran.err
    assert "Traceback" not in ran.err
    assert "_" not in ran.err.replace("judge_sim", "")  # no name of our code


@pytest.mark.parametrize(
    "line", ["runn --json", "run --json --workers 0", "report --json --format pdf", "bless --json"]
)
def test_with_json_a_wrong_command_line_is_one_object_too(line: str, tmp_path: Path) -> None:
    ran = evalfactory(*line.split(), cwd=tmp_path)
    assert ran.code == 64
    assert ran.json["error"]["exit_code"] == 64
    assert ran.json["error"]["message"] in ran.err
    assert ran.json["error"]["hint"] in ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_with_an_example(command: str, tmp_path: Path) -> None:
    ran = evalfactory(command, "--help", cwd=tmp_path)
    assert ran.code == 0
    assert ran.err == ""
    assert re.search(rf"\nexample:\n  evalfactory {command}\b", ran.out)
    assert command == "judge-sim" or "--json" in ran.out


def test_the_help_of_all_names_every_command_with_a_word_about_it(tmp_path: Path) -> None:
    ran = evalfactory("--help", cwd=tmp_path)
    assert ran.code == 0
    assert [command for command in COMMANDS if not re.search(rf"^    {command} +\w", ran.out, re.MULTILINE)] == []


def test_the_judge_simulators_options_are_in_its_help(tmp_path: Path) -> None:
    assert "--latency" in evalfactory("judge-sim", "--help", cwd=tmp_path).out


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    program = f"""
import sys
from evalfactory.cli import main
for argv in ["--help"], ["--version"], *([command, "--help"] for command in {COMMANDS}):
    try:
        main(argv)
    except SystemExit as end:
        assert not end.code
heavy = ["pydantic", "deepeval", "aiohttp", "obstore", "rich", "yaml", "uvloop"]
print([name for name in heavy if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_the_command_and_the_module_are_one(tmp_path: Path) -> None:
    assert process("--version", cwd=tmp_path).out.startswith("evalfactory ")


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "evalfactory", "metrics", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 0


def test_a_terminal_without_unicode_still_gets_its_answer(desk: Desk) -> None:
    ran = process("report", "first", cwd=desk.folder, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert ran.code == 0, ran.err
    assert "ja-delivery-time" in ran.out
    assert "\\u" in ran.out


@pytest.mark.parametrize("command", ["run", "plan --write", "work --shard-index 0 --total-shards 1"])
@pytest.mark.parametrize("name", ["latest", "previous"])
def test_no_run_gets_a_name_that_stands_for_another_one(command: str, name: str, new_desk: Desk) -> None:
    word, *options = command.split()
    ran = new_desk(word, "suite.yaml", *options, "--run-id", name)
    assert ran.code == 64
    assert f"a run cannot be called '{name}'" in ran.err
    assert not list(new_desk.folder.glob(".evalfactory/*/runs/*"))
