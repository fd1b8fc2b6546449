"""The offline judge's answers: one pure function for each question DeepEval asks, as the fields of the wanted schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from . import verdicts
from .geval import Aspect, aspects, steps
from .prompts import Question, Step, values_in

Fields = verdicts.Fields
Texts = Mapping[str, str]
Lists = Mapping[str, tuple[str, ...]]

#: How many findings a reason repeats.
NAMED_FINDINGS = 3
#: With `strict_mode`, where only 1 and 0 are allowed: the least mean that counts as following the criteria.
STRICT_PASS = 0.75


def answer(question: Question) -> Fields:
    """The fields of the answer; the same for the same question, always."""
    return ANSWERS[question.step](question.texts, question.lists)


_ALL_RELEVANT = "everything speaks to the question"
_ALL_AGREES = "nothing contradicts the source"
_ALL_USEFUL = "the useful texts come first"
_ALL_FOUND = "the texts hold the whole expected output"


def _badly_ranked(lists: Lists) -> list[str]:
    ranked = enumerate(zip(lists["verdicts"], lists["reasons"], strict=True), start=1)
    last = max(
        (rank for rank, verdict in enumerate(lists["verdicts"], start=1) if verdict == "yes"),
        default=len(lists["verdicts"]),
    )
    return [
        f"node {rank} stands too high: {why}" for rank, (verdict, why) in ranked if verdict == "no" and rank <= last
    ]


def _reason(texts: Texts, against: Sequence[str], praise: str) -> Fields:
    against = list(dict.fromkeys(against))
    named = "; ".join(against[:NAMED_FINDINGS])
    more = f"; and {len(against) - NAMED_FINDINGS} more" if len(against) > NAMED_FINDINGS else ""
    return {"reason": f"The score is {texts['score']} because {named or praise}{more} (offline judge: words only)."}


def _geval(texts: Texts) -> Fields:
    low, high = int(texts["low"]), int(texts["high"])
    found = _geval_aspects(texts)
    return {"score": low + round((high - low) * _mean(found)), "reason": _said(found)}


def _strict_geval(texts: Texts) -> Fields:
    found = _geval_aspects(texts)
    return {"score": int(_mean(found) >= STRICT_PASS), "reason": _said(found)}


def _geval_aspects(texts: Texts) -> list[Aspect]:
    return aspects(texts["steps"], values_in(texts["test_case"], texts["parameters"]))


def _mean(found: Sequence[Aspect]) -> float:
    return sum(aspect.value for aspect in found) / len(found) if found else 0.5


def _said(found: Sequence[Aspect]) -> str:
    said = "; ".join(aspect.said for aspect in found) or "words alone tell nothing here"
    return f"{said[:1].upper()}{said[1:]} (offline judge: words only)."


ANSWERS: Mapping[Step, Callable[[Texts, Lists], Fields]] = {
    "relevancy_statements": lambda texts, _: {"statements": list(verdicts.answer_statements(texts["actual_output"]))},
    "relevancy_verdicts": lambda texts, lists: verdicts.relevancy(texts["input"], lists["statements"]),
    "relevancy_reason": lambda texts, lists: _reason(texts, lists["irrelevant_statements"], _ALL_RELEVANT),
    "claims": lambda texts, _: {"claims": list(verdicts.claims(texts["actual_output"]))},
    "truths": lambda texts, _: {"truths": verdicts.truths(texts["retrieval_context"], texts["limit"])},
    "faithfulness_verdicts": lambda texts, lists: verdicts.faithfulness(lists["claims"], texts["retrieval_context"]),
    "faithfulness_reason": lambda texts, lists: _reason(texts, lists["contradictions"], _ALL_AGREES),
    "hallucination_verdicts": lambda texts, lists: verdicts.hallucination(texts["actual_output"], lists["contexts"]),
    "hallucination_reason": lambda texts, lists: _reason(texts, lists["contradictions"], _ALL_AGREES),
    "precision_verdicts": lambda texts, lists: verdicts.precision(texts["expected_output"], lists["retrieval_context"]),
    "precision_reason": lambda texts, lists: _reason(texts, _badly_ranked(lists), _ALL_USEFUL),
    "recall_verdicts": lambda texts, lists: verdicts.recall(texts["expected_output"], lists["retrieval_context"]),
    "recall_reason": lambda texts, lists: _reason(texts, lists["unsupportive_reasons"], _ALL_FOUND),
    "context_verdicts": lambda texts, _: verdicts.context_relevancy(texts["input"], texts["context"]),
    "context_reason": lambda texts, lists: _reason(texts, lists["irrelevant_statements"], _ALL_RELEVANT),
    "geval_steps": lambda texts, _: {"steps": steps(texts["criteria"], texts["parameters"])},
    "geval_score": lambda texts, _: _geval(texts),
    "geval_strict_score": lambda texts, _: _strict_geval(texts),
}
