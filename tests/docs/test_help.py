"""`--help` of every command: an example in it, and nothing heavy loaded for it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from evalfactory.cli.parser import build_parser

HEAVY = (
    "aiohttp", "asyncio", "deepeval", "evalfactory.api", "evalfactory.app", "evalfactory.catalogue", "evalfactory.engine",
    "evalfactory.records", "jsonschema", "obstore", "openai", "pydantic", "pyarrow", "rich", "uvloop", "yaml", "yarl",
)  # fmt: skip
_, COMMANDS = build_parser()

#: Asks for the help of each command in turn; prints what was said, and which module was there after which command.
ASK = """
import contextlib, io, json, sys
from evalfactory.cli import main
told, loaded = {}, {}
for command in json.loads(sys.argv[1]):
    said = io.StringIO()
    sys.argv[1:] = [*filter(None, [command]), "--help"]
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main()
    told[command] = said.getvalue()
    for module in sys.modules:
        loaded.setdefault(module, command)
print(json.dumps([told, loaded]))
"""


@pytest.fixture(scope="module")
def help_of_all() -> tuple[dict[str, str], dict[str, str]]:
    names = json.dumps(["", *COMMANDS])
    asked = subprocess.run([sys.executable, "-c", ASK, names], capture_output=True, text=True, check=True)
    told, loaded = json.loads(asked.stdout)
    return told, loaded


def test_the_help_of_no_command_loads_anything_heavy(help_of_all: tuple[dict[str, str], dict[str, str]]) -> None:
    _, loaded = help_of_all
    assert {module: loaded[module] for module in HEAVY if module in loaded and loaded[module] != "judge-sim"} == {}


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_help_of_every_command_has_an_example(
    command: str, help_of_all: tuple[dict[str, str], dict[str, str]]
) -> None:
    told, _ = help_of_all
    example = told[command].partition("example:\n")[2]
    assert example.strip().startswith(f"evalfactory {command}".strip())


def test_every_command_that_answers_has_json(help_of_all: tuple[dict[str, str], dict[str, str]]) -> None:
    told, _ = help_of_all
    assert [command for command in COMMANDS if "--json" not in told[command]] == []
