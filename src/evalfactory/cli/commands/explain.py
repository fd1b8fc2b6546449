"""evalfactory explain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...app.explaining import Asked, Explained, explain
from ...records.measurement import Measurement
from ...render.safe import visible
from ...render.words import plural
from ..output import say, say_json
from ..parser import Arguments
from ..places import run_of, suite_path


def execute(arguments: Arguments) -> int:
    """Print one case of a run in full."""
    store, keys = run_of(arguments)
    folder = suite_path(arguments.suite).parent if arguments.suite else Path()
    work = explain(store, keys, arguments.case, metric=arguments.metric, ask=not arguments.recorded, folder=folder)
    explained = asyncio.run(work)
    if arguments.json:
        say_json(_as_json(explained))
    else:
        for line in _lines(explained):
            say(visible(line))
    return 0


def _as_json(explained: Explained) -> dict[str, Any]:
    return {
        "run_id": explained.run_id,
        "case": explained.case.model_dump(mode="json", exclude_none=True),
        "skipped": explained.skipped,
        "recorded": {
            name: [measurement.model_dump(mode="json") for measurement in measurements]
            for name, measurements in explained.recorded.items()
        },
        "asked_now": {
            name: {"measurement": asked.measurement.model_dump(mode="json"), "calls": asked.calls}
            for name, asked in explained.asked.items()
        },
    }


def _lines(explained: Explained) -> Iterator[str]:
    yield f"case {explained.case.id} of run {explained.run_id}"
    for name, value in explained.case.model_dump(mode="json", exclude_none=True, exclude={"id"}).items():
        if value not in ((), [], {}, "", False):
            yield from _block(name, value if isinstance(value, str) else "\n".join(_texts(value)))
    for name, why in explained.skipped.items():
        yield f"\n{name}: skipped, {why}"
    for name in dict.fromkeys([*explained.recorded, *explained.asked]):
        for measurement in explained.recorded.get(name, []):
            yield f"\n{name}, recorded: {_outcome(measurement)}"
        if name in explained.asked:
            yield from _asked(name, explained.asked[name])
    yield from _in_short(explained)


def _asked(name: str, asked: Asked) -> Iterator[str]:
    yield f"\n{name}, asked again now: {_outcome(asked.measurement)}"
    for number, call in enumerate(asked.calls, start=1):
        yield f"\n── {name}, call {number} of {len(asked.calls)}{_call(call)}"
        yield from _block("prompt", str(call.get("prompt", "")))
        yield from _block("answer", str(call.get("answer", call.get("error", ""))))


def _in_short(explained: Explained) -> Iterator[str]:
    """The outcomes again at the end, because the prompts are long."""
    if explained.asked:
        yield f"\nin short, case {explained.case.id} of run {explained.run_id}:"
    for name, asked in explained.asked.items():
        then = ", ".join(_short(measurement) for measurement in explained.recorded.get(name, [])) or "nothing"
        yield f"  {name}: recorded {then}; now {_short(asked.measurement)}, {plural(len(asked.calls), 'call')}"


def _short(measurement: Measurement) -> str:
    return measurement.state if measurement.score is None else f"{measurement.score:.3f}"


def _call(call: Mapping[str, object]) -> str:
    told = (("schema", call.get("schema")), ("status", call.get("status")), ("try", call.get("try")))
    return "".join(f" · {name} {value}" for name, value in told if value is not None)


def _outcome(measurement: Measurement) -> str:
    if measurement.state == "scored":
        return f"{measurement.score:.3f}, threshold {measurement.threshold}: {measurement.reason}"
    if measurement.failure is not None:
        return f"errored, {measurement.failure.error_class}: {measurement.failure.message}"
    return f"{measurement.state}: {measurement.reason}"


def _block(title: str, text: str) -> Iterator[str]:
    yield f"  {title}"
    for line in text.split("\n"):
        yield f"    {line}"


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
