"""How many cases, repeats and dollars it takes to exclude a drop, and to show one: arithmetic on what earlier runs have shown.

The difference of a case between two runs varies by what really changed and by the judge's noise in both runs. Judging
each case R times in both makes the noise's part smaller: spread² - 2 noise² (1 - 1/R). Loads numpy and scipy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from ..records.gate import MetricTier
from ..records.measurement import Usage
from ..records.sizing import MetricPower, Needed, Reach
from .statistics.estimate import ENOUGH
from .statistics.prospect import Prospect, detectable_drop, draws_to_exclude, draws_to_show, excludable_drop

REPEATS = (1, 2, 3, 5)


class Seen(NamedTuple):
    """What earlier runs have shown of a metric."""

    name: str
    tier: MetricTier
    allowed: float  # drop of its mean
    basis: Literal["differences", "scores", "none"]
    spread: float | None  # of a case's difference between two runs
    cases: int = 0
    clusters: int = 0
    effective: float = 0.0  # of the clusters
    largest: float = 1.0  # cluster
    span: float = 1.0
    noise: float | None = None  # deviation of the draws of one case


class Wanted(NamedTuple):
    """What is to be seen."""

    drop: float
    chance: float
    confidence: float
    gated: int = 1  # metrics

    @property
    def alpha(self) -> float:
        """The chance of each of the two wrong answers."""
        return (1 - self.confidence) / 2


class Price(NamedTuple):
    """What an earlier run took: the judge for so many draws of a case, the target for so many answers."""

    judge: Usage = Usage()
    draws: int = 0
    target: Usage = Usage()
    answers: int = 0


def metric_power(seen: Seen, wanted: Wanted, tiers: Mapping[str, int]) -> MetricPower:
    """What the metric needs; `tiers` are sizes by their names."""
    known = MetricPower(
        name=seen.name,
        metric_tier=seen.tier,
        allowed_drop=seen.allowed,
        spread=_rounded(seen.spread),
        basis=seen.basis,
        cases_seen=seen.cases,
        noise=_rounded(seen.noise),
    )
    if seen.spread is None or not seen.clusters:
        return known
    prospect = _prospect(seen, seen.spread, wanted)
    to_exclude = tuple(_needed(seen, wanted, lambda some: draws_to_exclude(some, seen.allowed)))
    few = bool(to_exclude) and prospect.of(to_exclude[0].cases * seen.clusters / seen.cases).effective < ENOUGH
    found = {
        "few_changed": few,
        "to_exclude": to_exclude,
        "to_show": tuple(_needed(seen, wanted, lambda some: draws_to_show(some, wanted.drop, seen.allowed))),
        "tiers": {name: _reach(seen, prospect, cases) for name, cases in tiers.items()},
    }
    return known.model_copy(update=found)


def _prospect(seen: Seen, spread: float, wanted: Wanted) -> Prospect:
    """What a comparison like the one seen would be, if differences spread by `spread` a case."""
    return Prospect(
        draws=seen.clusters,
        spread=spread * math.sqrt(seen.clusters / seen.cases),
        effective=seen.effective,
        largest=seen.largest,
        span=seen.span,
        alpha=wanted.alpha,
        among=1 if seen.tier == "advisory" else wanted.gated,
        power=wanted.chance,
    )


def _reach(seen: Seen, prospect: Prospect, cases: int) -> Reach:
    sized = prospect.of(cases * seen.clusters / seen.cases)
    detectable, excludable = detectable_drop(sized, seen.allowed), excludable_drop(sized)
    return Reach(cases=cases, detectable_drop=_roughly(detectable), excludable_drop=_roughly(excludable))


def together(metrics: Sequence[MetricPower], price: Price) -> tuple[Needed, ...]:
    """What a PASS takes: every critical metric's drop excluded. The cheapest way first; nothing while one is unknown."""
    return _together([metric.to_exclude for metric in metrics if metric.metric_tier == "critical"], price)


def together_shown(metrics: Sequence[MetricPower], drop: float, price: Price) -> tuple[Needed, ...]:
    """What a FAIL takes, whichever gated metric drops, as far as it allows less; the cheapest way first."""
    meant = [metric for metric in metrics if metric.metric_tier != "advisory" and metric.allowed_drop < drop]
    return _together([metric.to_show for metric in meant], price)


def _together(ways: Sequence[Sequence[Needed]], price: Price) -> tuple[Needed, ...]:
    if not ways or not all(ways):
        return ()
    known = set.intersection(*({each.repeats for each in some} for some in ways))
    found = [_priced(repeats, _most(repeats, ways), price) for repeats in sorted(known)]
    found = [each for each in found if each.repeats == 1 or each.cases < found[0].cases]  # the others only cost more
    return tuple(sorted(found, key=lambda each: (each.cases * each.repeats, each.repeats)))


def _needed(seen: Seen, wanted: Wanted, draws_of: Callable[[Prospect], int | None]) -> Iterator[Needed]:
    """Repeats and the cases they need; only once where the judge's noise is not known."""
    assert seen.spread is not None
    noise = min(seen.noise or 0.0, seen.spread / math.sqrt(2))  # a spread that was seen by chance may be below it
    for repeats in REPEATS if seen.noise is not None else (1,):
        spread = math.sqrt(max(seen.spread**2 - 2 * noise**2 * (1 - 1 / repeats), 0.0))
        draws = draws_of(_prospect(seen, spread, wanted))
        if draws is not None:
            yield Needed(repeats=repeats, cases=math.ceil(draws * seen.cases / seen.clusters))


def _most(repeats: int, ways: Iterable[Iterable[Needed]]) -> int:
    return max(each.cases for some in ways for each in some if each.repeats == repeats)


def _priced(repeats: int, cases: int, price: Price) -> Needed:
    if not price.draws:
        return Needed(repeats=repeats, cases=cases)
    judge_usd = repeats * price.judge.cost_usd / price.draws
    target_usd = price.target.cost_usd / price.answers if price.answers else 0.0
    return Needed(
        repeats=repeats,
        cases=cases,
        judge_calls=math.ceil(cases * repeats * price.judge.calls / price.draws),
        cost_usd=round(cases * (judge_usd + target_usd), 6) or None,
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 9)


def _roughly(drop: float | None) -> float | None:
    return None if drop is None else round(drop, 6)
