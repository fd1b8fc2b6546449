"""One worker's part in the agreement: what it says next, and how much it may use meanwhile.

Pure: every time is passed in, in seconds of this worker's monotonic clock. The shell in `keeper.py` writes, lists and
tells it.

The rules, of which `docs/explanation/one-polite-client.md` proves that no two workers ever use the same unit:

1. A worker uses at most what its newest beat takes, and nothing once that beat's word has run out.
2. It takes less at once: first it uses less, then it says so. Places in flight are given back when they have landed.
3. It takes more in this order: it says so, it lists until a listing shows what it said, and it uses what the others
   leave in that listing. Of two who reach for the same unit at least one sees the other; whoever sees it lets go.
4. After its word has run out it owns nothing, and must take again what it took.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from .beat import Beat, Note, Who
from .crowd import Crowd, Own, newest
from .fair import Claim, Verdict, verdict
from .rhythm import Rhythm

Due = Literal["nothing", "less", "more"]


class _Said(NamedTuple):
    """A beat and when it began to be written."""

    beat: Beat
    begun_s: float


class Member:
    """A worker that shares a limit of `units`. `begins_with` is the part of it that is planned for this worker."""

    def __init__(self, who: Who, units: int, begins_with: int, rhythm: Rhythm) -> None:
        self.who = who
        self.units = units
        self.until_s = -math.inf  # when the word of the newest beat runs out
        self.members = 1  # of the group, this one included
        self.waits = False  # for a share that others still hold, or for its own requests to land
        self.litter: list[str] = []  # names that this worker should delete
        self._rhythm = rhythm
        self._crowd = Crowd(who, rhythm)
        self._begins_with = begins_with
        self._said: list[_Said] = []  # from the oldest beat that counts: the newest one that a listing has shown
        self._takes = 0  # what the next beat will say
        self._owns = 0  # of what the newest beat takes: what no other worker may be using
        self._goal = 0
        self._is_shown = False  # the last listing showed all that the newest beat takes

    @property
    def uses(self) -> int:
        """The units that this worker may use until `until_s`."""
        return min(self._owns, self._goal)

    @property
    def share(self) -> float:
        """The same as a share of the whole limit."""
        return self.uses / self.units

    @property
    def due(self) -> Due:
        """What must be said before the next beat: nothing; that it takes less; that it takes more, then look again."""
        told = self._said[-1].beat.takes if self._said else 0
        return "nothing" if self._takes == told else "less" if self._takes < told else "more"

    def beat(self, wants: int, took_s: float, begun_s: float) -> Beat:
        """The next beat, to be written now. `took_s` is how long the last one took to write and to read back."""
        lasts_s = self._rhythm.lease_s(self.members, took_s)
        beat = Beat(self.who, self._number + 1, self._takes, min(wants, self.units), self.units, lasts_s)
        self._said.append(_Said(beat, begun_s))
        return beat

    def written(self, now_s: float) -> None:
        """The newest beat is in the store."""
        if now_s >= self.until_s:  # others may have given this one up meanwhile: what it said before counts no more
            self._owns = 0
            self._said = self._said[-1:]
        self.until_s = self._said[-1].begun_s + self._said[-1].beat.lasts_s

    def look(self, notes: Iterable[Note], now_s: float, *, held: int = 0, grow: bool = True) -> None:
        """Take in a listing. One that does not even show what this worker said itself is too old to tell anything.

        `held` are the units that requests in flight still use. `grow` says whether it may ask for more than it began
        with: not at once, for others that were planned may be on their way.
        """
        beats = newest(notes)
        mine = beats.get(self.who)
        if mine is None or not self._said[0].beat.number <= mine[0].number <= self._number:
            self.waits = True
            return
        self._said = [said for said in self._said if said.beat.number >= mine[0].number]
        others = self._others(beats, Own(mine[0], mine[1], self._said[0].begun_s), now_s)
        self._claim(others, min(said.beat.takes for said in self._said))
        self._decide(others, mine[1], held=held, grow=grow)
        self._owns = min(self._owns, self._takes)

    def _others(self, beats: dict[Who, tuple[Beat, float]], own: Own, now_s: float) -> list[Beat]:
        seen = self._crowd.look(beats, own, now_s)
        self.members = len(seen.others) + 1
        self.litter = seen.litter
        return seen.others

    def _claim(self, others: Sequence[Beat], claimed: int) -> None:
        """What was claimed all the time since the listing's, and is claimed by nobody else in it, is this worker's."""
        if self._owns < claimed:
            self._owns = max(self._owns, min(claimed, self._room(others)))
        self._is_shown = claimed >= self._said[-1].beat.takes

    def _decide(self, others: Sequence[Beat], store_s: float, *, held: int, grow: bool) -> None:
        told = self._said[-1].beat
        target, now = self._verdict([told, *others], store_s)
        if told.number == 1:
            self._takes = self._goal = max(0, min(self._begins_with, self._room(others)))
        elif target < told.takes:
            self._goal = target
            self._takes = min(told.takes, max(target, held))
        elif self._owns < told.takes:  # let go of what somebody else reached for too, once it is sure
            self._takes = self._goal = self._owns if self._is_shown else told.takes
        else:
            self._takes = self._goal = max(told.takes, now) if grow else told.takes
        self.waits = target > self._owns or self._takes > self._goal

    def gap_s(self) -> float:
        """Seconds until the next beat."""
        return self._rhythm.gap_s(self.who, self._number, self.members, hurry=self.waits)

    @property
    def _number(self) -> int:
        return self._said[-1].beat.number if self._said else 0

    def _room(self, others: Iterable[Beat]) -> int:
        """The units that nobody else takes."""
        taken: Counter[int] = Counter()
        for beat in others:
            taken[beat.units] += beat.takes
        rest = 1 - sum(Fraction(takes, units) for units, takes in taken.items())
        return math.floor(rest * self.units)

    def _verdict(self, everybody: Sequence[Beat], store_s: float) -> Verdict:
        """What this worker should take, and may ask for now, in its own units."""
        units = min(beat.units for beat in everybody)
        claims = [
            Claim(beat.who, -(-beat.takes * units // beat.units), -(-beat.wants * units // beat.units))
            for beat in everybody
        ]
        found = verdict(self.who, claims, units, self._rhythm.turn(len(everybody), store_s))
        return Verdict(found.target * self.units // units, found.now * self.units // units)
