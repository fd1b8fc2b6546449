r"""Hostile text made safe for each place it is shown in; every renderer escapes here and nowhere else.

Texts of cases, models and servers may hold anything: terminal commands, invisible or reordering characters, markup,
mentions, broken XML. Nothing is dropped silently: what may not stand as it is stands as `\x1b` or `\u202e`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

#: Not shown as they are: controls but the line feed, lone surrogates, line separators, invisible and reordering format
#: characters, tags. Joiners and direction marks, which scripts need, stay: inside an isolate they cannot reach out.
_UNSHOWN: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u180e\u2028\u2029\u202a-\u202e\u2061-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
#: Legal in JSON as they are, and obeyed by terminals: controls, invisible and reordering characters, half characters.
_UNSHOWN_IN_JSON: Final = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_BLANKS: Final = re.compile("[\t\n\v\f\r \x85\u2028\u2029]+")
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})

_MARKDOWN_ENTITY: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_MARKDOWN_SPECIAL: Final = re.compile(r"[\\`*_\[\]~$&<>|]|^[#+=-]")
_MARKDOWN_NUMBER: Final = re.compile(r"^(\d{1,9})(?=[.)](?: |$))")
#: Where GitHub makes a link, a mention or a picture of plain text; a zero-width space after the match stops it.
_MARKDOWN_MAGIC: Final = re.compile(r"@|#(?=\d)|GH-(?=\d)|:(?=//)|www(?=\.)|mailto:|xmpp:|:(?=[\w+-]+:)", re.IGNORECASE)
_ZERO_WIDTH_SPACE = "\u200b"

_XML_ENTITY: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;"}


def visible(text: str) -> str:
    r"""The text with nothing in it that moves a cursor, hides or reorders; line feeds stay.

    What is not shown stands as its escape: `\x1b`, `\u202e`, `\U000e0041`.
    """
    return _UNSHOWN.sub(_escape, text)


def shown_text(text: str) -> str:
    """`visible` text for a page: of any length, its line breaks line feeds, its tabs blanks."""
    return visible(text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))


def one_line(text: str) -> str:
    """`visible` text on one line, each run of blanks and line breaks as one space."""
    return visible(_BLANKS.sub(" ", text).strip(" "))


def legible_json(text: str) -> str:
    r"""JSON that says the same, what hides or reorders in it written as `\u202e`."""
    return _UNSHOWN_IN_JSON.sub(lambda found: json.dumps(found[0])[1:-1], text)


def isolated(text: str) -> str:
    """One line's text in a directional isolate if it has right-to-left characters, so that its surroundings stay put."""
    if text.isascii() or not any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        return text
    return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"


def closed(lines: Iterable[str]) -> list[str]:
    """Lines of one text with isolates in it, those that go over a line's end closed there and opened again."""
    told: list[str] = []
    open_ones = 0
    for line in lines:
        begun = _FIRST_STRONG_ISOLATE * open_ones + line
        open_ones = begun.count(_FIRST_STRONG_ISOLATE) - begun.count(_POP_ISOLATE)
        told.append(begun + _POP_ISOLATE * open_ones)
    return told


def markdown(text: str) -> str:
    """One line of GitHub-flavoured Markdown that reads as the text: no markup, HTML, links, mentions, table borders."""
    plain = one_line(text)
    pieces: list[str] = []
    start = 0
    for magic in _MARKDOWN_MAGIC.finditer(plain):
        pieces.append(plain[start : magic.end()])
        start = magic.end()
    pieces.append(plain[start:])
    escaped = _ZERO_WIDTH_SPACE.join(_MARKDOWN_SPECIAL.sub(_markdown_escape, piece) for piece in pieces)
    return isolated(_MARKDOWN_NUMBER.sub(r"\1\\", escaped))


def markdown_code(text: str) -> str:
    """The text as one span of Markdown code. Not for tables: a `|` in it would end the cell."""
    plain = one_line(text) or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    padding = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{padding}{isolated(plain)}{padding}{fence}"


def xml(text: str) -> str:
    """`visible` text for XML elements and double-quoted attributes: well-formed whatever it was."""
    legible = visible(text.replace("\r\n", "\n").replace("\t", "    "))
    return re.sub(r'[&<>"\n]', lambda found: _XML_ENTITY[found[0]], legible)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _markdown_escape(found: re.Match[str]) -> str:
    return _MARKDOWN_ENTITY.get(found[0], f"\\{found[0]}")
