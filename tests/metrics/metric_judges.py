"""Judges that fail, hang or lie, for the tests of the bridge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from evalfactory.judge.port import Answer, current_meter
from evalfactory.metrics.rehearsal import RehearsalJudge


class FailingJudge(RehearsalJudge):
    """Raises at the question whose number is `at`, the first being 0; answers the others."""

    def __init__(self, error: Callable[[], Exception], at: int = 0) -> None:
        super().__init__()
        self._error = error
        self._at = at

    async def ask(self, prompt: str, schema: type[Answer] | None) -> Answer | str:
        answer = await super().ask(prompt, schema)
        if len(self.prompts) - 1 == self._at:
            raise self._error()
        return answer


class HangingJudge(RehearsalJudge):
    """Never answers; tells when it is asked and when the question is given up."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.given_up = asyncio.Event()

    async def ask(self, prompt: str, schema: type[Answer] | None) -> Answer | str:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.set()
        raise AssertionError("it never wakes")


class MeteredJudge(RehearsalJudge):
    """Charges the meter of whoever asks, as a real one does."""

    async def ask(self, prompt: str, schema: type[Answer] | None) -> Answer | str:
        current_meter.get().calls += 1
        return await super().ask(prompt, schema)
