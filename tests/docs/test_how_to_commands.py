"""Every command of the how-to pages is run, like those of the other pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from doc_pages import Page, pages
from doc_shell import Reader


@pytest.mark.parametrize(
    "page",
    [page for page in pages() if page.commands and page.path.parent.name == "how-to"],
    ids=lambda page: page.path.stem,
)
def test_every_command_of_a_how_to_does_what_the_page_says(page: Page, tmp_path: Path) -> None:
    with Reader(page, tmp_path) as reader:
        reader.follow()
