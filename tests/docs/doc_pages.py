"""Pages of the documentation, read: their links, their headings, the files and the commands that they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^( *)(`{3,})(.*)$")
_TITLE = re.compile(r'title="([^"]+)"')
_EXITS = re.compile(r"\s+#\s*(?:exits|終了コード)\s*(\d+)")
_NOT_RUN = re.compile(r"\s+#\s*(?:not run (?:here|by the tests)|テストでは実行しません)[:：]\s*(.+)$")
_COMMENT = re.compile(r"\s+#\s.*$", re.MULTILINE)
_LINK = re.compile(r"!?\[(?:[^\[\]]|!?\[[^\]]*\]\([^)]*\))*\]\(([^)\s]+)\)")
_CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block. `before` is the text of the paragraph that leads to it."""

    language: str
    title: str | None
    text: str
    before: str


@dataclass(frozen=True)
class Command:
    """A command as a page shows it, with what it is to end with and the lines that it is to print."""

    text: str
    exit_code: int
    shown: tuple[str, ...]
    not_run: str | None

    @property
    def plain(self) -> str:
        """Without the comment at its end."""
        return _COMMENT.sub("", self.text)

    @property
    def in_background(self) -> bool:
        """Whether it serves until it is stopped."""
        return self.plain.endswith("&") or self.plain.startswith("evalfactory judge-sim")


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def blocks(self) -> list[Block]:
        return _parts(self.text)[0]

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _parts(self.text)[1]

    @property
    def commands(self) -> list[Command]:
        return [command for block in self.blocks if block.language == "console" for command in commands_of(block)]

    @property
    def links(self) -> list[str]:
        return _LINK.findall(_CODE.sub("", self.prose))

    @property
    def codes(self) -> list[str]:
        """What stands between backticks."""
        return [found[1] for found in _CODE.findall(self.prose)]

    @property
    def anchors(self) -> set[str]:
        """The headings as GitHub links to them."""
        seen: dict[str, int] = {}
        anchors = set()
        for heading in _HEADING.findall(self.prose):
            plain = _LINK.sub(lambda link: link[0].partition("](")[0].lstrip("!["), heading)
            slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
            number = seen[slug] = seen.get(slug, -1) + 1
            anchors.add(f"{slug}-{number}" if number else slug)
        return anchors


def pages() -> list[Page]:
    """Every page that a reader may open."""
    return [Page(path) for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])]


def commands_of(block: Block) -> Iterator[Command]:
    """The commands of a console block: lines after `$ `, each with the output that is shown below it."""
    shown: list[str] = []
    text = ""
    for line in block.text.split("\n"):
        if line.startswith("$ "):
            if text:
                yield _command(text, shown)
            text, shown = line[2:], []
        elif text.endswith("\\"):
            text += "\n" + line
        else:
            shown.append(line)
    if text:
        yield _command(text, shown)


def _command(text: str, shown: list[str]) -> Command:
    exits, not_run = _EXITS.search(text), _NOT_RUN.search(text)
    lines = tuple(line.rstrip() for line in shown if line.strip())
    return Command(text, int(exits[1]) if exits else 0, lines, not_run[1] if not_run else None)


@lru_cache
def _parts(text: str) -> tuple[list[Block], str]:
    blocks: list[Block] = []
    prose: list[str] = []
    inside: list[str] = []
    opening: re.Match[str] | None = None
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        if opening is None and fence:
            opening, inside = fence, []
        elif opening is not None and fence and fence[2] == opening[2] and not fence[3].strip():
            blocks.append(_block(opening, inside, prose))
            opening = None
        elif opening is not None:
            inside.append(line.removeprefix(opening[1]))
        else:
            prose.append(line)
    assert opening is None, "a fence is never closed"
    return blocks, "\n".join(prose)


def _block(opening: re.Match[str], inside: list[str], prose: list[str]) -> Block:
    language, _, rest = opening[3].strip().partition(" ")
    title = _TITLE.search(rest)
    before = "\n".join(prose).rstrip().rpartition("\n\n")[2]
    return Block(language, title[1] if title else None, "\n".join(inside), before)
