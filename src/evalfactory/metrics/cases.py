"""Our cases in DeepEval's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..records import case as records
from ..records.case import Case
from . import deepeval_api as deepeval


def test_case_of(case: Case) -> Any:
    """DeepEval's `LLMTestCase` or `ConversationalTestCase` with the case's fields, named by its id.

    What a user wrote stays text: DeepEval's markers for pictures inside it are not followed, since a judge here reads
    text only. Empty tags and metadata are none at all, as they are for us.
    """
    made = _single(case) if case.turns is None else _conversation(case, case.turns)
    made.multimodal = False
    return made


def tool_of(tool: records.ToolCall) -> Any:
    """DeepEval's `ToolCall`."""
    return deepeval.ToolCall(
        name=tool.name,
        type=deepeval.ToolCallType(tool.type.upper()) if tool.type else deepeval.ToolCallType.FUNCTION,
        description=tool.description,
        reasoning=tool.reasoning,
        output=tool.output,
        input_parameters=tool.input_parameters,
    )


def _single(case: Case) -> Any:
    return deepeval.LLMTestCase(
        input=case.input or "",
        actual_output=case.actual_output,
        expected_output=case.expected_output,
        context=_list(case.context),
        retrieval_context=_list(case.retrieval_context),
        tools_called=_tools(case.tools_called),
        expected_tools=_tools(case.expected_tools),
        name=case.id,
        comments=case.comments,
        tags=list(case.tags) or None,
        metadata=dict(case.metadata) or None,
    )


def _conversation(case: Case, turns: Sequence[records.Turn]) -> Any:
    return deepeval.ConversationalTestCase(
        turns=[_turn(turn) for turn in turns],
        scenario=case.scenario,
        context=_list(case.context),
        expected_outcome=case.expected_outcome,
        user_description=case.user_description,
        chatbot_role=case.chatbot_role,
        name=case.id,
        comments=case.comments,
        tags=list(case.tags) or None,
        metadata=dict(case.metadata) or None,
    )


def _turn(turn: records.Turn) -> Any:
    return deepeval.Turn(
        role=turn.role,
        content=turn.content,
        user_id=turn.user_id,
        retrieval_context=_list(turn.retrieval_context),
        tools_called=_tools(turn.tools_called),
        metadata=turn.metadata,
    )


def _tools(tools: tuple[records.ToolCall, ...] | None) -> list[Any] | None:
    return None if tools is None else [tool_of(tool) for tool in tools]


def _list(texts: tuple[str, ...] | None) -> list[str] | None:
    return None if texts is None else list(texts)
