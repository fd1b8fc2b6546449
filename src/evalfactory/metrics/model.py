"""Our judge in the clothes that DeepEval's metrics expect."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from ..judge.port import Judge
from .deepeval_api import EvaluationCost, LocalModel

#: Cost and tokens are counted where the requests are made; DeepEval wants a number, and one None would stay for good.
_COUNTED_ELSEWHERE = EvaluationCost(0.0, 0, 0)


class JudgeModel(LocalModel):  # type: ignore[misc]  # DeepEval is untyped for us
    """A DeepEval model that asks our judge. DeepEval counts it among its own classes, so it takes answers with a cost.

    It has no log probabilities, so every judge is asked the same way. The constructor of `LocalModel` is skipped: it
    reads settings and wants a key.
    """

    def __init__(self, judge: Judge, name: str) -> None:
        self.judge = judge
        self.name = name
        self.model = None

    async def a_generate(
        self, prompt: str, schema: type[BaseModel] | None = None, audio: Any = None
    ) -> tuple[Any, Any]:
        """The judge's answer: an instance of `schema`, or text where there is none."""
        return await self.judge.ask(prompt, schema), _COUNTED_ELSEWHERE

    def generate(self, prompt: str, schema: type[BaseModel] | None = None, audio: Any = None) -> tuple[Any, Any]:
        """Never: measuring is asynchronous."""
        raise NotImplementedError("this judge is asynchronous: write `a_measure` with `await self.model.a_generate(…)`")

    def load_model(self, async_mode: bool = False) -> None:
        """Nothing to load."""

    def get_model_name(self) -> str:
        """The judge's model."""
        return self.name

    def supports_multimodal(self) -> bool:
        """It reads text only."""
        return False
