"""A Python callable as the system under test."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import math
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import UnavailableError
from ..judge.admission import Admission, Landing, Wish
from ..judge.availability import Availability
from ..judge.gate import Gate
from ..judge.meter import Meter
from ..judge.options import Options, pacer_of
from ..judge.port import EndpointStatus, current_meter
from ..records.case import Case
from ..records.measurement import Usage
from ..records.suite import PythonTarget
from .callables import load
from .caught import Caught
from .fields import conversation_refused, seen
from .port import Produced, TargetError
from .produced import Unfit, produced_by_function

Work = asyncio.Future[tuple[Caught, Any]]


class FunctionSystem:
    """Calls the function for each case: an async one in the event loop, a plain one in a thread of its own.

    A thread of its own, because one that hangs cannot be stopped: it must hold neither the others nor the exit.
    """

    def __init__(self, spec: PythonTarget, folder: Path, options: Options) -> None:
        self._spec = spec
        self._function = load(spec.python, folder)
        self._total = Meter(0.0)
        self._pacer = pacer_of(spec, options)
        availability = Availability(options.policy, spec.outage_s)
        self._gate = Gate(Admission(self._pacer, availability, options.rng), _never_away)
        self.has_answered = True  # there is no key

    @property
    def usage(self) -> Usage:
        return self._total.usage

    def set_share(self, share: float, until_s: float = math.inf) -> None:
        """Take another share of the limits from now on and until `until_s`; call it in the event loop."""
        self._gate.set_share(share, until_s)

    def status(self) -> EndpointStatus:
        return self._gate.admission.status(asyncio.get_running_loop().time())

    async def produce(self, case: Case) -> Produced:
        """What the function returns for the case. Raises `TargetError` for whatever it raises."""
        conversation_refused(case)
        meter = current_meter.get(None) or Meter(asyncio.get_running_loop().time())
        entry = await self._gate.enter(meter, Wish(meter.rank))
        try:
            meter.calls += 1
            self._total.calls += 1
            with meter.flying():
                said = await self._said(seen(case))
        finally:
            self._gate.leave(entry, Landing("answered"))
        try:
            return produced_by_function(said)
        except Unfit as unfit:
            raise TargetError("bad_json", f"{self._spec.python}: {unfit}") from None

    async def close(self) -> None:
        """Nothing is open."""

    async def _said(self, fields: dict[str, Any]) -> Any:
        said = await self._in_time(_start(self._function, fields))
        return await self._in_time(_start(_awaited, said)) if inspect.isawaitable(said) else said

    async def _in_time(self, work: Work) -> Any:
        """What the work comes to. It is left behind when its time is over or the caller is cancelled."""
        try:
            done, _ = await asyncio.wait({work}, timeout=self._spec.timeout_s)
        finally:
            if not work.done():
                work.cancel()
        if not done:
            raise TargetError("timeout", f"{self._spec.python}: no answer within {self._spec.timeout_s:g} s")
        if work.cancelled():
            raise TargetError("bug", f"{self._spec.python}: CancelledError: it cancelled itself")
        caught, said = work.result()
        if caught.error is not None:
            raise TargetError("bug", f"{self._spec.python}: {caught.in_words()}") from caught.error
        return said


def _start(function: Callable[[Any], Any], argument: Any) -> Work:
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        return asyncio.create_task(_awaiting(function, argument))
    return _in_thread(function, argument)


async def _awaited(awaitable: Any) -> Any:
    """What a plain function that returned an awaitable meant."""
    return await awaitable


async def _awaiting(function: Callable[[Any], Any], argument: Any) -> tuple[Caught, Any]:
    caught, said = Caught(), None
    with caught:
        said = await function(argument)
    return caught, said


def _in_thread(function: Callable[[Any], Any], argument: Any) -> Work:
    loop = asyncio.get_running_loop()
    work: Work = loop.create_future()
    context = contextvars.copy_context()

    def tell(result: tuple[Caught, Any]) -> None:
        if not work.done():
            work.set_result(result)

    def run() -> None:
        caught, said = Caught(all_of_it=True), None
        with caught:
            said = context.run(function, argument)
        with suppress(RuntimeError):  # the loop may be gone by now
            loop.call_soon_threadsafe(tell, (caught, said))

    threading.Thread(target=run, name="target", daemon=True).start()
    return work


def _never_away() -> UnavailableError:
    return UnavailableError("the target is away")
