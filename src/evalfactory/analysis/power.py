"""How many cases, repeats and dollars it takes to see a drop; pure arithmetic on what earlier runs have shown.

The difference of a case between two runs varies by what really changed and by the judge's noise in both runs. Judging
each case R times in both makes the noise's part smaller: spread² - 2 noise² (1 - 1/R). Power as of a normal mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from ..records.gate import MetricTier
from ..records.measurement import Usage
from ..records.sizing import MetricPower, Needed
from .sizes import cases_for, detectable_drop_of

REPEATS = (1, 2, 3, 5)
#: So many effective clusters the bootstrap wants; with fewer the cautious bound is used.
ENOUGH_EFFECTIVE = 50


class Seen(NamedTuple):
    """What earlier runs have shown of a metric."""

    name: str
    tier: MetricTier
    spread: float | None  # of a case's difference between two runs
    basis: Literal["differences", "scores", "none"]
    cases: int = 0
    effective: float | None = None  # clusters; None where unknown
    noise: float | None = None  # deviation of the draws of one case


class Wanted(NamedTuple):
    """What is to be seen."""

    drop: float
    chance: float
    confidence: float

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
    needed = tuple(Needed(repeats=repeats, cases=cases) for repeats, cases in _cases(seen, wanted))
    return MetricPower(
        name=seen.name,
        metric_tier=seen.tier,
        spread=_rounded(seen.spread),
        basis=seen.basis,
        cases_seen=seen.cases,
        noise=_rounded(seen.noise),
        few_changed=_few_changed(seen, needed[0].cases if needed else None),
        needed=needed,
        detectable={
            name: round(detectable_drop_of(cases, seen.spread, alpha=wanted.alpha, power=wanted.chance), 9)
            for name, cases in tiers.items()
            if seen.spread is not None
        },
    )


def together(metrics: Sequence[MetricPower], price: Price) -> tuple[Needed, ...]:
    """What all gated metrics need together, the cheapest first; nothing while one of them is unknown."""
    gated = [metric for metric in metrics if metric.metric_tier != "advisory"]
    if not gated or any(not metric.needed for metric in gated):
        return ()
    known = set.intersection(*({each.repeats for each in metric.needed} for metric in gated))
    found = [_priced(repeats, _most(repeats, gated), price) for repeats in sorted(known)]
    found = [each for each in found if each.repeats == 1 or each.cases < found[0].cases]  # the others only cost more
    return tuple(sorted(found, key=lambda each: (each.cases * each.repeats, each.repeats)))


def _cases(seen: Seen, wanted: Wanted) -> Iterator[tuple[int, int]]:
    """Repeats and the cases they need; only once where the judge's noise is not known."""
    if seen.spread is None:
        return
    noise = min(seen.noise or 0.0, seen.spread / math.sqrt(2))  # a spread that was seen by chance may be below it
    for repeats in REPEATS if seen.noise is not None else (1,):
        spread = math.sqrt(max(seen.spread**2 - 2 * noise**2 * (1 - 1 / repeats), 0.0))
        yield repeats, cases_for(wanted.drop, spread, alpha=wanted.alpha, power=wanted.chance)


def _few_changed(seen: Seen, cases: int | None) -> bool:
    if seen.effective is None or not seen.cases or cases is None:
        return False
    return cases * seen.effective / seen.cases < ENOUGH_EFFECTIVE


def _most(repeats: int, metrics: Iterable[MetricPower]) -> int:
    return max(each.cases for metric in metrics for each in metric.needed if each.repeats == repeats)


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
