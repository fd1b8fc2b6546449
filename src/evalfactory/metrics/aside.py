"""Measuring in a thread with an event loop of its own, for metrics that would stop everybody else's."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel

from ..judge.port import Answer, Judge
from .port import MetricError

Result = TypeVar("Result")


class FromAside:
    """The judge as a thread sees it: questions are asked on the judge's own event loop."""

    def __init__(self, judge: Judge, loop: asyncio.AbstractEventLoop) -> None:
        self._judge = judge
        self._loop = loop

    async def ask(self, prompt: str, schema: type[Answer] | None) -> Answer | str:
        """The judge's answer; the thread's own event loop goes on meanwhile."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._judge.ask(prompt, schema), self._loop))

    def ask_now(self, prompt: str, schema: type[BaseModel] | None) -> Any:
        """The judge's answer; the thread stands still meanwhile."""
        return asyncio.run_coroutine_threadsafe(self._judge.ask(prompt, schema), self._loop).result()

    async def close(self) -> None:
        """Nothing to close."""


async def aside(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """What `work()` returns, run in a new thread within this task's context.

    Cancelling cancels the work too. A thread that hangs is left behind: it is a daemon, so it cannot keep the process.
    """
    outcome: concurrent.futures.Future[Result] = concurrent.futures.Future()
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_run, work, outcome), name="metric", daemon=True).start()
    return await asyncio.wrap_future(outcome)


def _run(work: Callable[[], Coroutine[Any, Any, Result]], outcome: concurrent.futures.Future[Result]) -> None:
    try:
        asyncio.run(_to_its_end(work, outcome))
    finally:
        with suppress(concurrent.futures.InvalidStateError):
            outcome.set_exception(MetricError("the metric ended the thread it was measured in"))


async def _to_its_end(
    work: Callable[[], Coroutine[Any, Any, Result]], outcome: concurrent.futures.Future[Result]
) -> None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work())
    outcome.add_done_callback(lambda done: _cancel(loop, task) if done.cancelled() else None)
    await asyncio.wait({task})
    with suppress(concurrent.futures.InvalidStateError):
        if task.cancelled():
            outcome.cancel()
        elif error := task.exception():
            outcome.set_exception(error)
        else:
            outcome.set_result(task.result())


def _cancel(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
    with suppress(RuntimeError):  # the loop has just ended
        loop.call_soon_threadsafe(task.cancel)
