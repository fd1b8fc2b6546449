"""The judge reads out of every prompt of the pinned DeepEval exactly what DeepEval put in."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from deepeval_lab import Rubric, case_of, measure, resolve_template
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evalfactory.judge.offline.prompts import PATTERNS, Question, Step, list_in, read_prompt, steps_in, values_in
from evalfactory.judge.port import JudgeError

MARKERS = (
    "\n\nInput:\n", "\n\nText:\n", "\n\nStatements:\n", "\n\nClaims:\n", "\n\nContexts:\n", "\n\nContext:\n", "\n\nJSON:",
    "\n\nExpected Output:\n", "\n\nExpected output:\n", "\n\nRetrieval Context:\n", "\n\nRetrieval Contexts:\n",
    "\n\nActual Output:\n", " \n\nActual Output:\n", "\n\nEvaluation Criteria:\n", "\n\nEvaluation Steps:\n", "\n\nTest Case:\n",
    "\n\nParameters:\n", "\n\n---\n**Example JSON:**\n", "\n\nContradictions:\n", "\n\nHallucination Score:\n", "1. ", "\n2. ",
    "\n**\n\nText:\n", "===== END OF EXAMPLE ======", "['a', \"b\"]", "[", "]", "'", '"', "\\", "\\n", "\n", "\r\n", "\u2028",
    "{{ input }}", "{% raw %}", "{'verdict': <Verdict.NO: 'no'>, 'reason': 'x'}", "、", "返品できますか。", "「送料」", "🙂",
)  # fmt: skip
HOSTILE = (
    st.lists(st.sampled_from(MARKERS) | st.text(max_size=8), min_size=1, max_size=6).map("".join).filter(str.strip)
)
HOSTILES = st.lists(HOSTILE, min_size=1, max_size=3)


class Recorder:
    """Answers DeepEval with what it is given and keeps the prompts, read back."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {"score": 1, "reason": "because", **answers}
        self.prompts: list[str] = []

    async def ask(self, prompt: str, schema: Any) -> Any:
        self.prompts.append(prompt)
        return schema.model_validate({name: self.answers[name] for name in schema.model_fields})

    def asked(self, step: Step) -> Question:
        found = [question for question in map(read_prompt, self.prompts) if question.step == step]
        assert found, f"DeepEval asked {[read_prompt(prompt).step for prompt in self.prompts]}"
        return found[0]


def verdicts(reasons: list[str], verdict: str = "no") -> list[dict[str, str]]:
    return [{"verdict": verdict, "reason": reason, "statement": reason} for reason in reasons]


def unmistakable(text: str, separator: str) -> bool:
    """Whether the first separator after the text is the template's own."""
    return (text + separator).find(separator) == len(text)


def rubric() -> list[Any]:
    return [
        Rubric(score_range=(2, 4), expected_outcome="bad"),
        Rubric(score_range=(5, 9), expected_outcome="good"),
    ]


@given(HOSTILE, HOSTILE, HOSTILES, HOSTILES)
@settings(max_examples=25, deadline=None)
def test_answer_relevancy_is_read_back(question: str, output: str, stated: list[str], reasons: list[str]) -> None:
    recorder = Recorder(statements=stated, verdicts=verdicts(reasons))
    measure("answer_relevancy", case_of(input=question, actual_output=output), recorder.ask)
    assert recorder.asked("relevancy_statements").texts == {"actual_output": output}
    asked = recorder.asked("relevancy_verdicts")
    assert (asked.texts["input"], asked.lists["statements"]) == (question, tuple(stated))
    reason = recorder.asked("relevancy_reason")
    assert (reason.texts["input"], reason.lists["irrelevant_statements"]) == (question, tuple(reasons))
    assert reason.texts["score"] == "0.00"


