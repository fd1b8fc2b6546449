"""A program that measures with DeepEval's own metrics and prints the outcomes as JSON; run by the tests in a process of its own.

`sim_measure.py every BASE_URL` asks a judge over HTTP, in every response format; `sim_measure.py halueval FILE SEED:CASES…`
asks the pure core.
"""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evalfactory.judge.simulator.answer import answer
from evalfactory.judge.simulator.chat import read_chat
from evalfactory.judge.simulator.telling import Odds
from evalfactory.settings import block_deepeval_side_effects

block_deepeval_side_effects()

import sim_metric_cases as cases  # noqa: E402
from deepeval import metrics as m  # noqa: E402
from deepeval.models import LocalModel  # noqa: E402
from deepeval.models.utils import EvaluationCost  # noqa: E402
from deepeval.test_case import LLMTestCase  # noqa: E402
from pydantic import BaseModel  # noqa: E402

Ask = Callable[[bytes], str]


class Bridge(LocalModel):  # type: ignore[misc]  # DeepEval is untyped here
    """The least that DeepEval needs of a judge."""

    def __init__(self, ask: Ask, response_format: str) -> None:
        self._ask = ask
        self._format = response_format
        super().__init__(model="sim")

    def load_model(self, async_mode: bool = False) -> None:
        return None

    def get_model_name(self) -> str:
        return "sim"

    def generate(self, prompt: str, schema: type[BaseModel] | None = None, audio: object = None) -> Any:
        text = self._ask(request_of(prompt, schema, self._format))
        return (schema.model_validate_json(text) if schema else text), EvaluationCost(0.0, 1, 1)

    async def a_generate(self, prompt: str, schema: type[BaseModel] | None = None, audio: object = None) -> Any:
        return self.generate(prompt, schema)


def request_of(prompt: str, schema: type[BaseModel] | None, response_format: str) -> bytes:
    request: dict[str, Any] = {"model": "sim", "messages": [{"role": "user", "content": prompt}]}
    if schema is not None and response_format == "json_schema":
        described = {"name": schema.__name__, "schema": schema.model_json_schema()}
        request["response_format"] = {"type": "json_schema", "json_schema": described}
    elif schema is not None:
        told = f"{prompt}\n\nAnswer with one JSON object of this JSON schema:\n{json.dumps(schema.model_json_schema())}"
        request["messages"][0]["content"] = told
        request |= {"response_format": {"type": "json_object"}} if response_format == "json_object" else {}
    return json.dumps(request).encode()


def over_http(base_url: str) -> Ask:
    def ask(body: bytes) -> str:
        with urllib.request.urlopen(f"{base_url}/chat/completions", body) as response:
            return str(json.load(response)["choices"][0]["message"]["content"])

    return ask


async def measured(metric: Any, case: Any) -> dict[str, Any]:
    await metric.a_measure(case, _show_indicator=False)
    return {"score": metric.score, "reason": metric.reason, "error": metric.error}


async def every(base_url: str) -> dict[str, Any]:
    return {kind: await every_metric(base_url, kind) for kind in ("json_schema", "json_object", "none")}


async def every_metric(base_url: str, response_format: str) -> dict[str, Any]:
    bridge = Bridge(over_http(base_url), response_format)
    case = cases.SINGLE if response_format != "none" else cases.JAPANESE
    single = {name: await measured(recipe(bridge), case) for name, recipe in cases.SINGLE_TURN.items()}
    multi = {name: await measured(recipe(bridge), cases.CONVERSATION) for name, recipe in cases.MULTI_TURN.items()}
    return single | multi


async def halueval(path: str, *runs: str) -> dict[str, Any]:
    lines = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    some = [
        LLMTestCase(input=each["question"], actual_output=each["right_answer"], retrieval_context=[each["knowledge"]])
        for each in lines
    ]
    wanted = (run.partition(":") for run in runs)
    return {
        seed: [await rag(Bridge(pure(int(seed)), "json_schema"), case) for case in some[: int(count)]]
        for seed, _, count in wanted
    }


async def rag(bridge: Bridge, case: LLMTestCase) -> tuple[float, float]:
    relevancy = m.AnswerRelevancyMetric(model=bridge, include_reason=False)
    faithfulness = m.FaithfulnessMetric(model=bridge, include_reason=False)
    return (await measured(relevancy, case))["score"], (await measured(faithfulness, case))["score"]


def pure(seed: int) -> Ask:
    return lambda body: answer(read_chat(body), seed, Odds())


def main(kind: str, *arguments: str) -> None:
    outcomes = asyncio.run(every(*arguments) if kind == "every" else halueval(*arguments))
    sys.stdout.write("\n" + json.dumps(outcomes))


if __name__ == "__main__":
    main(*sys.argv[1:])
