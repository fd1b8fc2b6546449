"""Whether a bad case is retrieval's fault or generation's: from its metrics, and never guessed.

| retrieval's metrics | generation's metrics | the cause   |
|---------------------|----------------------|-------------|
| one failed          | all passed           | retrieval   |
| all passed          | one failed           | generation  |
| one failed          | one failed           | both        |
| anything else       |                      | cannot tell |

A metric without a score (errored, skipped, missing) has not passed: its side is unknown unless another one of it failed,
and it is named as the one that would tell. For a side that the suite does not measure at all, that is the one that needs
the least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import IntFlag
from typing import Final, NamedTuple

from ..records.measurement import Slot
from ..records.plan import MetricRecipe
from ..records.report import Cause, Diagnosis
from .merge import Entry


class _Seen(IntFlag):
    """What is known of a case."""

    RETRIEVAL_PASSED = 1
    RETRIEVAL_FAILED = 2
    GENERATION_PASSED = 4
    GENERATION_FAILED = 8
    BAD = 16  # some metric failed, of these or another


class _Side(NamedTuple):
    """Retrieval or generation."""

    passed: _Seen
    failed: _Seen


_RETRIEVAL = _Side(_Seen.RETRIEVAL_PASSED, _Seen.RETRIEVAL_FAILED)
_GENERATION = _Side(_Seen.GENERATION_PASSED, _Seen.GENERATION_FAILED)
_SIDES: Final[Mapping[str, _Side]] = {
    **dict.fromkeys(
        (
            "contextual_precision", "contextual_recall", "contextual_relevancy",
            "turn_contextual_precision", "turn_contextual_recall", "turn_contextual_relevancy",
        ),
        _RETRIEVAL,
    ),
    **dict.fromkeys(
        ("faithfulness", "answer_relevancy", "turn_faithfulness", "turn_relevancy"),
        _GENERATION,
    ),
}  # fmt: skip
_LEAST: Final = {  # the metrics of either side that need the least
    "single": ("contextual_relevancy", "faithfulness"),
    "conversation": ("turn_contextual_relevancy", "turn_faithfulness"),
}


class Diagnosing:
    """Takes the slots of cases with a retrieval context, in any order; first draws alone."""

    def __init__(self, recipes: Iterable[MetricRecipe]) -> None:
        recipes = tuple(recipes)
        conversations = any(recipe.kind == "conversation" for recipe in recipes)
        self._least = dict(
            zip((_RETRIEVAL, _GENERATION), _LEAST["conversation" if conversations else "single"], strict=True)
        )
        self._sides = {recipe.name: _SIDES.get(recipe.type) for recipe in recipes}
        self._concerned = any(self._sides.values())
        self._cases: dict[str, _Seen] = {}
        self._unscored: dict[str, set[str]] = {}  # case -> metrics of either side; few cases have any

    def add(self, entry: Entry) -> None:
        """Take a slot of a case that has a retrieval context; a bare one is missing."""
        if not self._concerned or entry.repeat:
            return
        side = self._sides[entry.metric]
        if isinstance(entry, Slot) or entry.state != "scored":
            if side is not None:
                self._unscored.setdefault(entry.case_id, set()).add(entry.metric)
        elif entry.success is not None:
            seen = _Seen(0) if entry.success else _Seen.BAD
            if side is not None:
                seen |= side.passed if entry.success else side.failed
            self._cases[entry.case_id] = self._cases.get(entry.case_id, _Seen(0)) | seen

    def causes(self) -> dict[str, Cause]:
        """What made each bad case bad; good cases are not there, nor those without a retrieval context."""
        return {case_id: self._cause(case_id, seen) for case_id, seen in self._cases.items() if seen & _Seen.BAD}

    def told(self) -> Diagnosis | None:
        """The bad cases by their causes; None where there is nothing to diagnose."""
        causes = self.causes()
        if not causes:
            return None
        counted = Counter(causes.values())
        would_tell = Counter(name for case_id in causes for name in self._would_tell(case_id, self._cases[case_id]))
        return Diagnosis(
            bad=len(causes),
            retrieval=counted["retrieval"],
            generation=counted["generation"],
            both=counted["both"],
            cannot_tell=counted["cannot tell"],
            would_tell=dict(sorted(would_tell.items())),
        )

    def _cause(self, case_id: str, seen: _Seen) -> Cause:
        retrieval, generation = bool(seen & _RETRIEVAL.failed), bool(seen & _GENERATION.failed)
        if not (retrieval or generation) or any(self._would_tell(case_id, seen)):
            return "cannot tell"
        return "both" if retrieval and generation else "retrieval" if retrieval else "generation"

    def _would_tell(self, case_id: str, seen: _Seen) -> Iterator[str]:
        """The metrics whose scores would make the case's unknown sides known."""
        unscored = self._unscored.get(case_id, ())
        for side, least in self._least.items():
            if seen & side.failed:
                continue
            lost = [name for name in unscored if self._sides[name] is side]
            if lost or not seen & side.passed:
                yield from lost or [least]
