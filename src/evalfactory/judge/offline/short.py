"""Answers of a word or two: whether they are of the kind that is asked for, as far as that can be told without meaning."""

from __future__ import annotations

import re
from typing import Literal

from .text import Passage, normal, passage
from .words import (
    ASKS_FOR_NUMBER,
    ASKS_OPENLY,
    ASKS_WHETHER,
    CALENDAR,
    COURTESY,
    DENIAL,
    ENDS_QUESTION,
    HEDGED,
    MEASURES,
    STOP_WORDS,
    TIMES,
    WHETHER,
)

#: A spaced text of at most so many units, or one without spaces of at most so many characters, may be a bare name …
_WORDS, _CHARACTERS = 3, 10
#: … and so many words if all of them have capitals, function words aside.
_CAPITALS = 8
_WITHOUT_SPACES = re.compile("[\u0e01-\u0fbc\u1000-\u109f\u1780-\u17d3\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MARKS = " .,;:!?。、！？…'\"“”「」"
_ASKS = re.compile(r"[?؟]")
_TIMES = CALENDAR | TIMES

#: `fits` is of the kind that is asked for, `misses` of another one, `open` is what words cannot tell.
Kind = Literal["fits", "misses", "open"]


def is_short(text: str) -> bool:
    """Whether a text may be nothing but the asked-for name, number, yes or no; a courtesy is none of these."""
    one = passage(text)
    bare = one.folded.strip(_MARKS)
    if not one.units or (COURTESY.search(one.folded) and not WHETHER.fullmatch(bare)):
        return False
    unspaced = len(bare) <= _CHARACTERS and _WITHOUT_SPACES.search(bare) is not None
    return len(one.units) <= _WORDS or unspaced or _is_title(text)


def kind_of(question: str, one: Passage) -> Kind:
    """How a short answer stands to what is asked: a number or a time, yes or no, or something else."""
    asked = normal(question)
    number = ASKS_FOR_NUMBER.search(asked) is not None
    openly = ASKS_OPENLY.search(ASKS_FOR_NUMBER.sub(" ", asked)) is not None
    whether = bool(ASKS_WHETHER.search(asked) or (ENDS_QUESTION.search(asked) and not (openly or number)))
    if WHETHER.fullmatch(one.folded.strip(_MARKS)):
        return _in_kind(wanted=whether, other=openly or number)
    if number and _is_amount(one):
        return "fits"
    if openly or one.numbers or number == whether:
        return "open"
    if number:
        return "misses" if (_ASKS.search(asked) or ENDS_QUESTION.search(asked)) else "open"
    return "misses" if _is_bare_thing(one) else "open"


def _in_kind(*, wanted: bool, other: bool) -> Kind:
    if wanted == other:
        return "open"
    return "fits" if wanted else "misses"


def _is_amount(one: Passage) -> bool:
    """Whether a text is a bare number, or a time or an amount of money."""
    if len(one.number_words) == len(one.units) or not _TIMES.isdisjoint(one.units.values()):
        return True
    return not MEASURES.isdisjoint(one.units) or any(q.label in MEASURES or not q.label for q in one.quantities)


def _is_bare_thing(one: Passage) -> bool:
    """Whether a text only names something: not half a yes, and no word that would make a clause of it."""
    said = DENIAL.search(one.folded) or HEDGED.search(one.folded)
    return not said and STOP_WORDS.isdisjoint(_words(one.folded))


def _is_title(text: str) -> bool:
    words = _words(text)
    return len(words) <= _CAPITALS and all(word[:1].isupper() or word in STOP_WORDS for word in words)


def _words(text: str) -> list[str]:
    return re.findall(r"[\w'’]+", text)
