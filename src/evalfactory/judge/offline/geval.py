"""G-Eval's two questions, by words: steps out of criteria, a score out of overlap and manners."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .compare import parts, passages, quoted, weigh
from .prompts import list_in
from .relevance import relevances
from .sentences import sentences
from .text import normal, passage
from .words import COURTESY, POLITE_FORM, RUDENESS

#: Prompts ask for three or four.
MOST_STEPS = 4
_ABOUT_MANNERS = re.compile(
    r"polite|courte|rude|respect|friendly|empath|professional|tone\b|丁寧|礼儀|敬語|失礼|礼貌|مهذب|منומס"
)
_POINTS = {"supported": 1.0, "borderline": 0.5, "unsupported": 0.1, "contradicted": 0.0}
_RELEVANCE_POINTS = {"yes": 1.0, "borderline": 0.6, "untold": 0.5, "no": 0.0}


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing a score is made of: its value from 0 to 1, and what to say of it."""

    value: float
    said: str


def steps(criteria: str, parameters: str) -> list[str]:
    """Three to four steps that repeat the criteria sentence by sentence."""
    demands = sentences(criteria)[: MOST_STEPS - 2] or (criteria.strip(),)
    return [
        f"Read the {parameters}.",
        *(f"Check this demand: {demand}" for demand in demands),
        "Lower the score for every demand that is not met.",
    ]


def aspects(steps_text: str, values: Mapping[str, str]) -> list[Aspect]:
    """What can be told by words from the parameters that are there, in a fixed order."""
    output = values.get("Actual Output", "")
    found = []
    if _ABOUT_MANNERS.search(normal(steps_text)):
        found.append(_manners(output))
    if "Expected Output" in values:
        found.append(_agreement(values["Expected Output"], output))
    sources = [chunk for name in ("Context", "Retrieval Context") if name in values for chunk in _chunks(values[name])]
    if sources and output:
        found.append(_support(output, sources))
    if "Input" in values and output and not found:
        found.append(_relevance(values["Input"], output))
    return found


def _chunks(value: str) -> tuple[str, ...]:
    return list_in(value) if value.startswith("[") else (value,)


def _manners(output: str) -> Aspect:
    folded = normal(output)
    if rude := RUDENESS.search(folded):
        return Aspect(0.0, f"the output is rude: {quoted([rude[0]])}")
    if courteous := COURTESY.search(folded) or POLITE_FORM.search(folded):
        return Aspect(1.0, f"the output has polite words: {quoted([courteous[0]])}")
    return Aspect(0.6, "the output is neither rude nor notably polite")


def _agreement(expected: str, output: str) -> Aspect:
    """How much of what is expected the output says, clause by clause; what it says beyond that costs nothing."""
    value, why = _mean_support(parts(expected), output)
    return Aspect(value, why.replace("the source", "the output") or "the output says what is expected")


def _support(output: str, sources: list[str]) -> Aspect:
    value, why = _mean_support(sentences(output), "\n".join(sources))
    return Aspect(value, why or "the context bears the output out")


def _mean_support(stated: Sequence[str], source: str) -> tuple[float, str]:
    told = passages(source)
    findings = [weigh(sentence, told) for sentence in stated if passage(sentence).units]
    if not findings:
        return 0.0, "the output has no words to judge by"
    worst = min(findings, key=lambda finding: _POINTS[finding.standing])
    return sum(_POINTS[finding.standing] for finding in findings) / len(findings), worst.why


def _relevance(question: str, output: str) -> Aspect:
    verdicts = relevances(question, sentences(output))
    value = sum(_RELEVANCE_POINTS[one.verdict] for one in verdicts) / len(verdicts) if verdicts else 0.0
    return Aspect(
        value, next((one.why for one in verdicts if one.verdict in ("no", "untold")), "the output speaks to the input")
    )
