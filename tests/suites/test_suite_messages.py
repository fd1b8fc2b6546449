"""Every wrong suite gives one clear error; all messages stand in one file that can be read in one sitting."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from malformed_suites import MALFORMED, Malformed
from suite_golden import check_golden

from command_line import evalfactory
from evalfactory.errors import Exit, InputError
from evalfactory.suites import load_suite

GOLDEN = Path(__file__).with_name("messages.golden.txt")
_JARGON = re.compile(
    r"pydantic|validation|traceback|errors\.|constrained|nonetype|\bdicts?\b|tuple|\bstr\b|\bint\b|\bbool\b|yaml\.\w+Error|type=|object at 0x",
    re.IGNORECASE,
)

Refusal = Callable[[Malformed], InputError]


@pytest.fixture
def refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Refusal:
    """What reading a malformed suite raises."""
    monkeypatch.chdir(tmp_path)

    def read(case: Malformed) -> InputError:
        path = Path("suite.yaml")
        path.write_bytes(case.text if isinstance(case.text, bytes) else case.text.encode("utf-8", "surrogatepass"))
        with pytest.raises(InputError) as caught:
            load_suite(path)
        return caught.value

    return read


@pytest.mark.parametrize("name", MALFORMED)
def test_a_wrong_suite_is_refused_with_every_field_and_line_that_is_wrong(name: str, refusal: Refusal) -> None:
    case = MALFORMED[name]
    error = refusal(case)
    assert error.exit_code == Exit.DATA
    found = {(problem.field, problem.line) for problem in error.problems}
    assert found == set(zip(case.fields, case.lines, strict=True))
    assert all(problem.file == "suite.yaml" for problem in error.problems)


@pytest.mark.parametrize("name", MALFORMED)
def test_a_message_is_in_plain_words_and_harmless(name: str, refusal: Refusal) -> None:
    message = str(refusal(MALFORMED[name]))
    assert not _JARGON.search(message)
    assert "verysecret" not in message
    assert message.replace("\n", "").isprintable()
    assert all(len(line) < 1000 for line in message.splitlines())


@pytest.mark.parametrize("name", MALFORMED)
def test_the_command_says_it_once_and_nothing_else(name: str, refusal: Refusal, tmp_path: Path) -> None:
    error = refusal(MALFORMED[name])
    ran = evalfactory("plan", "suite.yaml", cwd=tmp_path)
    assert (ran.code, ran.out) == (Exit.DATA, "")
    assert ran.err == f"evalfactory: {error}\n"


def test_all_messages_are_those_that_were_read_and_approved(refusal: Refusal) -> None:
    pages = [f"## {name}\n\n{refusal(case)}\n" for name, case in MALFORMED.items()]
    check_golden(GOLDEN, "\n".join(pages))


def test_there_are_many_ways_to_be_wrong() -> None:
    assert len(MALFORMED) >= 100
