"""What is known of a slot before it is measured: whether it can be, what it will cost, and whether an old score counts."""

from __future__ import annotations

import math

from ..catalogue import TYPICAL_CHUNKS, TYPICAL_TURNS, typical_chunks, windows_of
from ..records.base import digest_of
from ..records.case import JUDGED_FIELDS, Case
from ..records.plan import MetricRecipe

#: Read by no metric of the catalogue unless it asks for them (`geval` can).
_ASKED_FOR = ("tags", "metadata")


def metric_fields_missing(case: Case, recipe: MetricRecipe, *, target_due: bool = True) -> tuple[str, ...]:
    """The fields that the metric needs and the case lacks, in the metric's order; none when it can be measured.

    As in DeepEval: a field that is not there is missing, an empty `actual_output` and empty turns too, an empty list
    of context or tools is not. Stricter than DeepEval in one thing: where context of turns is needed, at least one
    turn must have it. What the target will produce is not missing, where it is still due to be asked for the case.
    """
    coming = recipe.produced if target_due else ()
    return tuple(field for field in recipe.requires if field not in coming and _missing(case, field))


def fingerprint(case: Case, recipe: MetricRecipe, repeat: int) -> str:
    """SHA-256 of all that decides this measurement's score and reason: content, recipe, repeat.

    A metric of the catalogue reads only the judged fields; one's own may read anything but the id.
    """
    return digest_of([_content(case, recipe), recipe.digest, repeat])


def estimated_calls(case: Case, recipe: MetricRecipe) -> float:
    """Judge calls that measuring this case will take, from the measured cost of the metric's chunks and turns."""
    extra = recipe.calls_per_chunk * (_chunks(case, recipe) - typical_chunks(recipe.window))
    extra += recipe.calls_per_turn * (_pairs(case) - TYPICAL_TURNS)
    return max(recipe.calls + extra, 0.0)


def success_of(score: float, recipe: MetricRecipe) -> bool | None:
    """Whether a score passes by the recipe's threshold: what a copied score is worth in this run. None without one."""
    return None if recipe.threshold is None else score >= recipe.threshold


def _missing(case: Case, field: str) -> bool:
    if field.startswith("turns."):
        name = field.removeprefix("turns.")
        return not any(getattr(turn, name) for turn in case.turns or ())
    value = getattr(case, field)
    if field in ("actual_output", "turns", *_ASKED_FOR):
        return not value
    return value is None


def _content(case: Case, recipe: MetricRecipe) -> object:
    if ":" in recipe.type:
        return case.model_dump(mode="json", exclude={"id", "must_run"}, exclude_none=True)
    wanted = {*JUDGED_FIELDS, *(field for field in _ASKED_FOR if field in recipe.requires)}
    return case.model_dump(mode="json", include=wanted, exclude_none=True)


def _chunks(case: Case, recipe: MetricRecipe) -> int:
    """Chunks to be judged: each as often as there are windows of turns that hold it."""
    if case.turns is None:
        if "retrieval_context" in recipe.produced:
            return TYPICAL_CHUNKS
        return len(case.retrieval_context or case.context or ())
    pairs = math.ceil(_pairs(case))
    return sum(
        len(turn.retrieval_context or ()) * windows_of(index // 2, pairs, recipe.window)
        for index, turn in enumerate(case.turns)
    )


def _pairs(case: Case) -> float:
    return len(case.turns or ()) / 2
