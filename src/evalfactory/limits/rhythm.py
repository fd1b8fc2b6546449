"""The numbers of the protocol, and how they follow from each other."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

from ..records.suite import Limits
from .beat import Who

SECONDS_A_MINUTE = 60.0
REQUEST_TOKENS = 1000  # of a typical judge call


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often workers speak and how long their word holds. Times in seconds."""

    beat_s: float = 3.0  # between two beats of a worker, in a group of up to …
    crowd: int = 10  # … so many; larger groups beat more slowly, with the square root of their size
    hurry: float = 3.0  # so much sooner is the next beat while a worker waits for a share or gives one back
    lease_beats: float = 3.0  # so many beats long a worker may use what its last beat says
    patience: float = 4 / 3  # so much longer than its word holds, others count on a silent worker
    jump_s: float = 15.0  # what is older than that by the store's clock needs no watching: more than clocks jump
    litter_s: float = 600.0  # the dead one's beats are deleted at this age
    turn_s: float = 180.0  # where there are more workers than units they take turns, so long or longer in a crowd
    look_s: float = 0.25  # between two looks at one's own queue
    lost_s: float = 90.0  # a store that has failed for so long is gone

    def pace_s(self, members: int) -> float:
        """Seconds between two beats in a group of so many."""
        return self.beat_s * math.sqrt(max(1.0, members / self.crowd))

    def lease_s(self, members: int, took_s: float) -> int:
        """How long a beat's word holds, where the last one took so long to write and to read back."""
        return math.ceil(self.lease_beats * self.pace_s(members) + 4 * took_s)

    def turn(self, members: int, store_s: float) -> int:
        """Whose turn it is by the store's clock, as a number that changes now and then.

        Turns are long beside the beats that it takes to pass a share on. They change by doubling, so that workers who
        count a few members more or less still agree.
        """
        return int(store_s // (self.turn_s * 2 ** round(math.log2(self.pace_s(members) / self.beat_s))))

    def gap_s(self, who: Who, number: int, members: int, *, hurry: bool) -> float:
        """Seconds until the next beat: spread over the group, the same for the same beat, wider before the second."""
        pace_s = self.pace_s(members) / (self.hurry if hurry else 1.0)
        least = 0.3 if number <= 2 else 0.8
        return pace_s * (least + (1.0 - least) * _fraction(who, number))


def units_of(limits: Limits) -> int:
    """Into how many units a limit is cut: each is worth a request in flight, and a second of it a whole request.

    Smaller pieces would be of no use to anyone: a worker needs a place in flight, and bursts of one request each would
    add up to more than the one second's worth that the whole limit allows.
    """
    units = float(limits.max_in_flight)
    if limits.requests_per_minute is not None:
        units = min(units, limits.requests_per_minute / SECONDS_A_MINUTE)
    if limits.tokens_per_minute is not None:
        units = min(units, limits.tokens_per_minute / SECONDS_A_MINUTE / REQUEST_TOKENS)
    return max(1, min(int(units), MOST_UNITS))


MOST_UNITS = 100_000


def _fraction(who: Who, number: int) -> float:
    return zlib.crc32(f"{'.'.join(who)} {number}".encode()) / 2**32
