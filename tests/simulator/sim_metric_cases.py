"""Every text metric of DeepEval that needs no trace, each with a case that it can measure. Import after the environment block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deepeval import metrics as m
from deepeval.metrics.conversational_dag import (
    ConversationalBinaryJudgementNode,
    ConversationalNonBinaryJudgementNode,
    ConversationalTaskNode,
    ConversationalVerdictNode,
)
from deepeval.metrics.dag import (
    BinaryJudgementNode,
    DeepAcyclicGraph,
    NonBinaryJudgementNode,
    TaskNode,
    VerdictNode,
)
from deepeval.models import DeepEvalBaseLLM
from deepeval.test_case import (
    ConversationalTestCase,
    LLMTestCase,
    MultiTurnParams,
    SingleTurnParams,
    ToolCall,
    Turn,
)
from pydantic import BaseModel


class Price(BaseModel):
    amount: float
    currency: str


SEARCH = ToolCall(name="search", description="Finds opening hours", input_parameters={"shop": "Umeda"}, output="9-18")
BOOK = ToolCall(name="book", description="Books a table", input_parameters={"people": 2})

SINGLE = LLMTestCase(
    input="When does the Umeda shop open, and can I return shoes there?",
    actual_output="It opens at nine. Shoes can be returned within 30 days. I think the staff is lovely.",
    expected_output="It opens at nine. Returns are accepted for 30 days.",
    context=["The Umeda shop opens at 9.", "Returns within 30 days.", "Socks cannot be returned."],
    retrieval_context=["The Umeda shop opens at 9.", "Returns within 30 days, with the receipt.", "There was a cat."],
    tools_called=[SEARCH],
    expected_tools=[SEARCH, BOOK],
)

JAPANESE = LLMTestCase(
    input="梅田店は何時に開きますか。",
    actual_output="九時に開きます。返品は三十日以内です。",
    expected_output="九時に開きます。",
    context=["梅田店は九時に開く。"],
    retrieval_context=["梅田店は九時に開く。", "返品は三十日以内。"],
    tools_called=[SEARCH],
    expected_tools=[SEARCH],
)

CONVERSATION = ConversationalTestCase(
    turns=[
        Turn(role="user", content="Hello, I am Aiko from Osaka. Do you sell boots?"),
        Turn(
            role="assistant",
            content="Yes, we sell boots for 90 euros. Which size do you need?",
            retrieval_context=["Boots cost 90 euros.", "Sizes 36 to 42."],
            tools_called=[SEARCH],
        ),
        Turn(role="user", content="Size 38 please. Can I pay by card?"),
        Turn(
            role="assistant",
            content="You can pay by card or cash. Where do you live?",
            retrieval_context=["Cards are accepted.", "Cash is accepted."],
        ),
        Turn(role="user", content="Thanks! Please reserve them."),
        Turn(
            role="assistant",
            content="They are reserved for two days.",
            retrieval_context=["Reservations last two days."],
            tools_called=[BOOK],
        ),
    ],
    scenario="A customer wants boots.",
    expected_outcome="The boots are reserved.",
    chatbot_role="A humble shoe seller",
    context=["Boots cost 90 euros."],
)


def dag() -> DeepAcyclicGraph:
    """Task, binary, non-binary and verdict nodes."""
    tone = NonBinaryJudgementNode(
        criteria="How polite is the answer?",
        children=[
            VerdictNode(verdict="Very", score=10),
            VerdictNode(verdict="Somewhat", score=5),
            VerdictNode(verdict="Not at all", score=0),
        ],
    )
    hours = BinaryJudgementNode(
        criteria="Are the hours stated?",
        children=[VerdictNode(verdict=False, score=0), VerdictNode(verdict=True, child=tone)],
    )
    task = TaskNode(
        instructions="Extract the opening hours.",
        output_label="Hours",
        evaluation_params=[SingleTurnParams.ACTUAL_OUTPUT],
        children=[hours],
    )
    return DeepAcyclicGraph(root_nodes=[task])


def conversational_dag() -> DeepAcyclicGraph:
    tone = ConversationalNonBinaryJudgementNode(
        criteria="How polite is the assistant?",
        children=[
            ConversationalVerdictNode(verdict="Very", score=10),
            ConversationalVerdictNode(verdict="Rude", score=0),
        ],
    )
    sold = ConversationalBinaryJudgementNode(
        criteria="Were boots reserved?",
        children=[
            ConversationalVerdictNode(verdict=False, score=0),
            ConversationalVerdictNode(verdict=True, child=tone),
        ],
    )
    task = ConversationalTaskNode(
        instructions="Summarise the assistant's turns.",
        output_label="Summary",
        evaluation_params=[MultiTurnParams.ROLE, MultiTurnParams.CONTENT],
        children=[sold],
    )
    return DeepAcyclicGraph(root_nodes=[task])


Metric = Any
Recipe = Callable[[DeepEvalBaseLLM], Metric]
TEXT = [SingleTurnParams.INPUT, SingleTurnParams.ACTUAL_OUTPUT]
TURNS = [MultiTurnParams.ROLE, MultiTurnParams.CONTENT]

SINGLE_TURN: dict[str, Recipe] = {
    "answer_relevancy": lambda j: m.AnswerRelevancyMetric(model=j),
    "faithfulness": lambda j: m.FaithfulnessMetric(model=j),
    "hallucination": lambda j: m.HallucinationMetric(model=j),
    "contextual_precision": lambda j: m.ContextualPrecisionMetric(model=j),
    "contextual_recall": lambda j: m.ContextualRecallMetric(model=j),
    "contextual_relevancy": lambda j: m.ContextualRelevancyMetric(model=j),
    "g_eval": lambda j: m.GEval(name="polite", criteria="Is it polite?", evaluation_params=TEXT, model=j),
    "g_eval_steps": lambda j: m.GEval(
        name="polite", evaluation_steps=["Read it.", "Judge it."], evaluation_params=TEXT, model=j
    ),
    "g_eval_strict": lambda j: m.GEval(
        name="polite", evaluation_steps=["Read it."], evaluation_params=TEXT, model=j, strict_mode=True
    ),
    "dag": lambda j: m.DAGMetric(name="hours", dag=dag(), model=j),
    "bias": lambda j: m.BiasMetric(model=j),
    "toxicity": lambda j: m.ToxicityMetric(model=j),
    "pii_leakage": lambda j: m.PIILeakageMetric(model=j),
    "non_advice": lambda j: m.NonAdviceMetric(advice_types=["financial"], model=j),
    "misuse": lambda j: m.MisuseMetric(domain="retail", model=j),
    "role_violation": lambda j: m.RoleViolationMetric(role="shoe seller", model=j),
    "summarization": lambda j: m.SummarizationMetric(model=j),
    "json_correctness": lambda j: m.JsonCorrectnessMetric(expected_schema=Price, model=j),
    "tool_correctness": lambda j: m.ToolCorrectnessMetric(available_tools=[SEARCH, BOOK], model=j),
    "argument_correctness": lambda j: m.ArgumentCorrectnessMetric(model=j),
    "task_completion": lambda j: m.TaskCompletionMetric(model=j),
    "prompt_alignment": lambda j: m.PromptAlignmentMetric(prompt_instructions=["Be brief.", "Be kind."], model=j),
}

MULTI_TURN: dict[str, Recipe] = {
    "topic_adherence": lambda j: m.TopicAdherenceMetric(relevant_topics=["shoes"], model=j),
    "conversational_g_eval": lambda j: m.ConversationalGEval(
        name="polite", criteria="Is it polite?", evaluation_params=TURNS, model=j
    ),
    "turn_relevancy": lambda j: m.TurnRelevancyMetric(model=j),
    "turn_faithfulness": lambda j: m.TurnFaithfulnessMetric(model=j),
    "turn_contextual_precision": lambda j: m.TurnContextualPrecisionMetric(model=j),
    "turn_contextual_recall": lambda j: m.TurnContextualRecallMetric(model=j),
    "turn_contextual_relevancy": lambda j: m.TurnContextualRelevancyMetric(model=j),
    "conversation_completeness": lambda j: m.ConversationCompletenessMetric(model=j),
    "role_adherence": lambda j: m.RoleAdherenceMetric(model=j),
    "knowledge_retention": lambda j: m.KnowledgeRetentionMetric(model=j),
    "goal_accuracy": lambda j: m.GoalAccuracyMetric(model=j),
    "tool_use": lambda j: m.ToolUseMetric(available_tools=[SEARCH, BOOK], model=j),
    "conversational_dag": lambda j: m.ConversationalDAGMetric(name="boots", dag=conversational_dag(), model=j),
}
