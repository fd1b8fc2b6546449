"""Files that the pinned DeepEval itself has written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evalfactory.datasets import read_cases
from evalfactory.datasets.names import CASE_EXTRAS, CASE_NAMES, TOOL_NAMES, TURN_EXTRAS, TURN_NAMES
from evalfactory.datasets.shaping import TOOL_KINDS
from evalfactory.records.case import Case, ToolCall, Turn
from evalfactory.records.suite import DatasetSpec

WRITER = """
import json, sys, warnings
warnings.simplefilter("ignore")
from evalfactory.settings import block_deepeval_side_effects
block_deepeval_side_effects()
from deepeval.dataset import ConversationalGolden, EvaluationDataset, Golden
from deepeval.dataset.golden import Persona
from deepeval.test_case import (
    ConversationalTestCase, LLMTestCase, RetrievedContextData, ToolCall, Turn,
)
from deepeval.test_case.llm_test_case import ToolCallType

folder = sys.argv[1]
single = EvaluationDataset(goldens=[
    Golden(
        input="返品 | how?", actual_output="thirty\\ndays", expected_output="30; days", context=["one", "two"],
        retrieval_context=["plain", RetrievedContextData(source="faq", context="sourced, yes")],
        tools_called=[ToolCall(name="search", input_parameters={"q": [1]}, output={"hits": 2})],
        expected_tools=[ToolCall(name="book", reasoning="asked")],
        additional_metadata={"topic": {"a": 1}}, custom_column_key_values={"team": "x"}, source_file="faq.md",
        name="returns", comments="hard", token_cost=0.25,
    ),
    Golden(input="bare"),
])
turns = [
    Turn(role="user", content="hi", user_id="u1"),
    Turn(
        role="assistant", content="hello", retrieval_context=[RetrievedContextData(source="s", context="c")],
        tools_called=[ToolCall(name="lookup")], metadata={"n": 1},
    ),
]
talks = EvaluationDataset(goldens=[
    ConversationalGolden(
        scenario="greeting", expected_outcome="greeted", turns=turns, context=["one", "two"],
        persona=Persona(characteristics="grumpy"), additional_metadata={"m": 1}, name="talk",
    ),
])
for kind in ("json", "jsonl", "csv"):
    single.save_as(kind, folder, file_name="single")
    talks.save_as(kind, folder, file_name="talks")
cases = [
    LLMTestCase(
        input="q", actual_output="a", retrieval_context=["r"], tools_called=[ToolCall(name="t", input_parameters={"x": 1})],
        tags=["x"], completion_time=1.5, metadata={"k": 1}, name="n",
    ),
    ConversationalTestCase(turns=turns, scenario="s", chatbot_role="host", user_description="d", tags=["y"]),
]
with open(folder + "/dumped.jsonl", "w") as file:
    for case in cases:
        file.write(case.model_dump_json(by_alias=True) + "\\n")
    cases[0].input = "q2"
    file.write(cases[0].model_dump_json() + "\\n")
fields = {
    "case": sorted({*LLMTestCase.model_fields, *ConversationalTestCase.model_fields, *Golden.model_fields,
                    *ConversationalGolden.model_fields}),
    "turn": sorted(Turn.model_fields), "tool": sorted(ToolCall.model_fields),
    "kinds": [kind.value for kind in ToolCallType],
}
with open(folder + "/fields.json", "w") as file:
    json.dump(fields, file)
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files as DeepEval writes them."""
    folder = tmp_path_factory.mktemp("deepeval")
    subprocess.run([sys.executable, "-c", WRITER, str(folder)], check=True, capture_output=True, cwd=folder)
    return folder


def read(folder: Path, name: str) -> list[Case]:
    return [each.case for each in read_cases(DatasetSpec(path=name), folder)]


@pytest.mark.parametrize("kind", ["json", "jsonl", "csv"])
def test_goldens_that_deepeval_saved_read_back_whole(written: Path, kind: str) -> None:
    full, bare = read(written, f"single.{kind}")
    assert full == Case(
        id=full.id,
        input="返品 | how?",
        actual_output="thirty\ndays",
        expected_output="30; days",
        context=("one", "two"),
        retrieval_context=("plain", "faq: sourced, yes"),
        tools_called=(ToolCall(name="search", type="FUNCTION", input_parameters={"q": [1]}, output={"hits": 2}),),
        expected_tools=(ToolCall(name="book", type="FUNCTION", reasoning="asked"),),
        name="returns",
        comments="hard",
        metadata={"topic": {"a": 1}, "custom_column_key_values": {"team": "x"}, "source_file": "faq.md"},
    )
    assert bare == Case(id=bare.id, input="bare")


@pytest.mark.parametrize("kind", ["json", "jsonl", "csv"])
def test_conversations_that_deepeval_saved_read_back_whole(written: Path, kind: str) -> None:
    (talk,) = read(written, f"talks.{kind}")
    persona = {} if kind == "csv" else {"persona": {"characteristics": "grumpy"}}
    assert talk == Case(
        id=talk.id,
        scenario="greeting",
        expected_outcome="greeted",
        user_description="grumpy",
        context=("one", "two"),
        turns=(
            Turn(role="user", content="hi", user_id="u1"),
            Turn(
                role="assistant",
                content="hello",
                retrieval_context=("s: c",),
                tools_called=(ToolCall(name="lookup", type="FUNCTION"),),
                metadata={"n": 1},
            ),
        ),
        name="talk",
        metadata={"m": 1, **persona},
    )


def test_test_cases_that_deepeval_dumped_read_back_in_both_spellings(written: Path) -> None:
    camel, talk, snake = read(written, "dumped.jsonl")
    assert camel == Case(
        id=camel.id,
        input="q",
        actual_output="a",
        retrieval_context=("r",),
        tools_called=(ToolCall(name="t", type="FUNCTION", input_parameters={"x": 1}),),
        tags=("x",),
        metadata={"k": 1, "completion_time": 1.5},
        name="n",
    )
    assert snake == camel.model_copy(update={"id": snake.id, "input": "q2"})
    assert (talk.chatbot_role, talk.user_description, talk.tags) == ("host", "d", ("y",))


def test_every_field_of_the_pinned_deepeval_has_its_place(written: Path) -> None:
    fields = json.loads((written / "fields.json").read_text())
    assert set(fields["case"]) <= {*CASE_NAMES, *CASE_EXTRAS}
    assert set(fields["turn"]) <= {*TURN_NAMES, *TURN_EXTRAS}
    assert set(fields["tool"]) <= set(TOOL_NAMES)
    assert tuple(fields["kinds"]) == TOOL_KINDS
