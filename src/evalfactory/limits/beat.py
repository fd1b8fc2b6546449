"""What a worker tells the others of its share. All of it stands in an object's name: one listing tells of everybody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

MEMBER = re.compile(r"[A-Za-z0-9_-]{1,60}")

_RUN = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"
_NAME = re.compile(
    rf"({_RUN})\.({MEMBER.pattern})\.([0-9]{{6,9}})"
    r"\.takes([0-9]{1,6})\.wants([0-9]{1,6})\.of([0-9]{1,6})\.for([0-9]{1,6})s"
)


class Who(NamedTuple):
    """One endpoint of one worker process. No two processes ever have the same name."""

    run: str
    member: str


@dataclass(frozen=True, slots=True)
class Beat:
    """A worker's word. It holds until the worker's next one, and no longer than `lasts_s` after this was written."""

    who: Who
    number: int  # of this worker's beats: the highest is the one that counts
    takes: int  # the units it may use from now on; what it uses is never more
    wants: int  # the units it could use now
    units: int  # of the whole limit
    lasts_s: int

    @property
    def name(self) -> str:
        """The object's name. Later beats of a worker sort after earlier ones."""
        run, member = self.who
        return f"{run}.{member}.{self.number:06}.takes{self.takes}.wants{self.wants}.of{self.units}.for{self.lasts_s}s"


class Note(NamedTuple):
    """An object of a group's folder, as a listing shows it."""

    name: str
    modified_s: float  # by the store's clock


@lru_cache(maxsize=8192)
def read_beat(name: str) -> Beat | None:
    """The beat of that name; None for whatever else lies in the folder."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    run, member, *numbers = found.groups()
    number, takes, wants, units, lasts_s = map(int, numbers)
    if not (takes <= units and wants <= units and units and lasts_s):
        return None
    return Beat(Who(run, member), number, takes, wants, units, lasts_s)


def member_name(text: str) -> str:
    """`text` as a part of a beat's name."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)[-60:] or "-"
