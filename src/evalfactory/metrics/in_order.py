"""Answers handed over in the order of the questions, for metrics whose reason depends on it."""

from __future__ import annotations

import asyncio

from ..judge.port import Answer, Judge

#: Turns of the event loop in which what follows from one answer is asked before the next answer is handed over.
_TURNS = 8


class InOrder:
    """A judge for one measurement: questions are on their way together, answers come one by one in the order of asking.

    Some metrics collect results as they arrive and show that list to the judge. This way the same answers lead to the
    same questions, however long each took; a run's results do not depend on its luck.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._latest: asyncio.Future[None] | None = None

    async def ask(self, prompt: str, schema: type[Answer] | None) -> Answer | str:
        """The judge's answer, once every earlier question has been answered."""
        earlier = self._latest
        mine = self._latest = asyncio.get_running_loop().create_future()
        try:
            answer = await self._judge.ask(prompt, schema)
            if earlier is not None and not earlier.done():
                await asyncio.shield(earlier)
            return answer
        finally:
            _later(mine, _TURNS)

    async def close(self) -> None:
        """Nothing to close."""


def _later(future: asyncio.Future[None], turns: int) -> None:
    if turns:
        future.get_loop().call_soon(_later, future, turns - 1)
    elif not future.done():
        future.set_result(None)
