"""Our judge in the clothes that DeepEval's metrics expect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel

from ..errors import EvalFactoryError
from ..judge.port import CallError, Judge, JudgeError
from .deepeval_api import EvaluationCost, LocalModel

#: Cost and tokens are counted where the requests are made; DeepEval wants a number, and one None would stay for good.
_COUNTED_ELSEWHERE = EvaluationCost(0.0, 0, 0)

#: Asks the judge and blocks the thread until it has answered.
AskNow = Callable[[str, type[BaseModel] | None], Any]


class JudgeModel(LocalModel):  # type: ignore[misc]  # DeepEval is untyped for us
    """A DeepEval model that asks our judge, made afresh for one measurement; it remembers the judge's first failure.

    DeepEval counts it among its own classes, so it takes answers with a cost. It has no log probabilities, so every
    judge is asked the same way. The constructor of `LocalModel` is skipped: it reads settings and wants a key.
    """

    def __init__(self, judge: Judge, name: str, ask_now: AskNow | None = None) -> None:
        self.judge = judge
        self.name = name
        self.model = None
        self.ask_now = ask_now
        self.failure: CallError | EvalFactoryError | None = None

    async def a_generate(
        self, prompt: str, schema: type[BaseModel] | None = None, audio: Any = None
    ) -> tuple[Any, Any]:
        """The judge's answer, an instance of `schema` or text where there is none, and no cost."""
        with self._watching():
            return await self.judge.ask(prompt, schema), _COUNTED_ELSEWHERE

    def generate(self, prompt: str, schema: type[BaseModel] | None = None, audio: Any = None) -> tuple[Any, Any]:
        """The same for a metric that does not wait; only in a thread of its own."""
        if self.ask_now is None:
            raise NotImplementedError("ask this judge with `await self.model.a_generate(…)`")
        with self._watching():
            return self.ask_now(prompt, schema), _COUNTED_ELSEWHERE

    def load_model(self, async_mode: bool = False) -> None:
        """Nothing to load."""

    def get_model_name(self) -> str:
        """The judge's model."""
        return str(self.name)

    def supports_multimodal(self) -> bool:
        """It reads text only."""
        return False

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """Remembers what the judge raises. A TypeError would make DeepEval ask again, without the schema."""
        try:
            yield
        except EvalFactoryError as gone:
            self.failure = gone
            raise
        except CallError as failed:
            self.failure = self.failure or failed
            raise
        except TypeError as bug:
            self.failure = self.failure or JudgeError("bug", f"TypeError: {bug}")
            raise self.failure from bug
