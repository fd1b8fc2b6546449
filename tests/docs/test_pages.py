"""What holds for every page: no dead link, no command or key that does not exist, nothing that only looks like a command."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from doc_pages import ROOT, Block, Page, pages

from evalfactory.cli.parser import build_parser
from evalfactory.suites import load_suite

PAGES = pages()
MINIMAL: dict[str, Any] = {
    "name": "x",
    "dataset": "cases.jsonl",
    "judge": {"model": "some-model", "base_url": "http://judge:8000/v1"},
    "metrics": ["answer_relevancy"],
}
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@each_page
def test_every_link_leads_somewhere(page: Page) -> None:
    for link in page.links:
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = (page.path.parent / target).resolve() if target else page.path
        assert path.exists(), f"{page.name} links to {link}, which is not there"
        if anchor:
            assert anchor in Page(path).anchors, f"{page.name} links to {link}, and there is no such heading"


def test_every_page_of_the_documentation_can_be_reached_from_its_index() -> None:
    index = ROOT / "docs" / "index.md"
    reached, waiting = set[Path](), [index]
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md" or not path.exists():
            continue
        reached.add(path)
        links = [link.partition("#")[0] for link in Page(path).links if not re.match(r"[a-z]+:", link)]
        waiting += [(path.parent / link).resolve() for link in links if link]
    orphans = [page.name for page in PAGES if page.path.is_relative_to(index.parent) and page.path not in reached]
    assert orphans == []


@each_page
def test_every_command_that_is_named_exists_with_its_options(page: Page) -> None:
    _, names = build_parser()
    for words in _command_lines(page):
        if len(words) < 2 or words[1].startswith(("-", "[", "…")) or words[1].isupper():
            continue
        assert words[1] in names, f"{page.name}: {' '.join(words)}"
        known = _options(words[1])
        for word in words[2:]:
            if word.startswith("--"):
                assert word.partition("=")[0] in known, f"{page.name}: {' '.join(words)}: no {word}"


@each_page
def test_every_piece_of_a_suite_is_one_that_evalfactory_reads(page: Page, tmp_path: Path) -> None:
    for block in page.blocks:
        if block.language == "yaml" and (block.title is None or block.title.endswith("suite.yaml")):
            piece = yaml.safe_load(block.text)
            if piece is not None:
                assert isinstance(piece, dict), f"{page.name}: {block.text}"
                suite = tmp_path / "suite.yaml"
                suite.write_text(json.dumps({**MINIMAL, **piece}), encoding="utf-8")
                load_suite(suite)


@each_page
def test_every_piece_of_python_and_json_can_be_parsed(page: Page) -> None:
    for block in page.blocks:
        match block.language:
            case "python":
                compile(block.text, page.name, "exec", flags=0)
            case "json":
                json.loads(block.text)
            case "jsonl":
                assert all(isinstance(json.loads(line), dict) for line in block.text.splitlines())
            case _:
                pass


@each_page
def test_blocks_have_a_language_that_the_tests_know(page: Page) -> None:
    """A command in a block of another kind would be run by nobody."""
    known = {"console", "text", "yaml", "python", "json", "jsonl", "csv"}
    assert {block.language for block in page.blocks} <= known
    for block in page.blocks:
        assert block.language == "console" or not _looks_like_a_shell(block), f"{page.name}: {block.text}"


@each_page
def test_a_file_that_a_page_shows_is_named_in_the_text_before_it(page: Page) -> None:
    for block in page.blocks:
        if block.title:
            assert f"`{block.title}`" in block.before, f"{page.name}: readers cannot see that this is {block.title}"


@each_page
def test_no_page_speaks_of_a_single_machine(page: Page) -> None:
    assert not re.search(r"/(work|root|tmp/nc)/|/home/(?!me\b)", page.text), page.name


def _looks_like_a_shell(block: Block) -> bool:
    return any(line.startswith("$ ") for line in block.text.splitlines())


def _command_lines(page: Page) -> list[list[str]]:
    lines = [code for code in page.codes if code.startswith("evalfactory ")]
    lines += [line.strip() for block in page.blocks for line in block.text.splitlines()]
    lines = [line.removeprefix("- ").removeprefix("run: ").removeprefix("$ ").partition("  #")[0] for line in lines]
    return [shlex.split(line.partition(" &&")[0], comments=True) for line in lines if line.startswith("evalfactory ")]


def _options(command: str) -> set[str]:
    parser, _ = build_parser(with_simulator=True)
    choices = next(action.choices for action in parser._actions if action.dest == "command")
    assert isinstance(choices, dict)
    return {flag for action in choices[command]._actions for flag in action.option_strings}
