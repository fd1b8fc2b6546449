"""Every command that a page shows is run: in a fresh folder, in the page's order, with the exit code that it states.

The how-to pages have files of their own, so that two processes can share the work.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from doc_pages import ROOT, Command, Page, pages
from doc_shell import follow

JAPANESE = Page(ROOT / "README.ja.md")
ENGLISH = Page(ROOT / "README.md")
MAKE = {
    "demo": "tests/docs/test_demo.py runs it",
    "test": "it is what runs this test",
    "check": "it runs this test among others",
}

RUN_HERE = [page for page in pages() if page.commands and page.path.parent.name != "how-to" and page != JAPANESE]


@pytest.mark.parametrize("page", RUN_HERE, ids=lambda page: page.name)
def test_every_command_does_what_its_page_says(page: Page, tmp_path: Path) -> None:
    follow(page, tmp_path)


def test_the_japanese_readme_shows_the_commands_and_files_of_the_english_one() -> None:
    def shown(page: Page) -> list[tuple[str, int]]:
        return [(command.plain, command.exit_code) for command in page.commands]

    def files(page: Page) -> list[tuple[str | None, str]]:
        return [(block.title, block.text) for block in page.blocks if block.language == "yaml"]

    assert shown(JAPANESE) == shown(ENGLISH)
    assert files(JAPANESE) == files(ENGLISH)


def _not_run() -> list[tuple[str, Command]]:
    return [
        (page.name, command)
        for page in pages()
        for command in page.commands
        if command.not_run or command.text.startswith("make ")
    ]


@pytest.mark.parametrize(
    ("name", "command"), _not_run(), ids=lambda part: part if isinstance(part, str) else part.plain
)
def test_a_command_that_cannot_run_here_says_why(name: str, command: Command) -> None:
    if command.text.startswith("make "):
        target = command.plain.removeprefix("make ")
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        pytest.skip(f"{name}: {command.plain}: {MAKE.get(target, 'for people at work on evalfactory')}")
    assert command.not_run
    pytest.skip(f"{name}: {command.plain}: {command.not_run}")
