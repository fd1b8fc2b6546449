"""G-Eval's evaluation steps, written by the judge once for a whole suite instead of once a case."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

from ..judge.port import Judge, JudgeError, Meter, current_meter
from ..records.suite import MetricSpec
from . import deepeval_api as deepeval
from .arguments import constructor_arguments
from .model import JudgeModel
from .sources import load


async def write_steps(spec: MetricSpec, judge: Judge) -> tuple[str, ...]:
    """The steps that the metric would ask its judge for at every measurement: DeepEval's own prompt, asked once.

    Charges the current meter, if there is one. Raises `JudgeError` when the judge writes none.
    """
    charged = contextvars.copy_context()
    if current_meter not in charged:
        charged.run(current_meter.set, Meter(asyncio.get_running_loop().time()))
    steps = await asyncio.create_task(_asked(spec, JudgeModel(judge, "judge")), context=charged)
    written = tuple(step for step in steps if step.strip())
    if not written:
        raise JudgeError("bad_json", f"the judge wrote no evaluation steps for the metric {spec.name!r}")
    return written


async def _asked(spec: MetricSpec, model: JudgeModel) -> list[str]:
    cls, arguments = {
        "geval": (deepeval.metrics.GEval, (False,)),  # not multimodal
        "conversational_geval": (deepeval.metrics.ConversationalGEval, ()),
    }[spec.type]
    wanted = {name: spec.args[name] for name in ("criteria", "evaluation_params")}
    given: dict[str, Any] = constructor_arguments(spec.type, wanted, _no_module)
    steps: list[str] = await cls(name=spec.name, model=model, **given)._a_generate_evaluation_steps(*arguments)
    return steps


def _no_module(path: str) -> Any:
    return load(path, "geval", None)
