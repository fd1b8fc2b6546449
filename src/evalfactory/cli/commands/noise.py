"""evalfactory noise."""

from __future__ import annotations

import asyncio

from ...app.noise import judge_again, noise_of
from ...app.places import store_for
from ...app.registry import find_run
from ...errors import Exit
from ...records.sizing import MetricNoise, Noise, ShakyCase
from ...render import words
from ...suites import load_suite
from ..output import say, say_json, say_table
from ..parser import Arguments
from ..places import suite_path
from ..progress import watching
from .run import options

SHOWN = 10


def execute(arguments: Arguments) -> int:
    """Judge the same answers again, or tell of a run that did; print what the judge alone moves."""
    path = suite_path(arguments.suite)
    if arguments.of:
        store = store_for(load_suite(path), arguments.store)
        noise = noise_of(store, find_run(store, arguments.of))
    else:
        with watching(quiet=arguments.quiet) as observer:
            noise = asyncio.run(judge_again(path, options(arguments), arguments.times, observer))
    if arguments.json:
        say_json(noise.model_dump(mode="json"))
    else:
        _say(noise)
    return Exit.INCOMPLETE if noise.missing else Exit.PASS


def _say(noise: Noise) -> None:
    say(f"{noise.suite}, run {noise.run_id}: {words.plural(noise.cases, 'case')}, each judged {noise.repeats} times")
    say()
    titles = ("metric", "cases", "mean", "deviation", "flips", "interval", "shaky")
    say_table(titles, [_row(metric) for metric in noise.metrics], numbers=titles[1:])
    say()
    for metric in noise.metrics:
        if metric.same_again is not None:
            say(
                f"{metric.name}: two runs of these {metric.cases} cases on the same answers have means within "
                f"{words.score(metric.same_again)}, 19 times in 20"
            )
    for line in (
        f"{words.plural(noise.errored, 'draw')} errored, and count for nothing" if noise.errored else "",
        f"{words.plural(noise.missing, 'draw')} missing: the run is not complete" if noise.missing else "",
        f"judge: {words.usage(noise.judge)}",
    ):
        if line:
            say(line)
    if noise.shaky:
        say()
        say_table(("shaky case", "metric", "passed", "scores"), [_shaky(each) for each in noise.shaky[:SHOWN]])
        if len(noise.shaky) > SHOWN:
            say("  more with --json")


def _row(metric: MetricNoise) -> tuple[str, ...]:
    ends = metric.flip_interval
    return (
        metric.name,
        words.count(metric.cases),
        words.score(metric.mean),
        words.score(metric.deviation),
        words.percent(metric.flip_rate),
        "–" if ends is None else f"{words.percent(ends.low)} … {words.percent(ends.high)}",
        words.count(metric.shaky),
    )


def _shaky(case: ShakyCase) -> tuple[str, ...]:
    passed = "–" if case.passed is None else f"{case.passed} of {len(case.scores)}"
    return case.case_id, case.metric, passed, " ".join(f"{score:.2f}" for score in case.scores)
