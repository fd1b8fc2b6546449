"""What to try: words that were probably meant, commands as a shell takes them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from difflib import get_close_matches


def try_command(*words: str) -> str:
    """A command of ours that can be copied."""
    return shlex.join(("evalfactory", *words))


def alike(word: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """The known words that are most like a wrong one, the likeliest first: those that contain it, then close ones."""
    words = list(known)
    folded = word.casefold()
    inside = sorted((each for each in words if folded and folded in each.casefold()), key=len)
    close = get_close_matches(word, words, n=most, cutoff=0.6)
    return list(dict.fromkeys([*inside[:most], *close]))[:most]
