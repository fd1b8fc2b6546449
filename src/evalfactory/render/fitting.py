"""Text that stays below a limit whatever is in it: lists lose their ends, and say how many are gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_JOINT = "\n\n"
_MOST_LEFT_OUT = 999_999_999


class Part(NamedTuple):
    """A section: what always stands, and items that may be left out from the end."""

    lead: str
    items: Sequence[str] = ()
    tail: str = ""
    rest: str = ""  # stands for the items left out, `{}` for their number
    importance: int = 0  # lower ones get room first
    more: int = 0  # items that are not even here


def fitted(parts: Sequence[Part], most_bytes: int) -> str:
    """The parts in their order, in at most so many bytes of UTF-8, if what always stands is not longer already."""
    kept = _kept(parts, most_bytes)
    return _JOINT.join(_told(part, number) for part, number in zip(parts, kept, strict=True))


def _kept(parts: Sequence[Part], most_bytes: int) -> list[int]:
    left = most_bytes - sum(_size(part.lead, part.tail, _rest(part, _MOST_LEFT_OUT), _JOINT) + 3 for part in parts)
    kept = [0] * len(parts)
    for place in sorted(range(len(parts)), key=lambda place: parts[place].importance):
        for item in parts[place].items:
            left -= _size(item) + 1
            if left < 0:
                left += _size(item) + 1
                break
            kept[place] += 1
    return kept


def _told(part: Part, kept: int) -> str:
    left_out = len(part.items) - kept + part.more
    rest = [_rest(part, left_out)] if left_out else []
    return "\n".join(filter(None, [part.lead, *part.items[:kept], *rest])).strip("\n") + part.tail


def _rest(part: Part, number: int) -> str:
    return part.rest.format(f"{number:,}") if part.items else ""


def _size(*texts: str) -> int:
    return sum(len(text.encode()) for text in texts)
