"""What a judge's prompt says about the answer it wants: the things to judge, the text to quote, the scale of the score.

The labels are those of DeepEval's prompts; an unknown prompt is read by its last paragraphs.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import NamedTuple

STRING = r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
LIST = rf"\[{STRING}(?:, ?{STRING})*\]"
LIST_LABELS = (
    r"(?:Statements|Claims|CLAIMS|Opinions|Summary Claims|Questions|Prompt Instructions|Contexts"
    r"|Retrieval Context[^\n]{0,40})"
)
#: "Claims:\n['…', '…']", and "Based on these misuse statements: ['…']".
LISTED = re.compile(rf"(?:^|\n){LIST_LABELS}:\s*({LIST})|statements: ({LIST})")
QUOTED = re.compile(STRING)
TEXT_LABELS = (
    r"(?:Text|Excerpt|AI Output|AI Response|ASSISTANT OUTPUT|REFERENCE CONTEXT|Context|Conversation|Turns|Messages"
    r"|Latest User Message|LLM message|Actual Output|LLM Actual Output|response|Response|USER TASK)"
)
LABELLED = re.compile(rf"(?:^|\n){TEXT_LABELS}:\s*")
EXPECTED = re.compile(r"\n(?:Expected Output|Assistant Output):\n")
TEXT_END = re.compile(
    r"\n\s*(?:JSON:|Focus on identifying|Detect if|Retrieval Context:|Parameters:|\*\*\n|---\n|--- MULTI|AGENT STEPS:)"
)
DATA_START = re.compile(r"\n\*\*\s*\n|END OF EXAMPLE[^\n]*\n|\n---\n")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*|\n+")
TOOL_CALL = re.compile(r"ToolCall\(\s*name=\"([^\"\n]*)\"")
TURN = re.compile(rf"'content': ({STRING}), 'role': '(\w+)'")
SCALE = re.compile(
    r"(?:integer|float|score)\b[^\n]{0,60}?\b(?:between|from) (\d+(?:\.\d+)?) (?:and|to) (\d+(?:\.\d+)?)"
)
SCORED = re.compile(r"\bScore:\s*(\d+(?:\.\d+)?)(?=\s)")
SCAFFOLD = re.compile(
    r"(?:\W*|\d\.\d+|.*:|user|assistant|\"\w+\":.*|.*[{}].*)\Z", re.S
)  # labels, rules and JSON, nothing to quote
QUESTIONS = re.compile(r"generate (\d{1,3}) closed-ended questions")

#: Where DeepEval's prompts ask for faults, so that "yes" is the bad verdict.
YES_IS_BAD = re.compile(
    r"opinion is (?:biased|toxic)|contains (?:PII|inappropriate)|inappropriate use of"
    r"|violation of the expected role|\"yes\"` means the LLM is forgetting"
)

LONGEST_TEXT = 20_000  # characters that are read; what follows changes nothing but the digest
LONGEST_QUOTE = 160


class Scale(NamedTuple):
    """The range of a score; `step` 0 is continuous."""

    low: float
    high: float
    step: float


class Reading:
    """A prompt, read on demand."""

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt

    @cached_property
    def things(self) -> list[str] | None:
        """What the prompt lists for one verdict each; None when it lists nothing."""
        if "the number of sentences in" in self.prompt:
            return sentences(self._after(EXPECTED))
        if "\nTool Calls:\n" in self.prompt:
            return TOOL_CALL.findall(self.prompt.rpartition("\nTool Calls:\n")[2]) or None
        listed = LISTED.search(self.prompt)
        return [plain(quoted) for quoted in QUOTED.findall(listed[1] or listed[2])] if listed else None

    @cached_property
    def quotes(self) -> list[str]:
        """The sentences of the text that the prompt is about; at least one."""
        text = self._after(LABELLED) or self._data()
        if turns := TURN.findall(text):
            text = "\n".join(plain(content) for content, _ in turns)
        return [part for part in sentences(text) if not SCAFFOLD.match(part)] or ["the text as a whole"]

    @cached_property
    def assistant_turns(self) -> list[int]:
        """The positions of the assistant's turns in the conversation."""
        roles = TURN.findall(self.prompt.rpartition("\nMessages:\n")[2])
        return [position for position, (_, role) in enumerate(roles) if role == "assistant"]

    @cached_property
    def score(self) -> str | None:
        """The score that a prompt for a reason states."""
        stated = SCORED.search(self.prompt)
        return stated[1] if stated else None

    @cached_property
    def scale(self) -> Scale:
        """The score's range: as stated; in quarters where the prompt shows quarters; 0 to 1 where it says nothing."""
        if "STRICTLY EITHER 1" in self.prompt:
            return Scale(0, 1, 1)
        if "**0.75**" in self.prompt:
            return Scale(0, 1, 0.25)
        stated = SCALE.search(self.prompt)
        if stated and 0 <= float(stated[1]) < float(stated[2]) <= 1000:
            return Scale(float(stated[1]), float(stated[2]), 1 if "integer" in stated[0] else 0)
        return Scale(0, 1, 0)

    @cached_property
    def yes_is_bad(self) -> bool:
        return YES_IS_BAD.search(self.prompt) is not None

    @cached_property
    def questions_wanted(self) -> int | None:
        stated = QUESTIONS.search(self.prompt)
        return int(stated[1]) if stated else None

    def _after(self, label: re.Pattern[str]) -> str:
        """The text behind the last such label."""
        start = max((found.end() for found in label.finditer(self.prompt)), default=None)
        return self._until_end(start) if start is not None else ""

    def _data(self) -> str:
        """What follows the instructions and examples; the prompt's beginning where nothing follows."""
        start = max((found.end() for found in DATA_START.finditer(self.prompt)), default=0)
        return self._until_end(start) or self.prompt[:LONGEST_TEXT]

    def _until_end(self, start: int) -> str:
        end = TEXT_END.search(self.prompt, start)
        return self.prompt[start : end.start() if end else len(self.prompt)].strip()[:LONGEST_TEXT]


def sentences(text: str) -> list[str]:
    """A text's sentences, in any script, each short enough to quote."""
    return [short(part) for part in SENTENCE_END.split(text) if part and not part.isspace()]


def short(text: str) -> str:
    """One line of at most `LONGEST_QUOTE` characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"


def plain(quoted: str) -> str:
    """The text in a Python or JSON string literal, well enough to quote it."""
    return quoted[1:-1].replace("\\'", "'").replace('\\"', '"')