@given(HOSTILE, HOSTILES, HOSTILES, HOSTILES, HOSTILES)
@settings(max_examples=25, deadline=None)
def test_faithfulness_is_read_back(
    output: str, context: list[str], truths: list[str], claims: list[str], reasons: list[str]
) -> None:
    recorder = Recorder(truths=truths, claims=claims, verdicts=verdicts(reasons))
    measure("faithfulness", case_of(actual_output=output, retrieval_context=context), recorder.ask)
    assert recorder.asked("claims").texts["actual_output"] == output
    assert recorder.asked("truths").texts["retrieval_context"] == "\n\n".join(context)
    asked = recorder.asked("faithfulness_verdicts")
    assert (asked.texts["retrieval_context"], asked.lists["claims"]) == ("\n\n".join(truths), tuple(claims))
    assert recorder.asked("faithfulness_reason").lists["contradictions"] == tuple(reasons)


@given(HOSTILE, HOSTILES, HOSTILES)
@settings(max_examples=25, deadline=None)
def test_hallucination_is_read_back(output: str, context: list[str], reasons: list[str]) -> None:
    recorder = Recorder(verdicts=[*verdicts(reasons), *verdicts(reasons, "yes")])
    measure("hallucination", case_of(actual_output=output, context=context), recorder.ask)
    asked = recorder.asked("hallucination_verdicts")
    assert (asked.texts["actual_output"], asked.lists["contexts"]) == (output, tuple(context))
    reason = recorder.asked("hallucination_reason")
    assert reason.lists == {"factual_alignments": tuple(reasons), "contradictions": tuple(reasons)}


@given(HOSTILE, HOSTILE, HOSTILES, HOSTILES)
@settings(max_examples=25, deadline=None)
def test_contextual_precision_is_read_back(
    question: str, expected: str, context: list[str], reasons: list[str]
) -> None:
    assume(unmistakable(question, "\n\nExpected output:\n"))
    recorder = Recorder(verdicts=[*verdicts(reasons), *verdicts(reasons, "yes")])
    case = case_of(input=question, expected_output=expected, retrieval_context=context)
    measure("contextual_precision", case, recorder.ask)
    asked = recorder.asked("precision_verdicts")
    assert (asked.texts["input"], asked.texts["expected_output"]) == (question, expected)
    assert asked.lists["retrieval_context"] == tuple(context)
    reason = recorder.asked("precision_reason")
    assert reason.texts["input"] == question
    assert reason.lists["verdicts"] == ("no",) * len(reasons) + ("yes",) * len(reasons)
    assert reason.lists["reasons"] == tuple(reasons) * 2


@given(HOSTILE, HOSTILES, HOSTILES)
@settings(max_examples=25, deadline=None)
def test_contextual_recall_is_read_back(expected: str, context: list[str], reasons: list[str]) -> None:
    recorder = Recorder(verdicts=[*verdicts(reasons), *verdicts(reasons, "yes")])
    measure("contextual_recall", case_of(expected_output=expected, retrieval_context=context), recorder.ask)
    asked = recorder.asked("recall_verdicts")
    assert (asked.texts["expected_output"], asked.lists["retrieval_context"]) == (expected, tuple(context))
    reason = recorder.asked("recall_reason")
    assert reason.texts["expected_output"] == expected
    assert reason.lists == {"supportive_reasons": tuple(reasons), "unsupportive_reasons": tuple(reasons)}


@given(HOSTILE, HOSTILE, HOSTILES)
@settings(max_examples=25, deadline=None)
def test_contextual_relevancy_is_read_back(question: str, context: str, reasons: list[str]) -> None:
    assume(unmistakable(question, "\n\nContext:\n"))
    recorder = Recorder(verdicts=[*verdicts(reasons), *verdicts(reasons, "yes")])
    measure("contextual_relevancy", case_of(input=question, retrieval_context=[context]), recorder.ask)
    assert recorder.asked("context_verdicts").texts == {"input": question, "context": context}
    reason = recorder.asked("context_reason")
    assert reason.texts["input"] == question
    assert reason.lists == {"irrelevant_statements": tuple(reasons), "relevant_statements": tuple(reasons)}


