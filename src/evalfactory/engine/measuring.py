"""One measurement, from admission to its record, whatever happens inside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import EvalFactoryError
from ..judge.meter import Trace
from ..judge.port import CallError, Meter, current_meter
from ..metrics.port import MetricError, Metrics, Scored
from ..records.case import Case
from ..records.measurement import Failure, Measurement
from ..records.plan import MetricRecipe

LONGEST_MESSAGE = 2000  # characters of an error kept in a record


@dataclass(frozen=True, slots=True)
class Admission:
    """One slot on its way through the line."""

    recipe: MetricRecipe
    repeat: int
    order: int
    attempt: str
    fingerprint: str
    deadline_s: float
    last_lap: Callable[[], bool] = lambda: False  # whether every slot has been admitted


class Deadline:
    """Cancels the current task once its meter shows more active time than allowed; waiting for limits is free."""

    def __init__(self, meter: Meter, deadline_s: float) -> None:
        self.passed = False
        self._meter = meter
        self._deadline_s = deadline_s
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._timer = self._loop.call_later(deadline_s, self._look)

    def _look(self) -> None:
        left_s = self._deadline_s - self._meter.active_s(self._loop.time())
        if left_s > 0.001:
            self._timer = self._loop.call_later(left_s, self._look)
        elif self._task is not None:
            self.passed = True
            self._task.cancel()

    def stop(self) -> None:
        """No longer watch."""
        self._timer.cancel()


async def measure(metrics: Metrics, case: Case, admission: Admission, *, trace: Trace | None = None) -> Measurement:
    """The slot's measurement: `scored` or `errored`, never an exception that belongs to this case alone.

    Runs in a task of its own; `trace` is given every request to the judge. Raises `UnavailableError`, `RefusedError`
    and the like, which say nothing about the case: its slot stays pending.
    """
    meter = Meter(asyncio.get_running_loop().time(), order=admission.order, last_lap=admission.last_lap)
    meter.trace = trace
    current_meter.set(meter)
    deadline = Deadline(meter, admission.deadline_s)
    try:
        outcome: Scored | Failure = await metrics.measure(case, admission.recipe)
    except asyncio.CancelledError:
        if not deadline.passed:
            raise
        words = f"not done after {admission.deadline_s:g} s of work ({meter.calls} calls sent)"
        outcome = Failure(error_class="timeout", where="metric", message=words)
    except EvalFactoryError:
        raise
    except CallError as error:
        outcome = Failure(error_class=error.error_class, where=error.where, message=_clip(str(error)))
    except MetricError as error:
        outcome = Failure(error_class="metric", where="metric", message=_clip(str(error)))
    except Exception as error:  # noqa: BLE001  the one place where a case's failure becomes a record
        outcome = Failure(error_class="bug", where="metric", message=_clip(f"{type(error).__name__}: {error}"))
    finally:
        deadline.stop()
        _cancel_children(meter)
    return _record(case, admission, meter, outcome)


def errored(case_id: str, admission: Admission, failure: Failure) -> Measurement:
    """The measurement of a slot that could not even begin."""
    return Measurement(
        case_id=case_id,
        metric=admission.recipe.name,
        repeat=admission.repeat,
        state="errored",
        threshold=admission.recipe.threshold,
        failure=failure,
        attempt=admission.attempt,
        fingerprint=admission.fingerprint,
    )


def skipped(case_id: str, recipe: MetricRecipe, repeat: int, reason: str, attempt: str) -> Measurement:
    """The measurement of a slot whose case lacks what the metric needs."""
    return Measurement(
        case_id=case_id,
        metric=recipe.name,
        repeat=repeat,
        state="skipped",
        reason=reason,
        threshold=recipe.threshold,
        attempt=attempt,
    )


def _record(case: Case, admission: Admission, meter: Meter, outcome: Scored | Failure) -> Measurement:
    seconds = round(asyncio.get_running_loop().time() - meter.started_s, 4)
    if isinstance(outcome, Failure):
        return errored(case.id, admission, outcome).model_copy(update={"usage": meter.usage, "seconds": seconds})
    return Measurement(
        case_id=case.id,
        metric=admission.recipe.name,
        repeat=admission.repeat,
        state="scored",
        score=outcome.score,
        reason=outcome.reason,
        threshold=outcome.threshold,
        success=outcome.success,
        usage=meter.usage,
        seconds=seconds,
        attempt=admission.attempt,
        fingerprint=admission.fingerprint,
    )


def _cancel_children(meter: Meter) -> None:
    """End the measurement's other tasks: `gather` leaves siblings of a failed call running, and billing."""
    current = asyncio.current_task()
    for task in meter.tasks:
        if task is not current and not task.done():
            task.cancel()


def _clip(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"
