"""Who should take how much of a limit: a pure function of what everybody says, so that all come to the same answer."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from .beat import Who


class Claim(NamedTuple):
    """What a worker takes and wants, in units of the whole."""

    who: Who
    takes: int
    wants: int


class Verdict(NamedTuple):
    """What one worker should take in the end, and what it may ask for already."""

    target: int
    now: int


def part(total: int, parts: int, place: int) -> int:
    """The units of place `place` (from 0) when `total` is cut into `parts` that differ by one at most."""
    return (place + 1) * total // parts - place * total // parts


def fair(total: int, wants: Sequence[int]) -> list[int]:
    """How much each gets: nobody more than it wants, nothing left while somebody wants more, otherwise equal amounts.

    Max-min fairness in whole units; among equals, the first ones get the odd units.
    """
    given = [0] * len(wants)
    order = sorted(range(len(wants)), key=lambda index: (wants[index], -index))
    for rank, index in enumerate(order):
        given[index] = min(wants[index], total // (len(wants) - rank))
        total -= given[index]
    return given


def verdict(me: Who, claims: Sequence[Claim], units: int, turn: int) -> Verdict:
    """What `me`, one of those who claim, should take of `units`. Everybody's targets never add up to more.

    Runs get equal amounts, and in a run its workers do, as far as they want it. What nobody wants stays where it is.
    Where there are more workers than units, `turn` decides whose turn it is. Those who should take more share what
    nobody takes at present, first come first: so two of them do not reach for the same unit.
    """
    order = _order(claims, crowded=sum(claim.wants > 0 for claim in claims) > units, turn=turn)
    free = units - sum(claim.takes for claim in claims)
    for claim, target in zip(order, targets(order, units), strict=True):
        more = max(0, min(target - claim.takes, free))
        free -= more
        if claim.who == me:
            return Verdict(target, min(target, claim.takes + more))
    raise ValueError(f"{me} claims nothing")


def _order(claims: Sequence[Claim], *, crowded: bool, turn: int) -> list[Claim]:
    """Whoever takes more already comes first, so that an odd unit stays where it is; in a crowd they take turns."""
    if crowded:
        return sorted(claims, key=lambda claim: (zlib.crc32(f"{turn} {'.'.join(claim.who)}".encode()), claim.who))
    taken: Counter[str] = Counter()
    for claim in claims:
        taken[claim.who.run] += claim.takes
    return sorted(claims, key=lambda claim: (-taken[claim.who.run], claim.who.run, -claim.takes, claim.who))


def targets(order: Sequence[Claim], units: int) -> list[int]:
    """What each should take in the end; of equals, the first ones get the odd units."""
    by_run: dict[str, list[int]] = {}
    for index, claim in enumerate(order):
        by_run.setdefault(claim.who.run, []).append(index)
    budgets = fair(units, [sum(order[index].wants for index in run) for run in by_run.values()])
    found = [0] * len(order)
    for budget, run in zip(budgets, by_run.values(), strict=True):
        for index, target in zip(run, fair(budget, [order[index].wants for index in run]), strict=True):
            found[index] = target
    spare = units - sum(found)
    for index, claim in enumerate(order):
        kept = min(max(0, claim.takes - found[index]), spare)
        found[index] += kept
        spare -= kept
    return found
