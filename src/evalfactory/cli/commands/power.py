"""evalfactory power."""

from __future__ import annotations

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
    """Print how many cases, repeats and dollars it takes to see a drop."""
    options = PowerOptions(arguments.drop, arguments.chance, arguments.run, arguments.baseline, arguments.store)
    power = suite_power(suite_path(arguments.suite), options)
    if arguments.json:
        say_json(power.model_dump(mode="json"))
    else:
        _say(power)
    return 0


def _say(power: Power) -> None:
    say(f"{power.suite}: to see a drop of {power.drop:g}, {power.chance:.0%} of the times it is there,")
    say("and to exclude one as often where nothing changed")
    say()
    titles = ("metric", "spread", "judge's noise", "cases", "known from")
    say_table(titles, [_metric(metric) for metric in power.metrics], numbers=titles[1:4])
    say()
    if power.needed:
        ways = ("repeats", "cases", "judge calls", "dollars")
        say_table(ways, [_needed(each) for each in power.needed], numbers=ways)
        say()
    tiers = power.metrics[0].detectable if power.metrics else {}
    if tiers:
        say_table(
            ("the drop that is seen in", *tiers),
            [(m.name, *(words.score(m.detectable.get(tier)) for tier in tiers)) for m in power.metrics],
            numbers=tuple(tiers),
        )
        say()
    for line in _notes(power):
        say(line)


def _metric(metric: MetricPower) -> tuple[str, ...]:
    cases = metric.needed[0].cases if metric.needed else None
    about = "+" if metric.few_changed else ""
    return (
        metric.name + (" (advisory)" if metric.metric_tier == "advisory" else ""),
        words.score(metric.spread),
        words.score(metric.noise),
        "–" if cases is None else f"{words.count(cases)}{about}",
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
    most = max((each.cases for each in power.needed), default=0)
    seen = f"runs {power.compared[0]} and {power.compared[1]}" if power.compared else f"run {power.run_id} alone"
    notes = [f"counted on {seen}; calls and dollars are those of one run"]
    if any(metric.few_changed for metric in power.metrics):
        notes.append("+ so few cases change that the gate will use a cautious bound, which needs somewhat more")
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
