"""What a prompt of DeepEval 4.3.1 is about: the values that its templates were filled with, read back out of the text.

Each pattern is the end of one template with its holes named, in the template's own fixed words. Lists stand on one line
(Python's own notation escapes line breaks), so a free text beside a list or a score is read back exactly, whatever it
contains. Where two free texts meet, the first separator counts; only a text that contains that very separator can be
cut elsewhere, and then no reader could tell. A test renders every prompt with the pinned DeepEval and reads it back.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ..port import JudgeError

Step = Literal[
    "relevancy_statements", "relevancy_verdicts", "relevancy_reason",
    "claims", "truths", "faithfulness_verdicts", "faithfulness_reason",
    "hallucination_verdicts", "hallucination_reason",
    "precision_verdicts", "precision_reason",
    "recall_verdicts", "recall_reason",
    "context_verdicts", "context_reason",
    "geval_steps", "geval_score", "geval_strict_score",
]  # fmt: skip

_HOLE = re.compile(r"\{(\w+)(?::(\w+))?\}")
_HOLE_KINDS = {None: ".*?", "line": r"[^\n]*", "list": r"\[[^\n]*\]", "verdicts": r"\[[^\n]*\]"}


@dataclass(frozen=True)
class Pattern:
    """One template: how its prompts begin, and its end from the first value on, with the holes named.

    `{name}` is a free text, `{name:line}` one line, `{name:list}` a list of texts, `{name:verdicts}` a list of verdicts
    with reasons; `{_}` is fixed text of no interest.
    """

    step: Step
    opening: str
    form: str

    @cached_property
    def regex(self) -> re.Pattern[str]:
        pieces, end = [], 0
        for hole in _HOLE.finditer(self.form):
            kind = _HOLE_KINDS[hole[2]]
            pieces += [re.escape(self.form[end : hole.start()]), kind if hole[1] == "_" else f"(?P<{hole[1]}>{kind})"]
            end = hole.end()
        return re.compile("".join([*pieces, re.escape(self.form[end:])]) + r"\Z", re.DOTALL)

    @cached_property
    def kinds(self) -> Mapping[str, str | None]:
        return {hole[1]: hole[2] for hole in _HOLE.finditer(self.form) if hole[1] != "_"}


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt read back: which of DeepEval's questions it asks, and about what."""

    step: Step
    texts: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]


_GEVAL_OPENING = "You are an evaluator. Given the following evaluation steps"
_GEVAL_RANGE = "an integer between {low:line} and {high:line}, "
_GEVAL_END = (
    "Test Case:\n{test_case}\n\nParameters:\n{parameters:line}\n\n\n---\n**Example JSON:**\n"
    '{\n  "reason": "your concise and informative reason here",\n  "score": {example:line}\n}\n\nJSON:'
)

PATTERNS: tuple[Pattern, ...] = (
    Pattern("relevancy_statements", "Given the text, breakdown", "\n\nText:\n{actual_output}\n\nJSON:"),
    Pattern(
        "relevancy_verdicts",
        "For the provided list of statements",
        "\n\nInput:\n{input}\n\nStatements:\n{statements:list}\n\nJSON:",
    ),
    Pattern(
        "relevancy_reason",
        "Given the answer relevancy score",
        "\n\nAnswer Relevancy Score:\n{score:line}\n\nReasons why the score can't be higher based on irrelevant"
        " statements in the actual output:\n{irrelevant_statements:list}\n\nInput:\n{input}\n\nJSON:",
    ),
    Pattern("claims", "Based on the given text, please extract", "\n\nAI Output:\n{actual_output}\n\nJSON:"),
    Pattern(
        "truths",
        "Based on the given text, please generate",
        "comprehensive list of{limit:line}, that can inferred{_}\n**\n\nText:\n{retrieval_context}\n\nJSON:",
    ),
    Pattern(
        "faithfulness_verdicts",
        "Based on the given claims",
        "\n\nRetrieval Contexts:\n{retrieval_context}\n\nClaims:\n{claims:list}\n\nJSON:",
    ),
    Pattern(
        "faithfulness_reason",
        "Below is a list of Contradictions.",
        "\n\nFaithfulness Score:\n{score:line}\n\nContradictions:\n{contradictions:list}\n\nJSON:",
    ),
    Pattern(
        "hallucination_verdicts",
        "For each context in contexts",
        "\n\nContexts:\n{contexts:list}\n\nActual Output:\n{actual_output}\n\nJSON:",
    ),
    Pattern(
        "hallucination_reason",
        "Given a list of factual alignments",
        "\n\nFactual Alignments:\n{factual_alignments:list}\n\nContradictions:\n{contradictions:list}\n\n"
        "Hallucination Score:\n{score:line}\n\nJSON:",
    ),
    Pattern(
        "precision_verdicts",
        "Given the input, expected output, and retrieval context",
        "\n\nInput:\n{input}\n\nExpected output:\n{expected_output}\n\n"
        "Retrieval Context {count:line}:\n{retrieval_context:list}\n\nJSON:",
    ),
    Pattern(
        "precision_reason",
        "Given the input, retrieval contexts, and contextual precision score",
        "\n\nContextual Precision Score:\n{score:line}\n\nInput:\n{input}\n\nRetrieval Contexts:\n{verdicts:verdicts}\n\nJSON:",
    ),
    Pattern(
        "recall_verdicts",
        "For EACH sentence in the given expected output",
        "\n\nExpected Output:\n{expected_output}\n\nRetrieval Context:\n{retrieval_context:list}\n\nJSON:",
    ),
    Pattern(
        "recall_reason",
        "Given the original expected output",
        "\n\nContextual Recall Score:\n{score:line}\n\nExpected Output:\n{expected_output}\n\nSupportive Reasons:\n"
        "{supportive_reasons:list}\n\nUnsupportive Reasons:\n{unsupportive_reasons:list}\n\nJSON:",
    ),
    Pattern(
        "context_verdicts", "Based on the input and context,", "\n\nInput:\n{input}\n\nContext:\n{context}\n\nJSON:"
    ),
    Pattern(
        "context_reason",
        "Based on the given input, reasons",
        "\n\nContextual Relevancy Score:\n{score:line}\n\nInput:\n{input}\n\nReasons for why the retrieval context is"
        " irrelevant to the input:\n{irrelevant_statements:list}\n\nStatement in the retrieval context that is"
        " relevant to the input:\n{relevant_statements:list}\n\nJSON:",
    ),
    Pattern(
        "geval_steps",
        "Given an evaluation criteria",
        "how you should judge the {parameters:line}, generate 3-4{_}\n\nEvaluation Criteria:\n{criteria}\n\n**\n"
        'IMPORTANT: Please make sure to only return in JSON format, with the "steps" key as a list of strings. No words'
        ' or explanation is needed.\nExample JSON:\n{\n  "steps": <list_of_strings>\n}\n**\n\nJSON:',
    ),
    Pattern(
        "geval_score",
        _GEVAL_OPENING + ",",
        _GEVAL_RANGE + "with{_}\n\nEvaluation Steps:\n{steps}\n\n" + _GEVAL_END,
    ),
    Pattern(
        "geval_score",
        _GEVAL_OPENING + " and rubric,",
        _GEVAL_RANGE + "based{_}\n\nEvaluation Steps:\n{steps}\n\nRubric:\n{rubric}\n\n" + _GEVAL_END,
    ),
    Pattern(
        "geval_strict_score",
        "Given the evaluation steps, return a JSON with two keys",
        "specific information from {parameters:line} in your reason,{_}\n\nEvaluation Steps:\n{steps}\n\n\n{test_case}\n\n**\n"
        'IMPORTANT: Please make sure to only return in JSON format, with the "score" and "reason" key. No words or'
        ' explanation is needed.\n\nExample JSON:\n{\n  "reason": "The text does not follow the evaluation steps'
        ' provided.",\n  "score": 0\n}\n**\n\nJSON:',
    ),
)


