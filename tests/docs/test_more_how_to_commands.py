"""Every command of the other half of the how-to pages is run, like those of the other pages; two processes share the work."""

from __future__ import annotations

from pathlib import Path

import pytest
from doc_pages import Page, pages
from doc_shell import follow

HOW_TO = [page for page in pages() if page.commands and page.path.parent.name == "how-to"]


@pytest.mark.parametrize("page", HOW_TO[1::2], ids=lambda page: page.path.stem)
def test_every_command_of_a_how_to_does_what_the_page_says(page: Page, tmp_path: Path) -> None:
    follow(page, tmp_path)
