"""The gate's timer on the event loop that workers use, on a machine that is so busy that the time has come before it is set."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

import pytest

from evalfactory.errors import UnavailableError
from evalfactory.judge.admission import Admission, Landing, Step, Wish
from evalfactory.judge.availability import Availability
from evalfactory.judge.gate import Gate
from evalfactory.judge.limits import Pacer, Rates
from evalfactory.judge.meter import Meter
from evalfactory.judge.retry import RetryPolicy

uvloop = pytest.importorskip("uvloop")


class Slow(Admission):
    """A queue whose decisions take longer than the shortest timer."""

    def step(self, now_s: float) -> Step:
        end_s = time.perf_counter() + 0.003
        while time.perf_counter() < end_s:
            pass
        return super().step(now_s)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_calls_that_wait_are_let_in_when_their_time_has_come_before_the_timer_was_set(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def story() -> int:
        policy = RetryPolicy()
        gate = Gate(
            Slow(Pacer(Rates(1)), Availability(policy, 60.0), random.Random(1)), lambda: UnavailableError("never")
        )

        async def call(number: int) -> int:
            now_s = asyncio.get_running_loop().time()
            entry = await gate.enter(Meter(now_s), Wish(ready_s=now_s + 0.0005 * number, failures=1, fresh=False))
            gate.leave(entry, Landing("answered"))
            return number

        return len(await asyncio.gather(*(call(number) for number in range(8))))

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(story()) == 8
