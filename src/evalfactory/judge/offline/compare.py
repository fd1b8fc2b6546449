"""How far one sentence is borne out by others: shared content units, numbers, denials. Words, not meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from .sentences import clauses, sentences
from .text import Passage, normal, passage
from .words import CALENDAR, DENIAL, NO_DENIAL

#: Share of a sentence's content units that its best sources must have: from here on it is supported …
ENOUGH = 0.5
#: … and below here it speaks of something else. Between the two: borderline.
HARDLY = 0.35
#: Share of a clause's units that must be found in a clause of the source before their denials are compared.
SAME_CLAUSE = 0.6
#: A claim may be put together from so many sentences.
SOURCES_A_CLAIM = 3

#: A clause of fewer units is a name or a scrap: it neither denies nor affirms.
LEAST_CLAUSE = 3

_MARKS = " .,;:!?。、！？…'\"“”「」"
_NAME = re.compile(r"(?<=[\w,;)'’&-]\s)[A-Z][\w'’]+")
_GERMAN = re.compile(r"\b(?:der|das|und|ist|sind|nicht|ein|eine|einen|wir|Sie|zu|für|mit)\b")

Standing = Literal["supported", "borderline", "unsupported", "contradicted"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How a claim stands to its sources, why, and the index of the best source (-1 where there is none)."""

    standing: Standing
    coverage: float
    why: str = ""
    best: int = -1


def weigh(claim: str, sources: Sequence[Passage]) -> Finding:
    """The standing of one claim: contradicted by a number or a denial, else by the share of its units found."""
    stated = passage(claim)
    if (index := _word_for_word(stated, sources)) >= 0:
        return Finding("supported", 1.0, best=index)
    ranked = _nearest(stated, sources)
    near = [sources[index] for index in ranked]
    best = ranked[0] if ranked else -1
    found = _found(stated, near)
    coverage = len(found) / len(stated.units) if stated.units else 1.0
    if conflict := _number_conflict(stated, near, sources) or _denial_conflict(stated, near, coverage):
        return Finding("contradicted", coverage, conflict, best)
    if strangers := _names(stated.text) - {unit for source in sources for unit in source.units}:
        named = quoted(stated.units[unit] for unit in stated.units if unit in strangers)
        return Finding("unsupported", coverage, f"the source does not know the name {named}", best)
    if coverage >= ENOUGH:
        return Finding("supported", coverage, best=best)
    missing = quoted(word for unit, word in stated.units.items() if unit not in found)
    standing: Standing = "borderline" if coverage >= HARDLY else "unsupported"
    return Finding(standing, coverage, f"the source says nothing of {missing}", best)


def share(claim: str, sources: Sequence[Passage]) -> float:
    """The share of a claim's content units that its nearest sources have, whatever they say with them."""
    stated = passage(claim)
    near = [sources[index] for index in _nearest(stated, sources)]
    return len(_found(stated, near)) / len(stated.units) if stated.units else 0.0


def _nearest(stated: Passage, sources: Sequence[Passage]) -> list[int]:
    """The indices of the sources that share most with the claim, the nearest first."""
    units = stated.units.keys()
    return sorted(range(len(sources)), key=lambda index: -len(units & sources[index].units.keys()))[:SOURCES_A_CLAIM]


def _found(stated: Passage, near: Sequence[Passage]) -> set[str]:
    return {unit for source in near for unit in stated.units.keys() & source.units.keys()}


def _word_for_word(stated: Passage, sources: Sequence[Passage]) -> int:
    """The index of the source that has the claim literally; -1 where none has."""
    words = stated.folded.strip(_MARKS)
    return next((index for index, source in enumerate(sources) if words and words in source.folded), -1)


def _names(text: str) -> frozenset[str]:
    """The units of capitalised words inside a sentence; none in German, which gives every noun a capital."""
    if not _NAME.search(text) or _GERMAN.search(text):
        return frozenset()
    names = [passage(name) for name in _NAME.findall(text) if name.lower() not in CALENDAR]
    return frozenset(unit for name in names if not name.faint for unit in name.units)


def _number_conflict(stated: Passage, near: Sequence[Passage], sources: Sequence[Passage]) -> str:
    """Why a number of the claim cannot be right; empty when there is nothing against any."""
    known = frozenset().union(*(source.numbers for source in sources)) if stated.quantities else frozenset()
    closest = _closest(stated, near) if stated.quantities else None
    for quantity in stated.quantities:
        if quantity.number not in known:
            return f"the number {quantity.number} does not occur in the source"
        if closest is None or quantity.number in closest.numbers or not quantity.label:
            continue
        if others := {other.number for other in closest.quantities if other.label == quantity.label}:
            return f"the source's closest sentence has {quoted(sorted(others))} where this has {quantity.number}"
    return ""


def _closest(stated: Passage, near: Sequence[Passage]) -> Passage | None:
    """The one source that shares more with the claim than any other does, numbers aside."""
    words = stated.units.keys() - stated.numbers
    shared = sorted(((len(words & source.units.keys()), index) for index, source in enumerate(near)), reverse=True)
    if not shared or (len(shared) > 1 and shared[0][0] == shared[1][0]):
        return None
    return near[shared[0][1]]


def _denial_conflict(stated: Passage, near: Sequence[Passage], coverage: float) -> str:
    """Why a clause of the claim says the opposite of the source's closest clause; empty when none does."""
    if coverage < ENOUGH:
        return ""
    theirs = [clause for source in near for clause in _clauses(source.text)]
    for units, denies in _clauses(stated.text):
        if len(units) < LEAST_CLAUSE:
            continue
        shares = [(len(units & other) / len(units), other_denies) for other, other_denies in theirs]
        closest = max((share for share, _ in shares), default=0.0)
        if closest >= SAME_CLAUSE and not any(share == closest and other == denies for share, other in shares):
            return "the source affirms what this denies" if denies else "the source denies this"
    return ""


@lru_cache(maxsize=2048)
def _clauses(text: str) -> tuple[tuple[frozenset[str], bool], ...]:
    """Each clause's units, and whether it denies them."""
    return tuple((frozenset(passage(clause).units), denies(clause)) for clause in clauses(text))


def denies(text: str) -> bool:
    """Whether a text says that something is not so."""
    return DENIAL.search(NO_DENIAL.sub(" ", normal(text))) is not None


def parts(text: str) -> tuple[str, ...]:
    """A text's sentences, and those of their clauses that are more than a scrap."""
    whole = sentences(text)
    pieces = [
        clause for sentence in whole for clause in clauses(sentence) if len(passage(clause).units) >= LEAST_CLAUSE
    ]
    return tuple(dict.fromkeys([*whole, *pieces]))


def passages(text: str) -> tuple[Passage, ...]:
    """A text's sentences, each as a passage."""
    return tuple(passage(sentence) for sentence in sentences(text))


def quoted(words: Iterable[str], limit: int = 4) -> str:
    """At most `limit` different words, for a reason."""
    distinct = list(dict.fromkeys(words))
    named = ", ".join(f"'{word}'" for word in distinct[:limit])
    return named + (" and more" if len(distinct) > limit else "")
