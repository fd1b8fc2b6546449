"""A worker's place at a run, opened from its assignment."""

from __future__ import annotations

import asyncio
import math
import resource
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from ..app.planning import read_plan, versions
from ..engine.events import Events
from ..engine.orders import Assignment
from ..engine.producing import Producer
from ..engine.reusing import Reuse
from ..engine.station import Station
from ..errors import EnvironmentProblem
from ..judge.client import open_judge
from ..judge.port import EndpointStatus, Judge, Paced
from ..metrics.later import MetricsWhenNeeded
from ..records.plan import Plan
from ..records.suite import JudgeSpec, Limits, TargetSpec
from ..storage.layout import RunKeys
from ..storage.open import open_store
from .seats import Seats

Result = TypeVar("Result")

WORTH_SAYING_S = 3.0  # that nothing has answered: one failed request is none of anybody's business

WINDOW_PER_PLACE = 1.5  # slots under way for each request that may be in flight: some are between two requests


def event_loop(work: Coroutine[object, object, Result]) -> Result:
    """What the work returns, run in the fastest event loop there is, with as many open files as the system allows."""
    _allow_many_files()
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _allow_many_files() -> None:
    """Each request in flight is an open file, and shells allow few of them unless a program asks for more."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Workplace(NamedTuple):
    """Where a worker works, and its seats at the limits that it shares."""

    station: Station
    seats: Seats

    def shares(self, on_loss: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """Keep the worker's shares while the block runs. `on_loss` is called when they cannot be agreed on any more.

        Raises `UnavailableError` then, after the block, and before it when the store cannot be reached.
        """
        return self.seats.kept(on_loss)


@asynccontextmanager
async def open_workplace(assignment: Assignment, events: Events) -> AsyncIterator[Workplace]:
    """The workplace, with judges and target open until the end of the block.

    Raises:
        EnvironmentProblem: The plan is not the assigned one, or was made with other versions.
    """
    store = open_store(assignment.store, create=False, patient=True)
    keys = RunKeys(assignment.suite, assignment.run_id)
    plan = await asyncio.to_thread(read_plan, store, keys)
    _check(plan, assignment)
    folder = Path(assignment.folder)
    async with AsyncExitStack() as stack:
        judges = _judges(plan, assignment)
        for judge in judges.values():
            stack.push_async_callback(judge.close)
        producer = _producer(plan, assignment, folder)
        if producer is not None:
            stack.push_async_callback(producer.target.close)
        seats = Seats(assignment, store, keys)
        for spec, endpoint in _endpoints(plan, judges, producer):
            seats.add(spec, endpoint)
        station = Station(
            plan=plan,
            store=store,
            keys=keys,
            metrics=MetricsWhenNeeded(plan.recipes, judges, folder),
            producer=producer,
            reuse=Reuse(store, keys),
            events=events,
            attempt=assignment.attempt,
            window=partial(_window, plan, seats),
            waiting_for=_waiting_for([*judges.values(), *([producer.target] if producer else [])]),
        )
        yield Workplace(station, seats)


def _check(plan: Plan, assignment: Assignment) -> None:
    if plan.digest != assignment.plan_digest:
        raise EnvironmentProblem(
            f"run {plan.run_id} has plan {plan.digest[:12]}, and this worker was started for {assignment.plan_digest[:12]}"
        )
    if plan.versions != versions():
        raise EnvironmentProblem(
            f"the plan was made with {_in_words(plan.versions)}, and this worker has {_in_words(versions())}",
            hint="install the same versions everywhere: scores of different ones must not be mixed",
        )


def _judges(plan: Plan, assignment: Assignment) -> dict[str, Judge]:
    """A judge for each that the recipes name, by recipe; recipes with the same one share it."""
    opened: dict[str, Judge] = {}
    by_recipe: dict[str, Judge] = {}
    for recipe in plan.recipes:
        spec = recipe.judge.model_dump_json()
        if spec not in opened:
            judge = _reached(recipe.judge, "base_url", assignment)
            opened[spec] = open_judge(judge, succeeded_before=assignment.key_worked)
        by_recipe[recipe.name] = opened[spec]
    return by_recipe


def _producer(plan: Plan, assignment: Assignment, folder: Path) -> Producer | None:
    if plan.target is None:
        return None
    from ..target.opening import open_target

    target_spec = _reached(plan.target, "url" if plan.target.kind == "http" else "base_url", assignment)
    target = open_target(target_spec, folder=folder, succeeded_before=assignment.key_worked)
    return Producer(target, plan.target.always, plan.target_digest)


Endpoint = TypeVar("Endpoint", bound=Limits)


def _reached(spec: Endpoint, key: str, assignment: Assignment) -> Endpoint:
    """The endpoint at the address that it has from here."""
    here = assignment.addresses.get(getattr(spec, key, ""))
    return spec if here is None else spec.model_copy(update={key: here})


def _endpoints(
    plan: Plan, judges: Mapping[str, Judge], producer: Producer | None
) -> Iterator[tuple[JudgeSpec | TargetSpec, object]]:
    """Each judge once, and the target, with what the suite says of its limits."""
    seen: set[int] = set()
    for recipe in plan.recipes:
        judge = judges[recipe.name]
        if id(judge) not in seen:
            seen.add(id(judge))
            yield recipe.judge, judge
    if producer is not None and plan.target is not None:
        yield plan.target, producer.target


def _window(plan: Plan, seats: Seats) -> int:
    """Slots under way: in proportion to the share, but at least to the planned one, which may come back at any time."""
    places = max(recipe.judge.max_in_flight for recipe in plan.recipes)
    return max(4, math.ceil(places * seats.share * WINDOW_PER_PLACE))


def _waiting_for(endpoints: Iterable[object]) -> Callable[[], str]:
    paced = [endpoint for endpoint in endpoints if isinstance(endpoint, Paced)]

    def words() -> str:
        return "; ".join(dict.fromkeys(note for endpoint in paced if (note := _note(endpoint.status()))))

    return words


def _note(status: EndpointStatus) -> str:
    match status.state:
        case "away":
            return _silence(status)
        case _ if status.silent_s >= WORTH_SAYING_S:
            return _silence(status)
        case "paused":
            return "the judge asks to wait"
        case "open":
            return "other workers use the whole limit" if status.waiting and not status.allowed else ""


def _silence(status: EndpointStatus) -> str:
    return f"nothing has answered for {status.silent_s:.0f} s: {status.last_failure}"


def _in_words(versions: Mapping[str, str]) -> str:
    return " and ".join(f"{name} {version}" for name, version in sorted(versions.items()))
