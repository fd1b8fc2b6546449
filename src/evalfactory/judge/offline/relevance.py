"""Whether statements speak to a question: by shared words, by an asked-for number, by the company they keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .compare import quoted
from .short import is_short, kind_of
from .text import Passage, normal, passage
from .words import ASKS_FOR_NUMBER, COURTESY, MEASURES

#: So many units in common with a statement that speaks to the question make another one its company.
COMPANY = 2


@dataclass(frozen=True, slots=True)
class Relevance:
    """A statement's verdict, and why it is not a plain yes; `untold` where words cannot tell."""

    verdict: Literal["yes", "no", "borderline", "untold"]
    why: str = ""


def relevances(question: str, statements: Sequence[str], *, answer: bool = True) -> tuple[Relevance, ...]:
    """One verdict a statement, in order; without `answer` they are a document's and owe nothing to what stands before."""
    asked = passage(question)
    wants_number = ASKS_FOR_NUMBER.search(normal(question)) is not None
    told = [passage(statement) for statement in statements]
    direct = [_speaks_to(asked, one, wants_number) for one in told]
    answering = [one for one, speaks in zip(told, direct, strict=True) if speaks]
    verdicts = []
    for index, one in enumerate(told):
        if direct[index]:
            verdicts.append(Relevance("yes"))
        elif answer and is_short(one.text) and (found := _short(question, one, alone=len(told) == 1)):
            verdicts.append(found)
        elif why := _company(one, answering, follows=answer and index > 0 and direct[index - 1]):
            verdicts.append(Relevance("borderline", why))
        else:
            verdicts.append(Relevance("no", f"none of {quoted(one.units.values())} occurs in the question"))
    return tuple(verdicts)


def _speaks_to(asked: Passage, one: Passage, wants_number: bool) -> bool:
    if COURTESY.search(normal(one.text)) and len(one.units.keys() & asked.units.keys()) < COMPANY:
        return False
    measures = {quantity.label for quantity in one.quantities} if wants_number else set()
    return not one.units.keys().isdisjoint(asked.units) or not measures.isdisjoint(MEASURES)


def _short(question: str, one: Passage, *, alone: bool) -> Relevance | None:
    """The verdict on a short statement without a word of the question; None for one that is judged by its company."""
    match kind_of(question, one):
        case "fits":
            return Relevance("yes")
        case "misses" if alone:
            return Relevance("no", f"{quoted(one.units.values())} is not the kind of answer that is asked for")
        case "open" if alone:
            words = quoted(one.units.values())
            return Relevance("untold", f"{words} is too short to tell by words alone whether it answers")
    return None


def _company(one: Passage, answering: Sequence[Passage], *, follows: bool) -> str:
    """Why a statement that shares nothing with the question may still belong to the answer; empty when it may not."""
    if not one.units:
        return "it has no words of its own to judge by"
    if not answering:
        return ""
    if COURTESY.search(normal(one.text)):
        return "it is a courtesy beside an answer"
    if any(len(one.units.keys() & other.units.keys()) >= COMPANY for other in answering):
        return "it only takes up words of the answer, not of the question"
    return "it follows a sentence that speaks to the question" if follows else ""
