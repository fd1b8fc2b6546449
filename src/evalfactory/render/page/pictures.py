"""Where the bars and marks of a page's pictures stand. Numbers only: the template draws them, the style colours them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from ...records.base import is_moment
from ...records.page import Spread
from ...records.report import Interval, MetricComparison, Report, ShardTime, SliceComparison

WIDTH = 360.0
HEIGHT = 104.0
_LEAST_HEIGHT = 2.0  # of a bar that stands for something
FOREST_WIDTH = 150.0
TIMELINE_WIDTH = 1000.0
_LANE = 22.0


class Bar(NamedTuple):
    """A rectangle, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    stands_for: int
    kind: str = ""
    title: str = ""


class Histogram(NamedTuple):
    """How one metric's scores lie."""

    now: tuple[Bar, ...]
    before: tuple[Bar, ...]
    threshold_x: float | None
    most: int
    low: float
    high: float


class Differences(NamedTuple):
    """How far the pairs of one metric moved; what has not moved is counted beside the bars, not drawn among them."""

    bars: tuple[Bar, ...]
    worse: int
    same: int
    better: int
    most: int
    span: float
    mean_x: float | None


class Forest(NamedTuple):
    """An interval on a scale that all rows of a table share."""

    low_x: float
    high_x: float
    mean_x: float
    zero_x: float
    margin_x: float | None
    kind: str  # `worse`, `better` or `open`


class Lane(NamedTuple):
    """One worker process and the shards that it committed."""

    attempt: str
    y: float
    bars: tuple[Bar, ...]


class Timeline(NamedTuple):
    """Shards by worker over the time of the run."""

    lanes: tuple[Lane, ...]
    height: float
    seconds: float
    ticks: tuple[tuple[float, float], ...]  # place and seconds


def histogram(spread: Spread, threshold: float | None) -> Histogram:
    """The bars of a metric's scores, the baseline's behind them on the same scale."""
    most = max(*spread.now, *(spread.before or (0,)), 1)
    width = spread.high - spread.low
    return Histogram(
        now=tuple(_bars(spread.now, most, spread)),
        before=tuple(_bars(spread.before, most, spread)),
        threshold_x=None if threshold is None else WIDTH * (threshold - spread.low) / width,
        most=most,
        low=spread.low,
        high=spread.high,
    )


def _bars(counts: Sequence[int], most: int, spread: Spread) -> Iterable[Bar]:
    step, width = WIDTH / max(len(counts), 1), (spread.high - spread.low) / max(len(counts), 1)
    for place, count in enumerate(counts):
        if count:
            low = spread.low + place * width
            title = f"{low:.2f} to {low + width:.2f}: {count:,}"
            yield _standing(place * step + 1, step - 2, count, most, title=title)


def differences(spread: Spread, mean: float | None) -> Differences | None:
    """The bars of a metric's paired differences; None without pairs."""
    counts = spread.differences
    if not counts:
        return None
    middle = len(counts) // 2
    moved = [0 if place == middle else count for place, count in enumerate(counts)]
    most, step, span = max(*moved, 1), WIDTH / len(counts), spread.high - spread.low
    bars = []
    for place, count in enumerate(moved):
        if count:
            low = _from(place, middle) * span / middle
            title = f"{low:+.2f} to {low + span / middle:+.2f}: {count:,}".replace("-", "−")
            kind = "worse" if place < middle else "better"
            bars.append(_standing(place * step + 1, step - 2, count, most, kind=kind, title=title))
    mean_x = None if mean is None else WIDTH * (0.5 + mean / (2 * span) * (middle * 2 / len(counts)))
    return Differences(tuple(bars), sum(counts[:middle]), counts[middle], sum(counts[middle + 1 :]), most, span, mean_x)


def _from(place: int, middle: int) -> int:
    """How many steps from nothing the bin begins."""
    return place - middle if place < middle else place - middle - 1


