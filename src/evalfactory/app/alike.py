"""What was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def alike(word: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """The known words that are most like a wrong one, the likeliest first: those that contain it, then close ones."""
    words = list(known)
    folded = word.casefold()
    inside = sorted((each for each in words if folded and folded in each.casefold()), key=len)
    close = get_close_matches(word, words, n=most, cutoff=0.6)
    return list(dict.fromkeys([*inside[:most], *close]))[:most]
