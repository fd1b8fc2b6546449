"""Whether a bad case is retrieval's fault or generation's: from its metrics, and never guessed.

| retrieval's metrics | generation's metrics | the cause   |
|---------------------|----------------------|-------------|
| one failed          | all passed           | retrieval   |
| all passed          | one failed           | generation  |
| one failed          | one failed           | both        |
| anything else       |                      | cannot tell |

A side none of whose metrics has a score is unknown, and the metric that would tell is named: the one that needs the least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import IntFlag
from typing import Final

from ..records.measurement import Measurement
from ..records.plan import MetricRecipe
from ..records.report import Cause, Diagnosis


class _Seen(IntFlag):
    """What is known of a case."""

    RETRIEVAL_PASSED = 1
    RETRIEVAL_FAILED = 2
    GENERATION_PASSED = 4
    GENERATION_FAILED = 8
    BAD = 16  # some metric failed, of these or another


_RETRIEVAL = _Seen.RETRIEVAL_PASSED | _Seen.RETRIEVAL_FAILED
_GENERATION = _Seen.GENERATION_PASSED | _Seen.GENERATION_FAILED
_SIDES: Final[Mapping[str, tuple[_Seen, _Seen]]] = {
    **dict.fromkeys(
        (
            "contextual_precision", "contextual_recall", "contextual_relevancy",
            "turn_contextual_precision", "turn_contextual_recall", "turn_contextual_relevancy",
        ),
        (_Seen.RETRIEVAL_PASSED, _Seen.RETRIEVAL_FAILED),
    ),
    **dict.fromkeys(
        ("faithfulness", "answer_relevancy", "turn_faithfulness", "turn_relevancy"),
        (_Seen.GENERATION_PASSED, _Seen.GENERATION_FAILED),
    ),
}  # fmt: skip
_WOULD_TELL: Final = {
    "single": ("contextual_relevancy", "faithfulness"),
    "conversation": ("turn_contextual_relevancy", "turn_faithfulness"),
}


class Diagnosing:
    """Takes the measurements of cases with a retrieval context, in any order; first draws alone."""

    def __init__(self, recipes: Iterable[MetricRecipe]) -> None:
        self._recipes = {recipe.name: recipe for recipe in recipes}
        self._concerned = any(recipe.type in _SIDES for recipe in self._recipes.values())
        self._cases: dict[str, _Seen] = {}

    def add(self, measurement: Measurement) -> None:
        """Take a measurement of a case that has a retrieval context."""
        if not self._concerned or measurement.repeat or measurement.success is None:
            return
        failed = not measurement.success
        seen = _Seen.BAD if failed else _Seen(0)
        if sides := _SIDES.get(self._recipes[measurement.metric].type):
            seen |= sides[failed]
        self._cases[measurement.case_id] = self._cases.get(measurement.case_id, _Seen(0)) | seen

    def causes(self) -> dict[str, Cause]:
        """What made each bad case bad; good cases are not there, nor those without a retrieval context."""
        return {case_id: _cause(seen) for case_id, seen in self._cases.items() if seen & _Seen.BAD}

    def told(self) -> Diagnosis | None:
        """The bad cases by their causes; None where there is nothing to diagnose."""
        bad = [seen for seen in self._cases.values() if seen & _Seen.BAD]
        if not bad:
            return None
        causes = Counter(map(_cause, bad))
        conversations = any(recipe.kind == "conversation" for recipe in self._recipes.values())
        retrieval, generation = _WOULD_TELL["conversation" if conversations else "single"]
        wanted = {
            retrieval: sum(not seen & _RETRIEVAL for seen in bad),
            generation: sum(not seen & _GENERATION for seen in bad),
        }
        return Diagnosis(
            bad=len(bad),
            retrieval=causes["retrieval"],
            generation=causes["generation"],
            both=causes["both"],
            cannot_tell=causes["cannot tell"],
            would_tell={name: number for name, number in wanted.items() if number},
        )


def _cause(seen: _Seen) -> Cause:
    retrieval, generation = bool(seen & _Seen.RETRIEVAL_FAILED), bool(seen & _Seen.GENERATION_FAILED)
    if not seen & _RETRIEVAL or not seen & _GENERATION or not (retrieval or generation):
        return "cannot tell"
    return "both" if retrieval and generation else "retrieval" if retrieval else "generation"