def _standing(x: float, width: float, count: int, most: int, *, kind: str = "", title: str = "") -> Bar:
    height = max(HEIGHT * count / most, _LEAST_HEIGHT)
    return Bar(x, HEIGHT - height, width, height, count, kind, title)


def reach(metrics: Iterable[MetricComparison], slices: Iterable[SliceComparison]) -> float:
    """The largest difference that the rows of intervals must show; the ends of wide ones are cut."""
    ends = [0.05]
    for metric in metrics:
        if metric.difference is not None:
            ends += [abs(metric.difference.interval.low), abs(metric.difference.interval.high)]
        if metric.drop is not None:
            ends.append(1.5 * metric.drop.allowed)
    for part in slices:
        ends.append(abs(part.mean_difference))
    return max(ends) * 1.08


def forest(mean: float, interval: Interval, reach: float, allowed: float | None = None) -> Forest:
    """An interval around a mean difference, with the margin that a drop may have."""
    limit = -(allowed or 0.0)
    kind = "worse" if interval.high < limit else "better" if interval.low > 0 else "open"
    return Forest(
        low_x=_across(interval.low, reach),
        high_x=_across(interval.high, reach),
        mean_x=_across(mean, reach),
        zero_x=FOREST_WIDTH / 2,
        margin_x=_across(limit, reach) if allowed else None,
        kind=kind,
    )


def _across(difference: float, reach: float) -> float:
    return FOREST_WIDTH * (0.5 + max(-1.0, min(1.0, difference / reach)) / 2)


def timeline(report: Report) -> Timeline | None:
    """The run's shards by worker; None where no commit says when it was begun."""
    known = [shard for shard in report.timeline if _is_told(shard.started_at) and _is_told(shard.finished_at)]
    if not known:
        return None
    starts = [*filter(_is_told, [report.created_at]), *(shard.started_at for shard in known)]
    begun = min(map(_seconds, starts))
    seconds = max(max(_seconds(shard.finished_at) for shard in known) - begun, 0.001)
    workers = dict.fromkeys(shard.attempt for shard in sorted(known, key=lambda each: (each.started_at, each.attempt)))
    lanes = []
    for place, attempt in enumerate(workers):
        own = (shard for shard in known if shard.attempt == attempt)
        bars = tuple(_shard_bar(shard, begun, seconds, place * _LANE) for shard in own)
        lanes.append(Lane(attempt, place * _LANE, bars))
    return Timeline(tuple(lanes), _LANE * len(workers), seconds, tuple(_ticks(seconds)))


def _ticks(seconds: float) -> Iterator[tuple[float, float]]:
    """Four parts of the time; fewer of one so short that labels in tenths of a second would repeat."""
    parts = max(1, min(4, int(seconds / 0.1)))
    return ((TIMELINE_WIDTH * part / parts, seconds * part / parts) for part in range(parts + 1))


def _shard_bar(shard: ShardTime, begun: float, seconds: float, y: float) -> Bar:
    x = TIMELINE_WIDTH * (_seconds(shard.started_at) - begun) / seconds
    width = TIMELINE_WIDTH * (_seconds(shard.finished_at) - _seconds(shard.started_at)) / seconds
    kind = "errored" if shard.errored else "held" if shard.retries or shard.throttled or shard.attempts > 1 else ""
    return Bar(x, y + 3, max(width, 2.0), _LANE - 6, shard.slots, kind, _told(shard))


def _told(shard: ShardTime) -> str:
    seconds = _seconds(shard.finished_at) - _seconds(shard.started_at)
    more = [
        f"{number:,} {what}"
        for number, what in (
            (shard.errored, "errored"), (shard.reused, "reused"), (shard.retries, "sent again"),
            (shard.throttled, "refused for coming too fast"),
        )
        if number
    ]  # fmt: skip
    return ", ".join([f"shard {shard.index}: {shard.slots:,} slots in {seconds:.1f} s", *more])


def _is_told(moment: str) -> bool:
    return bool(moment) and is_moment(moment)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
