"""Who else shares the limit, as one worker sees it: from listings, and from how long it has watched a name not change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .beat import Beat, Note, Who, read_beat
from .rhythm import Rhythm


class Look(NamedTuple):
    """What one listing told."""

    others: list[Beat]  # of everybody else who may be using what the beat says
    litter: list[str]  # of the long dead, for one of the living to delete


class Own(NamedTuple):
    """This worker's newest beat that a listing shows: the listing is no older than that."""

    beat: Beat
    modified_s: float  # by the store's clock
    begun_s: float  # when it began to be written, by this worker's clock


class _Watched(NamedTuple):
    beat: Beat
    since_s: float  # when this worker saw it first
    moved: bool  # it has seen an earlier one too


class Crowd:
    """Watches a group's other workers.

    A silent worker counts until its word can hold no longer: until this worker has watched the same beat for that long.
    Of whoever it has never seen at work it also believes the store's clock, by which the beat must be older still by
    `jump_s`: so the dead of yesterday need no watching. No clock is ever compared with another machine's.
    """

    def __init__(self, me: Who, rhythm: Rhythm) -> None:
        self._me = me
        self._rhythm = rhythm
        self._watched: dict[Who, _Watched] = {}

    def look(self, notes: dict[Who, tuple[Beat, float]], own: Own, now_s: float) -> Look:
        """What a listing tells that came at `now_s`: `notes` are the newest beats with their times."""
        self._watched = {who: self._watch(beat, now_s) for who, (beat, _) in notes.items() if who != self._me}
        alive: list[Beat] = []
        litter: list[str] = []
        for who, watched in self._watched.items():
            age_s = own.modified_s - notes[who][1]
            if self._is_alive(watched, own.begun_s - watched.since_s, age_s):
                alive.append(watched.beat)
            elif age_s > self._rhythm.litter_s:
                litter.append(watched.beat.name)
        if any(beat.who < self._me for beat in alive):
            litter = []  # one sweeper is enough
        return Look(alive, litter)

    def _watch(self, beat: Beat, now_s: float) -> _Watched:
        known = self._watched.get(beat.who)
        if known is not None and known.beat.number == beat.number:
            return known
        return _Watched(beat, now_s, moved=known is not None)

    def _is_alive(self, watched: _Watched, watched_s: float, age_s: float) -> bool:
        counted_s = watched.beat.lasts_s * self._rhythm.patience
        is_stale = not watched.moved and age_s >= counted_s + self._rhythm.jump_s
        return watched_s < counted_s and not is_stale


def newest(notes: Iterable[Note]) -> dict[Who, tuple[Beat, float]]:
    """Everybody's newest beat, with its time by the store's clock."""
    found: dict[Who, tuple[Beat, float]] = {}
    for note in notes:
        beat = read_beat(note.name)
        if beat is not None and (beat.who not in found or found[beat.who][0].number < beat.number):
            found[beat.who] = (beat, note.modified_s)
    return found
