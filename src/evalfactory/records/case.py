"""A test case: DeepEval's fields in snake case, single-turn or a conversation, with a stable id."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from .base import Record, digest_of

CaseKind = Literal["single", "conversation"]


class ToolCall(Record):
    """A tool that was, or should have been, called."""

    name: str
    description: str | None = None
    type: str | None = Field(default=None, description="DeepEval's label of the tool's kind.")
    reasoning: str | None = None
    output: Any = None
    input_parameters: dict[str, Any] | None = None


class Turn(Record):
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str
    user_id: str | None = None
    retrieval_context: tuple[str, ...] | None = None
    tools_called: tuple[ToolCall, ...] | None = None
    metadata: dict[str, Any] | None = None


class Case(Record):
    """One test case. `input` is set for a single turn, `turns` for a conversation, never both."""

    id: str
    input: str | None = None
    actual_output: str | None = None
    expected_output: str | None = None
    context: tuple[str, ...] | None = None
    retrieval_context: tuple[str, ...] | None = None
    tools_called: tuple[ToolCall, ...] | None = None
    expected_tools: tuple[ToolCall, ...] | None = None
    turns: tuple[Turn, ...] | None = None
    scenario: str | None = None
    expected_outcome: str | None = None
    user_description: str | None = None
    chatbot_role: str | None = None
    name: str | None = None
    comments: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)
    must_run: bool = Field(default=False, description="In every tier, on top of its count, and gated by itself.")

    @property
    def kind(self) -> CaseKind:
        return "conversation" if self.turns is not None else "single"


#: Fields a metric of the catalogue can read; a change in any other one (tags, name …) judges nothing anew.
JUDGED_FIELDS = (
    "input", "actual_output", "expected_output", "context", "retrieval_context", "tools_called", "expected_tools",
    "turns", "scenario", "expected_outcome", "user_description", "chatbot_role",
)  # fmt: skip


def input_digest(case: Case) -> str:
    """SHA-256 of the case's input side. Single turn: the `input`; conversation: the scenario and what the user said."""
    if case.turns is None:
        return digest_of(["single", case.input])
    said = [turn.content for turn in case.turns if turn.role == "user"]
    return digest_of(["conversation", case.scenario, said])


def derived_id(case: Case) -> str:
    """The id of a case that has none: 16 digits of its input side alone, so that new answers meet the old ones' case."""
    return input_digest(case)[:16]


class FrozenCase(Record):
    """A case as the plan deals it: which metrics measure it, and which cannot, with the reason."""

    case: Case
    metrics: tuple[str, ...]
    skipped: dict[str, str] = Field(default_factory=dict, description="Metric name -> why it cannot be measured.")
    group: str = Field(default="", description="`must_run`, or empty.")


def lookup(case: Case, field: str) -> Any:
    """The value of a field of the case, dots reaching into `metadata`; None where there is none."""
    head, _, rest = field.partition(".")
    value: Any = getattr(case, head, None)
    for key in rest.split(".") if rest else ():
        value = value.get(key) if isinstance(value, dict) else None
    return sorted(value) if head == "tags" and value else value
