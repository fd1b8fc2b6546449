"""Outputs from the system under test, kept with the measurements they lead to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..judge.port import CallError, Meter, current_meter
from ..records.base import digest_of
from ..records.case import Case
from ..records.measurement import Failure, Output
from ..target.fields import is_due, seen
from ..target.port import Produced, Target


@dataclass(frozen=True, slots=True)
class Producer:
    """The target with the rule when it is asked."""

    target: Target
    always: bool
    recipe_digest: str

    def is_due(self, case: Case) -> bool:
        """Whether the target must produce the case's output."""
        return is_due(case, always=self.always)

    def fingerprint(self, case: Case) -> str:
        """What decides whether an earlier output still counts: all that a target sees of the case, and its recipe."""
        return digest_of(["output", seen(case), self.recipe_digest])

    async def produce(self, case: Case, *, order: int, attempt: str) -> Output:
        """The target's output, or its failure on this case; raises when the target does not answer anybody."""
        loop = asyncio.get_running_loop()
        meter = Meter(loop.time(), order=order)
        current_meter.set(meter)
        mark = self.fingerprint(case)
        produced: Produced | None = None
        failure: Failure | None = None
        try:
            produced = await self.target.produce(case)
        except CallError as error:
            failure = Failure(error_class=error.error_class, where="target", message=str(error)[:2000])
        return Output(
            case_id=case.id,
            actual_output=produced.actual_output if produced else None,
            retrieval_context=produced.retrieval_context if produced else None,
            tools_called=produced.tools_called if produced else None,
            failure=failure,
            usage=meter.usage,
            seconds=round(loop.time() - meter.started_s, 4),
            active_s=round(meter.active_s(loop.time()), 4),
            attempt=attempt,
            fingerprint=mark,
        )


def completed(case: Case, output: Output) -> Case:
    """The case with what the target produced; what it did not produce stays as the dataset has it."""
    produced = {
        name: value
        for name in ("actual_output", "retrieval_context", "tools_called")
        if (value := getattr(output, name)) is not None
    }
    return case.model_copy(update=produced)
