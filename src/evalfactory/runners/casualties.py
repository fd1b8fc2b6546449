"""Pure: what to do after a worker process has died."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..records.measurement import Slot


@dataclass(frozen=True, slots=True)
class Casualties:
    """What the deaths of one worker's processes have taught.

    `streak` counts deaths in a row with no new measurement between them; `suspects` were in flight at each of them.
    `accused` were in flight at a death once with nothing else beside them.
    """

    streak: int = 0
    suspects: frozenset[Slot] = frozenset()
    alone: frozenset[Slot] = frozenset()
    accused: frozenset[Slot] = frozenset()
    quarantined: frozenset[Slot] = frozenset()

    def gives_up(self, max_restarts: int) -> bool:
        """Whether another process would only die like the last ones."""
        return self.streak > max_restarts


def after_death(before: Casualties, in_flight: frozenset[Slot], *, measured: int) -> Casualties:
    """What is known after a death with these slots in flight and that many measurements kept since the start.

    After two deaths without a new measurement between them, what was in flight at both runs alone next time. A slot that
    was in flight alone when its worker died is accused: somebody may have killed the worker just then. When that happens
    a second time the slot is to blame and quarantined. Each time the count begins anew. A death with nothing in flight
    counts, and puts no slot under suspicion.
    """
    if len(in_flight) == 1 and in_flight <= before.alone & before.accused:
        rest = before.alone - in_flight
        return replace(before, streak=0, alone=rest, suspects=rest, quarantined=before.quarantined | in_flight)
    if len(in_flight) == 1 and in_flight <= before.alone:
        return replace(before, streak=0, suspects=before.alone, accused=before.accused | in_flight)
    if measured > 0:
        return replace(before, streak=1, suspects=in_flight, alone=frozenset())
    streak = before.streak + 1
    if not in_flight:  # it died on its own account, while it was starting, say
        return replace(before, streak=streak)
    suspects = (before.suspects & in_flight) or in_flight
    return replace(before, streak=streak, suspects=suspects, alone=suspects if streak >= 2 else before.alone)
