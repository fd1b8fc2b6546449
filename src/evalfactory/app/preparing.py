"""Everything that must be known of metrics and target before a plan can be hashed."""

from __future__ import annotations

import asyncio
import json
from typing import NamedTuple

from ..catalogue import catalogue
from ..errors import InputError, UnavailableError
from ..judge.client import open_judge
from ..judge.port import JudgeError, Meter, current_meter
from ..metrics.recipes import needs_steps, resolve_recipe, steps_key
from ..records.base import digest_of
from ..records.measurement import Usage
from ..records.plan import MetricRecipe
from ..records.suite import JudgeSpec, MetricSpec, TargetSpec
from ..storage.layout import recipe_key
from ..storage.port import Store
from ..suites import LoadedSuite


class Prepared(NamedTuple):
    """What a plan is made with."""

    recipes: tuple[MetricRecipe, ...]
    target: TargetSpec | None = None  # with the content of its files, so that a worker needs none
    target_digest: str = ""
    usage: Usage = Usage()  # of the judge's, for evaluation steps


async def prepare(loaded: LoadedSuite, store: Store) -> Prepared:
    """The suite's metrics as recipes; G-Eval steps that nobody has written yet are asked of the judge, once.

    Raises:
        InputError: The target cannot work as it is written, or a metric's arguments do not fit.
        EnvironmentProblem: A metric's module cannot be imported, or a judge's key is missing.
    """
    suite = loaded.suite
    target, target_digest, produced = _target(loaded)
    recipes = []
    meter = Meter(asyncio.get_running_loop().time())
    current_meter.set(meter)
    for spec in suite.metrics:
        steps = await _steps(spec, spec.judge or suite.judge, store) if needs_steps(spec) else None
        recipes.append(
            resolve_recipe(spec, suite.judge, catalogue(), steps=steps, produced=produced, folder=loaded.folder)
        )
    return Prepared(tuple(recipes), target, target_digest, meter.usage)


def _target(loaded: LoadedSuite) -> tuple[TargetSpec | None, str, tuple[str, ...]]:
    spec = loaded.suite.target
    if spec is None:
        return None, "", ()
    from ..target.opening import check_target, frozen_target, produced_fields, target_recipe

    if problems := check_target(spec, loaded.folder):
        raise InputError(f"the target of {loaded.path} cannot work as it is written", tuple(problems))
    recipe = target_recipe(spec, loaded.folder)
    return frozen_target(spec, loaded.folder), digest_of(recipe), produced_fields(spec)


async def _steps(spec: MetricSpec, judge_spec: JudgeSpec, store: Store) -> tuple[str, ...]:
    """The metric's evaluation steps: those in the store, else new ones, the same for everybody from now on."""
    key = recipe_key(steps_key(spec, judge_spec, catalogue()))
    try:
        return _read_steps(store, key)
    except FileNotFoundError:
        pass
    from ..metrics.steps import write_steps  # imports DeepEval, for its own prompt

    judge = open_judge(judge_spec)
    try:
        steps = await write_steps(spec, judge)
    except JudgeError as error:
        raise UnavailableError(f"the judge could not write the evaluation steps of {spec.name!r}: {error}") from error
    finally:
        await judge.close()
    body = {"metric": spec.type, "criteria": spec.args.get("criteria"), "evaluation_steps": list(steps)}
    if store.create(key, json.dumps(body, ensure_ascii=False, indent=1).encode()):
        return steps
    return _read_steps(store, key)


def _read_steps(store: Store, key: str) -> tuple[str, ...]:
    return tuple(str(step) for step in json.loads(store.read(key))["evaluation_steps"])
