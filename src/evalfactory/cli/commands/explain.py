"""evalfactory explain."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...app.explaining import Asking, Explained, explain
from ...records.measurement import Measurement
from ...render.explained import calls, case_texts, measurement, score_in_short
from ...render.safe import one_line
from ...render.screen import INDENT, Screen
from ...render.words import plural
from ..output import say_json, say_rendered
from ..output import screen as terminal
from ..parser import Arguments
from ..places import run_of, suite_path


def execute(arguments: Arguments) -> int:
    """Print one case of a run in full."""
    store, keys = run_of(arguments)
    folder = suite_path(arguments.suite).parent if arguments.suite else Path()
    asking: Asking = "never" if arguments.recorded else "always" if arguments.again else "where_needed"
    work = explain(store, keys, arguments.case, metric=arguments.metric, asking=asking, folder=folder)
    explained = asyncio.run(work)
    if arguments.json:
        say_json(_as_json(explained))
    else:
        width, color = terminal()
        say_rendered(_told(explained, Screen(width, color=color, wraps=sys.stdout.isatty())))
    return 0


def _as_json(explained: Explained) -> dict[str, Any]:
    return {
        "run_id": explained.run_id,
        "case": explained.case.model_dump(mode="json", exclude_none=True),
        "skipped": explained.skipped,
        "recorded": {
            name: [each.model_dump(mode="json") for each in measurements]
            for name, measurements in explained.recorded.items()
        },
        "said": {name: [each._asdict() for each in said] for name, said in explained.said.items()},
        "asked_now": {
            name: {"measurement": asked.measurement.model_dump(mode="json"), "calls": asked.calls}
            for name, asked in explained.asked.items()
        },
        "not_asked": explained.not_asked,
    }


def _told(explained: Explained, screen: Screen) -> str:
    screen.line((f"case {one_line(explained.case.id)} of run {one_line(explained.run_id)}", "bold"))
    case_texts(screen, explained.case)
    for name, why in explained.skipped.items():
        screen.blank()
        screen.line((one_line(name), "bold"), f": skipped, {one_line(why)}")
    for name in _measured(explained):
        _metric(screen, explained, name)
    _in_short(screen, explained)
    return screen.text()


def _measured(explained: Explained) -> list[str]:
    """The metrics that measure the case."""
    names = dict.fromkeys([*explained.recorded, *explained.asked, *explained.not_asked])
    return [name for name in names if name not in explained.skipped]


def _metric(screen: Screen, explained: Explained, name: str) -> None:
    """What was recorded, each measurement with what the judge said of it; then what it says now."""
    said = {each.repeat: each for each in explained.said.get(name, ())}
    for recorded in explained.recorded.get(name, []):
        measurement(screen, name, recorded, when="recorded")
        if then := said.get(recorded.repeat):
            calls(screen, f"{name} in the run", then.calls, left_out=then.left_out)
    if now := explained.asked.get(name):
        measurement(screen, name, now.measurement, when="asked again now")
        calls(screen, f"{name} now", now.calls)
    if why := explained.not_asked.get(name):
        screen.blank()
        screen.line((one_line(name), "bold"), (", not asked again", "dim"))
        screen.block("", why)


def _in_short(screen: Screen, explained: Explained) -> None:
    """The outcomes again at the end, because the prompts are long; and which of them are shown."""
    if not _measured(explained):
        return
    screen.blank()
    screen.line(f"in short, case {one_line(explained.case.id)} of run {one_line(explained.run_id)}:")
    for name in _measured(explained):
        screen.line(f"{INDENT}{one_line(name)}: {'; '.join(_short(explained, name))}")


def _short(explained: Explained, name: str) -> Iterator[str]:
    recorded: list[Measurement] = explained.recorded.get(name, [])
    yield f"recorded {', '.join(map(score_in_short, recorded)) or 'nothing'}"
    if said := explained.said.get(name):
        yield f"above is what the judge said then ({plural(sum(len(each.calls) for each in said), 'call')})"
    if asked := explained.asked.get(name):
        yield f"now {score_in_short(asked.measurement)}, {plural(len(asked.calls), 'call')}"
    if name in explained.not_asked:
        yield "not asked again"
    elif not said and not asked:
        yield "what the judge said was not kept (--again asks it, `execution: {keep_exchanges: all}` keeps it)"
