"""Text fitted into terminal cells: cut and wrapped by what is seen, not by characters.

A wide character takes two cells, a combining one none. Chinese and Japanese break between any two characters, except
that no line begins with closing punctuation or a small kana and none ends with an opening bracket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from rich.cells import cell_len

ELLIPSIS = "…"
#: Combining characters that are kept on one base: scripts need few, and endless stacks hide the lines around them.
_MOST_COMBINING = 8

_IDEOGRAPHIC: Final = re.compile(
    "[\u2e80-\u30ff\u3100-\u312f\u31a0-\u4dbf\u4e00-\ua4cf\uf900-\ufaff\uff01-\uff9f\U00020000-\U0003ffff]"
)
_NOT_FIRST: Final = frozenset(
    "、。，．・：；？！）」』】〕〉》］｝〙〗’”ー〜々ゝゞヽヾ…‥ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;?!)]}%"
    "｡､｣･ｰ"
)
_NOT_LAST: Final = frozenset("（「『【〔〈《［｛〘〖‘“｢([{")
_QUOTES: Final = frozenset("'\"")  # they open and close: neither side of one is a place to break a line at
_ZERO_WIDTH_JOINER = "\u200d"


def clusters(text: str) -> Iterator[str]:
    """What a reader sees as one character: a base with its marks, a joined emoji, a flag."""
    current = ""
    marks = 0
    for character in text:
        joins = current.endswith(_ZERO_WIDTH_JOINER) or _is_flag_half(current, character) or _is_skin_tone(character)
        if not current or not (joins or cell_len(character) == 0):
            if current:
                yield current
            current, marks = character, 0
        elif marks < _MOST_COMBINING:
            current, marks = current + character, marks + 1
    if current:
        yield current


def cut(text: str, cells: int) -> str:
    """The text if it fits into so many cells, else its beginning with an ellipsis; never wider than asked."""
    kept: list[str] = []
    used = 0
    for cluster in clusters(_beginning(text, cells)):
        width = cell_len(cluster)
        if used + width > cells:
            return _shortened(kept, used, cells)
        kept.append(cluster)
        used += width
    return "".join(kept)


def wrap(text: str, cells: int, *, lines: int) -> list[str]:
    """One line of text as at most `lines` lines of at most `cells` cells; the last ends in an ellipsis if more was there."""
    wrapped = list(islice(_lines(_beginning(text, cells * lines), cells), lines + 1))
    if len(wrapped) > lines:
        last = wrapped[lines - 1]
        wrapped[lines - 1 :] = [cut(last + ELLIPSIS, cells) if cell_len(last) < cells else cut(last + "  ", cells)]
    return wrapped


def _beginning(text: str, cells: int) -> str:
    """Enough of the text to fill so many cells: a megabyte is not read to show a line."""
    most = 8 * (cells + 8)
    return text if len(text) <= most else text[:most] + ELLIPSIS


def _lines(text: str, cells: int) -> Iterator[str]:
    line, used = "", 0
    for unit in _units(text):
        width = cell_len(unit)
        if used and used + cell_len(unit.rstrip(" ")) > cells:
            yield line.rstrip(" ")
            line, used = "", 0
        if used + cell_len(unit.rstrip(" ")) > cells:
            *whole, unit = _chopped(unit, cells)
            yield from whole
            width = cell_len(unit)
        line, used = line + unit, used + width
    if line.rstrip(" "):
        yield line.rstrip(" ")


def _units(text: str) -> Iterator[str]:
    """The pieces that a line may be broken between, spaces at their ends."""
    unit = ""
    for cluster in clusters(text):
        if unit and _may_break(unit[-1], cluster[0]):
            yield unit
            unit = ""
        unit += cluster
    if unit:
        yield unit


def _may_break(before: str, after: str) -> bool:
    if after == " " or after in _NOT_FIRST:
        return False
    if before == " ":
        return True
    if before in _NOT_LAST or before in _QUOTES or after in _QUOTES:
        return False
    return bool(_IDEOGRAPHIC.match(before) or _IDEOGRAPHIC.match(after))


def _chopped(unit: str, cells: int) -> list[str]:
    """A unit that is too long for a line, in pieces of at most a line."""
    pieces, used = [""], 0
    for cluster in clusters(unit):
        width = cell_len(cluster)
        if used + width > cells and pieces[-1]:
            pieces.append("")
            used = 0
        pieces[-1] += cluster
        used += width
    return pieces


def _shortened(kept: list[str], used: int, cells: int) -> str:
    while kept and used > cells - 1:
        used -= cell_len(kept.pop())
    return "".join(kept).rstrip(" ") + ELLIPSIS if cells > 0 else ""


def _is_flag_half(current: str, character: str) -> bool:
    return len(current) == 1 and all("\U0001f1e6" <= half <= "\U0001f1ff" for half in current + character)


def _is_skin_tone(character: str) -> bool:
    return "\U0001f3fb" <= character <= "\U0001f3ff"
