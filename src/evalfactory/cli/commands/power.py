"""evalfactory power."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...app.power import PowerOptions, suite_power
from ...records.sizing import MetricPower, Needed, Power
from ...render import words
from ..output import say, say_json, say_table
from ..parser import Arguments
from ..places import suite_path

FEW = 30
_BASIS = {
    "differences": "the differences of two runs",
    "scores": "one run's scores, which is too much",
    "none": "nothing yet",
}


def execute(arguments: Arguments) -> int:
    """Print how many cases, repeats and dollars it takes to exclude a drop, and to show one."""
    options = PowerOptions(arguments.drop, arguments.chance, arguments.run, arguments.baseline, arguments.store)
    power = suite_power(suite_path(arguments.suite), options)
    if arguments.json:
        say_json(power.model_dump(mode="json"))
    else:
        _say(power)
    return 0


def _say(power: Power) -> None:
    say(f"{power.suite}: cases for the right answer, {power.chance:.0%} of the times:")
    say("to exclude a drop beyond the allowed one where nothing changed (PASS),")
    say(f"and to show that a true drop of {power.drop:g} is beyond it (FAIL)")
    say()
    titles = ("metric", "spread", "judge's noise", "allowed", "to exclude", "to show", "known from")
    say_table(titles, [_metric(metric) for metric in power.metrics], numbers=titles[1:6])
    say()
    ways = ("repeats", "cases", "judge calls", "dollars")
    some = [("to exclude", each) for each in power.to_exclude] + [("to show", each) for each in power.to_show]
    if some:
        say_table(("all together", *ways), [(what, *_needed(each)) for what, each in some], numbers=ways)
        say()
    tiers = {tier: reach.cases for metric in power.metrics for tier, reach in metric.tiers.items()}
    if tiers:
        heads = [f"{tier} ({words.count(cases)})" for tier, cases in tiers.items()]
        say_table(("smallest drop in a tier", "", *heads), list(_reach(power, tuple(tiers))), numbers=heads)
        say()
    for line in _notes(power):
        say(line)


def _reach(power: Power, tiers: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Two rows a metric: what each tier shows, and what it excludes."""
    for metric in power.metrics:
        found = [metric.tiers.get(tier) for tier in tiers]
        yield metric.name, "shown", *(words.score(each.detectable_drop if each else None) for each in found)
        yield "", "excluded", *(words.score(each.excludable_drop if each else None) for each in found)


def _metric(metric: MetricPower) -> tuple[str, ...]:
    about = "+" if metric.few_changed else ""
    return (
        metric.name + (" (advisory)" if metric.metric_tier == "advisory" else ""),
        words.score(metric.spread),
        words.score(metric.noise),
        f"{metric.allowed_drop:g}",
        f"{words.count(metric.to_exclude[0].cases)}{about}" if metric.to_exclude else "–",
        words.count(metric.to_show[0].cases) if metric.to_show else "–",
        f"{_BASIS[metric.basis]}, {words.plural(metric.cases_seen, 'case')}",
    )


def _needed(each: Needed) -> tuple[str, ...]:
    return (
        words.count(each.repeats),
        words.count(each.cases),
        "–" if each.judge_calls is None else words.count(each.judge_calls),
        "–" if each.cost_usd is None else words.dollars(each.cost_usd),
    )


def _notes(power: Power) -> list[str]:
    most = max((each.cases for each in (*power.to_exclude, *power.to_show)), default=0)
    seen = f"runs {power.compared[0]} and {power.compared[1]}" if power.compared else f"run {power.run_id} alone"
    notes = [f"counted on {seen}; calls and dollars are those of one run"]
    notes += [
        f"{metric.name}: the gate allows a drop of {metric.allowed_drop:g}, so one of {power.drop:g} is not meant to FAIL"
        for metric in power.metrics
        if metric.metric_tier != "advisory" and metric.allowed_drop >= power.drop
    ]
    if any(metric.few_changed for metric in power.metrics):
        notes.append("+ so few cases change that the gate will use its cautious bound, which is counted with")
    if any(metric.basis == "scores" for metric in power.metrics):
        notes.append("a run beside a baseline tells more: evalfactory run SUITE --baseline NAME")
    if any(metric.spread is not None and metric.cases_seen < FEW for metric in power.metrics):
        notes.append(f"fewer than {FEW} cases were seen: take it for a rough guess")
    if most > power.dataset_cases:
        notes.append(f"the dataset has {words.plural(power.dataset_cases, 'case')}: too few for one judgement each")
    if power.noise_run_id is None:
        notes.append("what repeats would help is unknown until the judge's noise is: evalfactory noise SUITE")
    else:
        notes.append(f"the judge's noise is that of run {power.noise_run_id}; repeats are planned, in both runs alike")
    return notes
