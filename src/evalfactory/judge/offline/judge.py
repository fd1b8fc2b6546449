"""The judge that needs no model: it answers DeepEval's prompts by comparing words."""

from __future__ import annotations

import asyncio
from functools import partial

from pydantic import BaseModel, ValidationError

from ..port import Answer, JudgeError, current_meter
from .answers import answer
from .prompts import read_prompt


class OfflineJudge:
    """A `Judge` without a network: deterministic, instant, free. Its scores mean nothing beyond a demo."""

    async def ask(self, prompt: str, schema: type[Answer] | None) -> Answer | str:
        """The answer by words; raises `JudgeError` for prompts of metrics that it does not know."""
        await asyncio.sleep(
            0
        )  # answers come at once: without this, one measurement would hold the event loop to its end
        meter = current_meter.get(None)
        if meter is not None:
            meter.calls += 1
        question = read_prompt(prompt)
        if schema is None:
            raise JudgeError("bug", "the offline judge answers only where an answer of a given form is wanted")
        try:
            answered = schema.model_validate(answer(question))
        except ValidationError as error:
            message = f"the offline judge's answer to {question.step!r} is no {schema.__name__}: {error}"
            raise JudgeError("bug", message) from error
        if meter is not None and meter.trace is not None:
            meter.trace.append(partial(_told, prompt, answered))
        return answered

    async def close(self) -> None:
        """Nothing is open."""


def _told(prompt: str, answered: BaseModel) -> dict[str, object]:
    return {"prompt": prompt, "schema": type(answered).__name__, "answer": answered.model_dump_json()}
