"""What a page about a run tells of its cases, beside the report: light tuples, thousands of them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from .report import Cause

CellState = Literal["scored", "errored", "skipped", "missing", "not planned"]


class Draw(NamedTuple):
    """One slot of a case, in this run and in the baseline; a repeat is a draw of its own."""

    metric: int  # place in the suite's order
    repeat: int
    state: CellState
    score: float | None = None
    success: bool | None = None
    reason: str | None = None  # the metric's words, or why there is no score
    before: float | None = None  # the baseline's score
    before_success: bool | None = None
    before_reason: str | None = None


class Cell(NamedTuple):
    """One metric of a case over its repeats."""

    state: CellState  # the gravest of its draws'
    score: float | None = None  # mean of the draws with a score
    success: bool | None = None  # whether all of them succeeded
    before: float | None = None
    before_success: bool | None = None

    @property
    def broken(self) -> bool:
        """Whether it fails now what it passed in the baseline."""
        return self.success is False and self.before_success is True

    @property
    def fixed(self) -> bool:
        """Whether it passes now what it failed in the baseline."""
        return self.success is True and self.before_success is False


class CaseLine(NamedTuple):
    """A case in the table of all cases."""

    id: str
    cells: tuple[Cell, ...]  # in the suite's order of metrics
    must_run: bool = False
    changed: bool = False  # its input is another than in the baseline
    asked: str = ""  # the beginning of what it asks
    tags: tuple[str, ...] = ()
    cause: Cause | None = None

    @property
    def failed(self) -> bool:
        """Whether a metric failed it."""
        return any(cell.success is False for cell in self.cells)

    @property
    def broken(self) -> bool:
        """Whether it fails a metric that it passed in the baseline."""
        return any(cell.broken for cell in self.cells)

    @property
    def fixed(self) -> bool:
        """Whether it passes a metric that it failed in the baseline."""
        return any(cell.fixed for cell in self.cells)


class Text(NamedTuple):
    """A field of a case in words; a list of passages keeps its pieces apart."""

    name: str
    passages: tuple[str, ...]


class CaseText(NamedTuple):
    """All that is read of one case when it is opened."""

    texts: tuple[Text, ...]
    draws: tuple[Draw, ...]
    answer: str | None = None
    answer_before: str | None = None
    shortened: bool = False  # a text was too long to be told whole


class Spread(NamedTuple):
    """How one metric's scores lie, over the averaged cases."""

    low: float  # where the first bin begins
    high: float  # where the last one ends
    now: tuple[int, ...]
    before: tuple[int, ...]  # of the same slots in the baseline; empty without pairs
    differences: tuple[
        int, ...
    ]  # from -(high - low) to high - low, the middle bin for no difference; empty without pairs


class Page(NamedTuple):
    """The cases of a run as its page tells them, the ones that matter most first."""

    lines: tuple[CaseLine, ...]
    texts: tuple[CaseText | None, ...]  # of each line; None where they would be too much
    spreads: tuple[Spread, ...]  # by metric
    broken: int = 0  # of all cases, those that are not among the lines included
    fixed: int = 0
    left_out: int = 0  # cases beyond those of `lines`
