"""An example of every metric that wants arguments, and cases that have every field: what the catalogue is measured on."""

from __future__ import annotations

from typing import Any

from ..records.case import Case, ToolCall, Turn

#: Arguments without which a metric cannot be built, as a suite would write them; the documentation shows them.
EXAMPLE_ARGUMENTS: dict[str, dict[str, Any]] = {
    "geval": {
        "criteria": "The answer is polite.",
        "evaluation_steps": ["Look for a greeting.", "Look for harsh words.", "Weigh both."],
        "evaluation_params": ["input", "actual_output"],
    },
    "conversational_geval": {
        "criteria": "The assistant stays polite.",
        "evaluation_steps": ["Read every turn.", "Look for harsh words.", "Weigh what you found."],
        "evaluation_params": ["content", "role"],
    },
    "json_correctness": {
        "expected_schema": {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
    },
    "misuse": {"domain": "customer support of a web shop"},
    "non_advice": {"advice_types": ["medical", "financial"]},
    "pattern_match": {"pattern": ".*refund.*"},
    "prompt_alignment": {"prompt_instructions": ["Answer in one sentence.", "Name the deadline.", "Be polite."]},
    "role_violation": {"role": "support agent of a web shop"},
    "tool_permission": {"allowed_tools": ["find_order"]},
    "tool_use": {"available_tools": [{"name": "find_order", "description": "Finds an order by its number."}]},
    "topic_adherence": {"relevant_topics": ["orders", "refunds"]},
}

_TOOLS = (ToolCall(name="find_order", input_parameters={"number": "A-17"}, output="shipped"),)


def single_case(chunks: int = 1) -> Case:
    """A case of one turn with every field, and so many chunks of context."""
    context = tuple(f"Refunds are possible within {30 + index} days." for index in range(chunks))
    return Case(
        id="single",
        input="Can I get a refund after five weeks?",
        actual_output="Yes, a refund is possible within 30 days of delivery.",
        expected_output="No, refunds are possible within 30 days only.",
        context=context,
        retrieval_context=context,
        tools_called=_TOOLS,
        expected_tools=(*_TOOLS, ToolCall(name="refund")),
        tags=("refunds",),
        metadata={"channel": "chat"},
    )


def conversation_case(pairs: int = 1, chunks: int = 1) -> Case:
    """A conversation with every field: so many pairs of turns, each answered from so many chunks."""
    turns: list[Turn] = []
    for pair in range(pairs):
        context = tuple(f"Order A-{pair} left on day {index}." for index in range(chunks))
        turns.append(Turn(role="user", content=f"Where is order A-{pair}?"))
        turns.append(
            Turn(
                role="assistant", content=f"Order {pair} is on its way.", retrieval_context=context, tools_called=_TOOLS
            )
        )
    return Case(
        id="conversation",
        turns=tuple(turns),
        scenario="A customer asks where the orders are.",
        expected_outcome="The customer knows where every order is.",
        user_description="A patient customer.",
        chatbot_role="support agent of a web shop",
        context=("The shop sends parcels on weekdays.",),
        tags=("orders",),
        metadata={"channel": "chat"},
    )
