"""Every case of a run beside the baseline's, the ones that matter most first; and how the scores lie. Pure."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from statistics import fmean
from typing import NamedTuple

from ..records.measurement import Measurement
from ..records.page import CaseLine, Cell, CellState, Draw, Spread
from .merge import Entry, slot_of

BINS = 20
_GRAVEST_FIRST: tuple[CellState, ...] = ("errored", "missing", "scored", "skipped", "not planned")


class CaseDraws(NamedTuple):
    """All slots of one case."""

    case_id: str
    draws: tuple[Draw, ...]


class Unlike(NamedTuple):
    """What of the baseline says nothing about this run."""

    changed: Collection[str] = frozenset()  # ids of cases with another input side
    refused: Collection[str] = frozenset()  # metrics that were measured in another way
    repeats: int | None = None  # how many draws of a case count; None: all

    def counts(self, measurement: Measurement) -> bool:
        """Whether the baseline's measurement may stand beside this run's."""
        planned = self.repeats is None or measurement.repeat < self.repeats
        return planned and measurement.metric not in self.refused and measurement.case_id not in self.changed


ALIKE = Unlike()


def beside(
    here: Iterable[Entry], there: Iterable[Measurement], metrics: Sequence[str], unlike: Unlike = ALIKE
) -> Iterator[CaseDraws]:
    """Each case of this run with the baseline's scores beside its own, from two streams in slot order."""
    places = {name: place for place, name in enumerate(metrics)}
    theirs = groupby(filter(unlike.counts, there), lambda each: each.case_id)
    ahead = next(theirs, None)
    for case_id, entries in groupby(here, lambda entry: entry.case_id):
        while ahead is not None and ahead[0] < case_id:
            ahead = next(theirs, None)
        known = {each.slot: each for each in ahead[1]} if ahead is not None and ahead[0] == case_id else {}
        yield CaseDraws(case_id, tuple(_draw(entry, known.get(slot_of(entry)), places) for entry in entries))


def _draw(entry: Entry, before: Measurement | None, places: Mapping[str, int]) -> Draw:
    told = Draw(places[entry.metric], entry.repeat, "missing")
    if isinstance(entry, Measurement):
        failure = entry.failure
        reason = f"{failure.error_class} in the {failure.where}: {failure.message}" if failure else entry.reason
        told = told._replace(state=entry.state, score=entry.score, success=entry.success, reason=reason)
    if before is None or before.score is None:
        return told
    return told._replace(before=before.score, before_success=before.success, before_reason=before.reason)


def cells_of(draws: Iterable[Draw], metrics: int) -> tuple[Cell, ...]:
    """The draws of a case by metric."""
    found: list[list[Draw]] = [[] for _ in range(metrics)]
    for draw in draws:
        found[draw.metric].append(draw)
    return tuple(map(_cell, found))


def _cell(draws: Sequence[Draw]) -> Cell:
    if not draws:
        return Cell("not planned")
    return Cell(
        state=min((draw.state for draw in draws), key=_GRAVEST_FIRST.index),
        score=_mean(draw.score for draw in draws),
        success=_all(draw.success for draw in draws),
        before=_mean(draw.before for draw in draws),
        before_success=_all(draw.before_success for draw in draws),
    )


def _mean(scores: Iterable[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return fmean(known) if known else None


def _all(successes: Iterable[bool | None]) -> bool | None:
    known = [success for success in successes if success is not None]
    return all(known) if known else None


def weight(line: CaseLine) -> tuple[int, float, str]:
    """What cases are sorted by, the ones that matter most first.

    Must-run cases that are not met, newly failed ones, failed ones, those without a score, newly passed ones, the rest;
    within each the largest drop, or the lowest score.
    """
    changes = [cell.score - cell.before for cell in line.cells if cell.score is not None and cell.before is not None]
    scores = [cell.score for cell in line.cells if cell.score is not None]
    drop, lowest = min(changes, default=0.0), min(scores, default=0.0)
    lost = any(cell.state in ("errored", "missing") for cell in line.cells)
    if line.must_run and (line.failed or lost):
        return 0, lowest, line.id
    if line.broken:
        return 1, drop, line.id
    if line.failed:
        return 2, lowest, line.id
    if lost:
        return 3, lowest, line.id
    return (4, drop, line.id) if line.fixed else (5, min(drop, 0.0) + lowest, line.id)


class Spreading:
    """Takes the draws of averaged cases; `told()` says how the scores of each metric lie."""

    def __init__(self, metrics: int) -> None:
        self._now = [array("d") for _ in range(metrics)]
        self._pairs = [(array("d"), array("d")) for _ in range(metrics)]

    def add(self, draws: Iterable[Draw]) -> None:
        """Take one case."""
        for draw in draws:
            if draw.score is None:
                continue
            self._now[draw.metric].append(draw.score)
            if draw.before is not None:
                now, before = self._pairs[draw.metric]
                now.append(draw.score)
                before.append(draw.before)

    def told(self) -> tuple[Spread, ...]:
        """In the suite's order of metrics."""
        return tuple(_spread(now, *pairs) for now, pairs in zip(self._now, self._pairs, strict=True))


def _spread(now: Sequence[float], paired: Sequence[float], before: Sequence[float]) -> Spread:
    low, high = min((0.0, *now, *before)), max((1.0, *now, *before))
    width = high - low
    differences = [ours - theirs for ours, theirs in zip(paired, before, strict=True)]
    return Spread(
        low=low,
        high=high,
        now=_bins([(score - low) / width for score in now]),
        before=_bins([(score - low) / width for score in before]) if before else (),
        differences=_signed_bins([each / width for each in differences]) if before else (),
    )


def _bins(shares: Iterable[float]) -> tuple[int, ...]:
    found = Counter(min(int(share * BINS + 1e-9), BINS - 1) for share in shares)
    return tuple(found[place] for place in range(BINS))


def _signed_bins(shares: Iterable[float]) -> tuple[int, ...]:
    """So many bins to either side, and one in the middle for what has not changed at all."""
    found = Counter(_signed_bin(share) for share in shares)
    return tuple(found[place] for place in range(2 * BINS + 1))


def _signed_bin(share: float) -> int:
    if abs(share) < 1e-9:
        return BINS
    steps = min(int(abs(share) * BINS + 1e-9), BINS - 1) + 1
    return BINS + steps if share > 0 else BINS - steps
