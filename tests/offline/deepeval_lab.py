"""The pinned DeepEval with a judge of our own in its socket: real metrics, real prompts, no network."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from evalfactory.judge.offline import OfflineJudge
from evalfactory.settings import block_deepeval_side_effects

block_deepeval_side_effects()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from deepeval import metrics as deepeval_metrics
    from deepeval.metrics.g_eval import Rubric
    from deepeval.models import LocalModel
    from deepeval.models.utils import EvaluationCost
    from deepeval.templates.resolver import resolve_template
    from deepeval.test_case import LLMTestCase, SingleTurnParams

__all__ = ["METRICS", "Rubric", "Socket", "case_of", "measure", "metric_of", "resolve_template"]

Ask = Callable[[str, Any], Awaitable[Any]]

METRICS: dict[str, str] = {
    "answer_relevancy": "AnswerRelevancyMetric",
    "faithfulness": "FaithfulnessMetric",
    "contextual_precision": "ContextualPrecisionMetric",
    "contextual_recall": "ContextualRecallMetric",
    "contextual_relevancy": "ContextualRelevancyMetric",
    "hallucination": "HallucinationMetric",
    "geval": "GEval",
}
REFUSED: dict[str, str] = {"toxicity": "ToxicityMetric", "bias": "BiasMetric", "summarization": "SummarizationMetric"}


class Socket(LocalModel):  # type: ignore[misc]  # DeepEval is untyped here
    """DeepEval's model class around one async function."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        super().__init__(model="lab", api_key="none", base_url="http://localhost")

    def load_model(self, async_mode: bool = False) -> None:
        return None

    async def a_generate(self, prompt: str, schema: Any = None, audio: Any = None) -> tuple[Any, Any]:
        return await self._ask(prompt, schema), EvaluationCost(0.0, 0, 0)


class Measured(NamedTuple):
    score: float
    reason: str


def case_of(**fields: Any) -> Any:
    return LLMTestCase(**{"input": "?", **fields})


def metric_of(name: str, ask: Ask, **args: Any) -> Any:
    if name == "geval":
        args["evaluation_params"] = [SingleTurnParams(param) for param in args["evaluation_params"]]
        args.setdefault("name", "geval")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # DeepEval says once that some scores changed direction
        return getattr(deepeval_metrics, {**METRICS, **REFUSED}[name])(model=Socket(ask), **args)


def measure(name: str, case: Any, ask: Ask | None = None, **args: Any) -> Measured:
    """What the real metric makes of a case; with the offline judge unless `ask` says otherwise."""

    async def run() -> Measured:
        metric = metric_of(name, ask or OfflineJudge().ask, **args)
        await metric.a_measure(case, _show_indicator=False)
        return Measured(metric.score, metric.reason)

    return asyncio.run(run())
