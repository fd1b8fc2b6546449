"""What is known of a target before anything is sent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evalfactory.errors import InputError
from evalfactory.records.base import digest_of
from evalfactory.records.suite import ChatTarget, HttpTarget, PythonTarget, TargetSpec
from evalfactory.target.opening import check_target, frozen_target, produced_fields, target_recipe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "answer.txt").write_text("Hello\n{{input}} and {{inptu}}\n{{contex}}")
    (tmp_path / "good.txt").write_text("{{input}}")
    (tmp_path / "mute.txt").write_text("Say something.")
    (tmp_path / "latin.txt").write_bytes("{{input}}\nf\u00fcr".encode("latin-1"))
    (tmp_path / "planned_bot.py").write_text(
        "raise RuntimeError('planning must not import me')\ndef answer(case): ...\n"
    )
    (tmp_path / "starred_bot.py").write_text("from planned_bot import *\n")
    package = tmp_path / "planned_package"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('nor me')\n")
    (package / "deep.py").write_text("from .other import answer as reply\nclass Bot: ...\nmade = Bot()\n")
    return tmp_path


def told(spec: TargetSpec, folder: Path) -> list[str]:
    return [str(problem) for problem in check_target(spec, folder)]


def test_what_is_right_has_no_problems(folder: Path) -> None:
    assert told(HttpTarget(url="http://bot"), folder) == []
    assert told(ChatTarget(model="m", prompt="good.txt", system="mute.txt"), folder) == []
    for reference in (
        "planned_bot:answer",
        "starred_bot:anything",
        "planned_package.deep:reply",
        "planned_package.deep:made",
    ):
        assert told(PythonTarget(python=reference), folder) == []


def test_unknown_placeholders_are_told_all_at_once_with_file_line_and_nearest_name(folder: Path) -> None:
    assert told(ChatTarget(model="m", prompt="answer.txt"), folder) == [
        "answer.txt:2: unknown placeholder {{inptu}} (did you mean {{input}}?)",
        "answer.txt:3: unknown placeholder {{contex}} (did you mean {{context}}?)",
    ]


def test_a_requests_problems_are_told_with_their_places(folder: Path) -> None:
    spec = HttpTarget(
        url="http://bot", method="GET", request=[{"q": ["{{inptu}}"]}], output="a..b", retrieval_context="hits.*.text"
    )
    assert told(spec, folder) == [
        "target.request[0].q[0]: unknown placeholder {{inptu}} (did you mean {{input}}?)",
        "target.request: must be a mapping, which becomes the query of a GET",
        "target.output: has an empty step (a path is written like `choices.0.text`)",
    ]


@pytest.mark.parametrize(
    ("prompt", "words"),
    [("gone.txt", "gone.txt: is not there"), ("latin.txt", "latin.txt:2: is not UTF-8"), (".", "cannot be read")],
)
def test_a_prompt_file_that_cannot_be_read_is_named(folder: Path, prompt: str, words: str) -> None:
    [problem] = told(ChatTarget(model="m", prompt=prompt), folder)
    assert words in problem


def test_a_target_that_is_told_nothing_of_the_case_is_refused(folder: Path) -> None:
    assert "says nothing of the case" in told(ChatTarget(model="m", prompt="mute.txt"), folder)[0]
    assert "says nothing of the case" in told(HttpTarget(url="http://bot", request={"q": "hi"}), folder)[0]


def test_a_function_that_is_not_there_is_told_without_importing_anything(folder: Path) -> None:
    assert "there is no module no_such_bot" in told(PythonTarget(python="no_such_bot:x"), folder)[0]
    assert "there is no module planned_package.no" in told(PythonTarget(python="planned_package.no:x"), folder)[0]
    assert told(PythonTarget(python="planned_bot:anser"), folder) == [
        "planned_bot.py: target.python: there is no 'anser' (did you mean answer?)"
    ]
    assert "planned_bot" not in sys.modules


def test_what_a_target_fills_is_known_beforehand() -> None:
    assert produced_fields(HttpTarget(url="http://bot")) == ("actual_output",)
    assert produced_fields(HttpTarget(url="http://bot", tools_called="t")) == ("actual_output", "tools_called")
    assert produced_fields(ChatTarget(model="m", prompt="p")) == ("actual_output",)
    assert len(produced_fields(PythonTarget(python="a:b"))) == 3


def digest(spec: TargetSpec, folder: Path) -> str:
    return digest_of(target_recipe(spec, folder))


def test_limits_keys_and_addresses_of_models_do_not_change_what_a_target_is(folder: Path) -> None:
    plain = ChatTarget(model="m", prompt="good.txt")
    moved = ChatTarget(
        model="m",
        prompt="good.txt",
        base_url="http://other/v1",
        api_key_env="K",
        max_in_flight=2,
        timeout_s=3,
        always=True,
    )
    assert digest(plain, folder) == digest(moved, folder)
    (folder / "renamed.txt").write_text("{{input}}")
    assert digest(plain, folder) == digest(ChatTarget(model="m", prompt="renamed.txt"), folder)
    assert digest(HttpTarget(url="http://a"), folder) == digest(HttpTarget(url="http://a", max_in_flight=1), folder)


def test_what_decides_an_answer_changes_what_a_target_is(folder: Path) -> None:
    specs: list[TargetSpec] = [
        ChatTarget(model="m", prompt="good.txt"),
        ChatTarget(model="m", prompt="mute.txt"),
        ChatTarget(model="m", prompt="good.txt", system="mute.txt"),
        ChatTarget(model="m", prompt="good.txt", temperature=1.0),
        ChatTarget(model="m", prompt="good.txt", extra_body={"top_k": 1}),
        HttpTarget(url="http://a"),
        HttpTarget(url="http://b"),
        HttpTarget(url="http://a", version="2"),
        HttpTarget(url="http://a", headers={"X-Variant": "b"}),
        HttpTarget(url="http://a", request={"q": "{{input}}"}),
        HttpTarget(url="http://a", output="x"),
        PythonTarget(python="planned_bot:answer"),
        PythonTarget(python="planned_bot:answer", version="2"),
        PythonTarget(python="starred_bot:answer"),
    ]
    assert len({digest(spec, folder) for spec in specs}) == len(specs)


def test_a_prompt_or_a_source_that_changes_is_another_target(folder: Path) -> None:
    chat, function = ChatTarget(model="m", prompt="good.txt"), PythonTarget(python="planned_bot:answer")
    before = digest(chat, folder), digest(function, folder)
    (folder / "good.txt").write_text("{{input}}!")
    (folder / "planned_bot.py").write_text("def answer(case): return 1\n")
    assert digest(chat, folder) != before[0]
    assert digest(function, folder) != before[1]


def test_a_frozen_target_is_the_same_target_wherever_its_files_are(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chat = ChatTarget(model="m", prompt="good.txt", system="mute.txt")
    frozen = frozen_target(chat, folder)
    before = digest(chat, folder)
    (folder / "good.txt").write_text("changed after planning {{input}}")
    assert digest(frozen, tmp_path_factory.mktemp("elsewhere")) == before
    assert frozen_target(HttpTarget(url="http://a"), folder) == HttpTarget(url="http://a")


def test_a_function_without_source_needs_a_declared_version(folder: Path) -> None:
    with pytest.raises(InputError, match="declare `version`"):
        target_recipe(PythonTarget(python="no_such_bot:x"), folder)
    assert target_recipe(PythonTarget(python="no_such_bot:x", version="7"), folder)["version"] == "7"


def test_planning_a_target_loads_nothing_heavy() -> None:
    program = "import sys, evalfactory.target.opening; print('aiohttp' in sys.modules, 'deepeval' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