@given(HOSTILE, HOSTILE, HOSTILES)
@settings(max_examples=25, deadline=None)
def test_contextual_texts_that_hold_the_separator_still_render_the_same_prompt(
    question: str, expected: str, context: list[str]
) -> None:
    filled = {"multimodal_note": "", "document_count_str": " (2 documents)", "context_to_display": context}
    kind = ("metrics", "ContextualPrecisionMetric", "generate_verdicts")
    prompt = resolve_template(*kind, input=question, expected_output=expected, **filled)
    assert resolve_template(*kind, **read_prompt(prompt).texts, **filled) == prompt


@given(HOSTILE, HOSTILE, HOSTILES, st.booleans())
@settings(max_examples=25, deadline=None)
def test_geval_is_read_back(question: str, output: str, context: list[str], strict: bool) -> None:
    assume(unmistakable(question, " \n\nActual Output:\n") and unmistakable(output, " \n\nRetrieval Context:\n"))
    recorder = Recorder(steps=["Read both.", "手順2\nof two"])
    case = case_of(input=question, actual_output=output, retrieval_context=context)
    params = ["input", "actual_output", "retrieval_context"]
    measure("geval", case, recorder.ask, criteria="Correct?", evaluation_params=params, strict_mode=strict)
    asked = recorder.asked("geval_strict_score" if strict else "geval_score")
    assert asked.texts["parameters"] == "Input, Actual Output, and Retrieval Context"
    assert steps_in(asked.texts["steps"]) == ("Read both.", "手順2\nof two")
    values = values_in(asked.texts["test_case"], asked.texts["parameters"])
    assert (values["Input"], values["Actual Output"]) == (question, output)
    assert list_in(values["Retrieval Context"]) == tuple(context)


@given(HOSTILE)
@settings(max_examples=25, deadline=None)
def test_geval_criteria_and_score_range_are_read_back(criteria: str) -> None:
    recorder = Recorder(steps=["only one"])
    case = case_of(input="?", actual_output="Fine.")
    args = {"criteria": criteria, "evaluation_params": ["actual_output"], "rubric": rubric()}
    measure("geval", case, recorder.ask, **args)
    assert recorder.asked("geval_steps").texts == {"parameters": "Actual Output", "criteria": criteria}
    texts = recorder.asked("geval_score").texts
    assert (texts["low"], texts["high"], texts["rubric"]) == ("2", "9", "2-4: bad\n5-9: good")
    assert values_in(texts["test_case"], texts["parameters"]) == {"Actual Output": "Fine."}


@pytest.mark.parametrize(("limit", "phrase"), [(None, ""), (1, "single most"), (3, "the 3 most")])
def test_the_limit_of_truths_is_read_back(limit: int | None, phrase: str) -> None:
    recorder = Recorder(truths=["a"], claims=["b"], verdicts=verdicts(["c"]))
    case = case_of(actual_output="b", retrieval_context=["a"])
    measure("faithfulness", case, recorder.ask, truths_extraction_limit=limit)
    assert phrase in recorder.asked("truths").texts["limit"]


def test_every_question_has_its_pattern() -> None:
    assert {pattern.step for pattern in PATTERNS} == set(get_args(Step))


@pytest.mark.parametrize("metric", ["toxicity", "bias", "summarization"])
def test_other_metrics_are_refused_with_a_word_why(metric: str) -> None:
    case = case_of(input="What does it cost?", actual_output="It costs $5.")
    with pytest.raises(
        JudgeError, match=r"offline judge answers only .*answer_relevancy.*Use a model as the judge"
    ) as refused:
        measure(metric, case)
    assert refused.value.error_class == "bug"


def test_a_template_of_ones_own_is_refused() -> None:
    with pytest.raises(JudgeError, match=r"DeepEval 4\.3\.1's own prompts"):
        read_prompt("Given the text, breakdown as you like.\n\nText of mine:\nhello")


def test_a_list_that_is_no_list_of_texts_is_refused() -> None:
    for text in ("[1, 2]", "['open", "[RetrievedContextData(context='a')]", "{}"):
        with pytest.raises(JudgeError, match="no list of texts"):
            list_in(text)