def read_prompt(prompt: str) -> Question:
    """The question that a prompt asks; raises `JudgeError` for a prompt that is none of the pinned templates'."""
    for pattern in PATTERNS:
        if prompt.startswith(pattern.opening) and (found := pattern.regex.search(prompt)):
            return _question(pattern, found.groupdict())
    raise JudgeError(
        "bug",
        "the offline judge answers only DeepEval 4.3.1's own prompts for answer_relevancy, faithfulness,"
        " contextual_precision, contextual_recall, contextual_relevancy, hallucination and geval, without images;"
        f" this prompt begins {prompt[:60]!r}. Use a model as the judge for this metric.",
    )


def _question(pattern: Pattern, found: Mapping[str, str]) -> Question:
    texts = {name: text for name, text in found.items() if pattern.kinds[name] in (None, "line")}
    lists: dict[str, tuple[str, ...]] = {}
    for name, text in found.items():
        match pattern.kinds[name]:
            case "list":
                lists[name] = list_in(text)
            case "verdicts":
                lists["verdicts"], lists["reasons"] = _verdicts_in(text)
    return Question(pattern.step, texts, lists)


def list_in(text: str) -> tuple[str, ...]:
    """The texts of a list in Python's notation; a reason that was never given (`None`) is left out."""
    try:
        items = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        items = None
    if not isinstance(items, list) or not all(item is None or isinstance(item, str) for item in items):
        raise JudgeError("bug", f"the offline judge found no list of texts in the prompt, but {text[:60]!r}")
    return tuple(item for item in items if item is not None)


#: DeepEval prints its verdicts as dictionaries that hold an enum's member, which is no Python literal.
_VERDICT = re.compile(
    r"""\{'verdict': (?:<Verdict\.\w+: '(\w+)'>|'(\w+)'), 'reason': ('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|None)\}"""
)


def _verdicts_in(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = _VERDICT.findall(text)
    return tuple(one or other for one, other, _ in found), tuple(ast.literal_eval(reason) or "" for *_, reason in found)


_PARAMETER_GLUE = re.compile(", and | and |, ")


def steps_in(numbered: str) -> tuple[str, ...]:
    """The steps of G-Eval's numbered list, in order."""
    steps: list[str] = []
    rest = numbered.removeprefix("1. ").removesuffix("\n")
    while True:
        step, found, rest = rest.partition(f"\n{len(steps) + 2}. ")
        steps.append(step)
        if not found:
            return tuple(steps)


def values_in(content: str, parameters: str) -> Mapping[str, str]:
    """The values of G-Eval's test case by parameter name (`Actual Output`), as many as `parameters` lists."""
    names = _PARAMETER_GLUE.split(parameters)
    values, rest = {}, content.removeprefix(f"{names[0]}:\n")
    for name, following in zip(names, [*names[1:], None], strict=True):
        end = "" if following is None else f" \n\n{following}:\n"
        value, _, rest = rest.partition(end) if end else (rest.removesuffix("\n\n").removesuffix(" "), "", "")
        values[name] = value
    return values
