"""Shards in a few characters: `3,7-9,12`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PART = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


def ranges_text(numbers: Sequence[int]) -> str:
    """The numbers in their order, neighbours that count up as one range."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in parts)


def parse_ranges(text: str) -> tuple[int, ...]:
    """The numbers in the order of the text. Raises `ValueError` for a text that is none, or names a number twice."""
    numbers: list[int] = []
    for part in text.split(","):
        found = _PART.fullmatch(part)
        if not found:
            raise ValueError(f"{part[:40]!r} is no number and no range such as 7-9")
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            raise ValueError(f"{part} counts down")
        numbers.extend(range(first, last + 1))
    if len(set(numbers)) < len(numbers):
        raise ValueError("a number stands there twice")
    return tuple(numbers)
