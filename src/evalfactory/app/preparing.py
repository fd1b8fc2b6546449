"""Everything that must be known of metrics and target before a plan can be hashed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from ..catalogue import catalogue
from ..errors import EnvironmentProblem, InputError, Problem, UnavailableError
from ..judge.client import open_judge
from ..judge.credentials import headers_of
from ..judge.port import JudgeError, Meter, current_meter
from ..metrics.recipes import needs_steps, resolve_recipe, steps_key
from ..records.base import digest_of
from ..records.measurement import Usage
from ..records.plan import MetricRecipe
from ..records.suite import ChatTarget, HttpTarget, JudgeSpec, MetricSpec, Suite, TargetSpec
from ..storage.layout import recipe_key
from ..storage.port import Store
from ..suites import LoadedSuite

LONGEST_OUTAGE_S = 60.0  # nothing is measured yet, and nothing can be said of how far it is


class Prepared(NamedTuple):
    """What a plan is made with."""

    recipes: tuple[MetricRecipe, ...]
    target: TargetSpec | None = None  # with the content of its files, so that a worker needs none
    target_digest: str = ""
    usage: Usage = Usage()  # of the judge's, for evaluation steps


class _Target(NamedTuple):
    """The target as the plan keeps it, what decides its outputs, and the case's fields that it fills."""

    spec: TargetSpec | None
    digest: str
    produced: tuple[str, ...]


#: To look at a metric before its steps are written.
_ANY_STEPS = ("any",)


def check_keys(suite: Suite) -> None:
    """Return if every key that the suite refers to is in the environment: to be known before anything is planned.

    Raises:
        EnvironmentProblem: One is not.
    """
    for metric in suite.metrics:
        judge = metric.judge or suite.judge
        if judge.kind == "openai":
            headers_of(judge, "the judge")
    if isinstance(suite.target, HttpTarget | ChatTarget):
        headers_of(suite.target, "the target")


async def prepare(loaded: LoadedSuite, store: Store) -> Prepared:
    """The suite's metrics as recipes; G-Eval steps that nobody has written yet are asked of the judge, once.

    Raises:
        InputError: The target cannot work as it is written, or a metric's arguments do not fit.
        EnvironmentProblem: A metric's module cannot be imported, or a judge's key is missing.
        Either names all that is wrong with target and metrics; what the suite says wrongly goes before what is missing.
    """
    suite = loaded.suite
    target, target_digest, produced = _sound(loaded)
    recipes = []
    meter = Meter(asyncio.get_running_loop().time())
    current_meter.set(meter)
    for spec in suite.metrics:
        steps = await _steps(spec, spec.judge or suite.judge, store) if needs_steps(spec) else None
        recipes.append(_recipe(loaded, spec, steps, produced))
    return Prepared(tuple(recipes), target, target_digest, meter.usage)


def _sound(loaded: LoadedSuite) -> _Target:
    """The target, if it and every metric can work: known before the judge is paid for a step."""
    target = _Target(None, "", ())
    broken: list[InputError | EnvironmentProblem] = []
    try:
        target = _target(loaded)
    except InputError as error:
        broken.append(error)
    for spec in loaded.suite.metrics:
        try:
            _recipe(loaded, spec, _ANY_STEPS if needs_steps(spec) else None, target.produced)
        except (InputError, EnvironmentProblem) as error:
            broken.append(error)
    if broken:
        raise _all_of(broken, loaded)
    return target


def _all_of(broken: list[InputError | EnvironmentProblem], loaded: LoadedSuite) -> InputError | EnvironmentProblem:
    """One error for all of them: of the suite, if any of them is, as no environment will mend that."""
    if len(broken) == 1:
        return broken[0]
    problems = [error.problems or (Problem(error.message, hint=error.hint),) for error in broken]
    kind = InputError if any(isinstance(error, InputError) for error in broken) else EnvironmentProblem
    found = tuple(problem for each in problems for problem in each)
    return kind(f"{len(found)} problems with what {loaded.path} names", found)


def _recipe(
    loaded: LoadedSuite, spec: MetricSpec, steps: tuple[str, ...] | None, produced: tuple[str, ...]
) -> MetricRecipe:
    judge, folder = loaded.suite.judge, loaded.folder
    return resolve_recipe(spec, judge, catalogue(), steps=steps, produced=produced, folder=folder)


def _target(loaded: LoadedSuite) -> _Target:
    spec = loaded.suite.target
    if spec is None:
        return _Target(None, "", ())
    from ..target.opening import check_target, frozen_target, produced_fields, target_recipe

    if problems := check_target(spec, loaded.folder):
        raise InputError(f"the target of {loaded.path} cannot work as it is written", tuple(problems))
    recipe = target_recipe(spec, loaded.folder)
    return _Target(frozen_target(spec, loaded.folder), digest_of(recipe), produced_fields(spec))


async def _steps(spec: MetricSpec, judge_spec: JudgeSpec, store: Store) -> tuple[str, ...]:
    """The metric's evaluation steps: those in the store, else new ones, the same for everybody from now on."""
    key = recipe_key(steps_key(spec, judge_spec, catalogue()))
    try:
        return _read_steps(store, key)
    except FileNotFoundError:
        pass
    from ..metrics.steps import write_steps  # imports DeepEval, for its own prompt

    judge = open_judge(judge_spec.model_copy(update={"outage_s": min(judge_spec.outage_s, LONGEST_OUTAGE_S)}))
    try:
        steps = await write_steps(spec, judge)
    except JudgeError as error:
        raise UnavailableError(f"the judge could not write the evaluation steps of {spec.name!r}: {error}") from error
    except UnavailableError as error:
        again = "nothing was measured; run it again when the judge answers"
        raise UnavailableError(error.message, hint=error.hint or again) from error
    finally:
        await judge.close()
    body: dict[str, object] = {
        "metric": spec.type,
        "criteria": spec.args.get("criteria"),
        "evaluation_steps": list(steps),
    }
    body["digest"] = digest_of(body)
    if store.create(key, json.dumps(body, ensure_ascii=False, indent=1).encode()):
        return steps
    return _read_steps(store, key)


def _read_steps(store: Store, key: str) -> tuple[str, ...]:
    """Raises `InputError` when they are not what was written."""
    with suppress(ValueError):
        kept = json.loads(store.read(key))
        match kept:
            case {"evaluation_steps": [str(), *_] as steps} if _is_whole(kept):
                return tuple(map(str, steps))
    hint = "restore it, or delete it: then the judge writes new steps, and scores by the old ones are not reused"
    problem = Problem("it holds no evaluation steps, or others than were written", file=key, hint=hint)
    raise InputError("a file of the store was changed or cut short", (problem,))


def _is_whole(kept: Mapping[str, object]) -> bool:
    """Whether the file has the digest of its content; those of earlier versions have none."""
    return kept.get("digest") in (None, digest_of({key: kept[key] for key in kept if key != "digest"}))
