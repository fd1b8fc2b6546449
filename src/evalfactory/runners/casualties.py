"""Pure: what to do after a worker process has died."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..records.measurement import Slot


@dataclass(frozen=True, slots=True)
class Casualties:
    """What the deaths of one worker's processes have taught.

    `streak` counts deaths in a row with no new measurement between them; `suspects` were in flight at each of them.
    """

    streak: int = 0
    suspects: frozenset[Slot] = frozenset()
    alone: frozenset[Slot] = frozenset()
    quarantined: frozenset[Slot] = frozenset()

    def gives_up(self, max_restarts: int) -> bool:
        """Whether another process would only die like the last ones."""
        return self.streak > max_restarts


def after_death(before: Casualties, in_flight: frozenset[Slot], *, measured: int) -> Casualties:
    """What is known after a death with these slots in flight and that many measurements kept since the start.

    A slot that ran alone and was in flight is to blame: it is quarantined, and the count begins anew. After two deaths
    without a new measurement between them, what was in flight at both runs alone next time.
    """
    if len(in_flight) == 1 and in_flight <= before.alone:
        rest = before.alone - in_flight
        return Casualties(alone=rest, suspects=rest, quarantined=before.quarantined | in_flight)
    if measured > 0:
        return replace(before, streak=1, suspects=in_flight, alone=frozenset())
    suspects = (before.suspects & in_flight) or in_flight or before.suspects
    streak = before.streak + 1
    return replace(before, streak=streak, suspects=suspects, alone=suspects if streak >= 2 else before.alone)
