"""Which limits a worker shares, with whom, and where they agree on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from ..engine.orders import Assignment
from ..judge.port import Paced
from ..limits.board import StoreBoard
from ..limits.keeper import Keeper, Seat, kept
from ..records.base import digest_of
from ..records.suite import JudgeSpec, Limits, TargetSpec
from ..storage.layout import RunKeys, limits_folder
from ..storage.port import Store


@dataclass
class Seats:
    """A worker's seats at the limits of its judges and its target. Whoever is alone at a limit needs none."""

    assignment: Assignment
    store: Store
    keys: RunKeys
    _endpoints: list[tuple[JudgeSpec | TargetSpec, Paced]] = field(default_factory=list)
    _keepers: list[Keeper] = field(default_factory=list)

    def add(self, spec: JudgeSpec | TargetSpec, endpoint: object) -> None:
        """Share the endpoint's limits, if it has any and others work with it too."""
        alone = self.assignment.workers == 1 and spec.limit_group is None
        if isinstance(endpoint, Paced) and not alone:
            self._endpoints.append((spec, endpoint))

    @property
    def share(self) -> float:
        """The largest share of a limit that this worker has at present, and never less than what is planned for it."""
        planned = 1.0 / self.assignment.workers
        return max([planned, *(keeper.share for keeper in self._keepers)])

    def kept(self, on_loss: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """Take the seats for the time of the block; see `limits.keeper.kept`. Call it in the event loop."""
        folders = [self._folder(spec) for spec, _ in self._endpoints]
        counted: Counter[str] = Counter()
        for (spec, endpoint), folder in zip(self._endpoints, folders, strict=True):
            seat = self._seat(spec, nth=counted[folder], of=folders.count(folder))
            counted[folder] += 1
            self._keepers.append(Keeper(endpoint, seat, StoreBoard(self.store, folder)))
        return kept(self._keepers, on_loss)

    def _seat(self, limits: Limits, *, nth: int, of: int) -> Seat:
        """The `nth` seat of this worker `of` several in one group: a judge and a target with the same key, say."""
        at = self.assignment
        return Seat(
            run=at.run_id,
            member=f"{at.attempt}-{nth}",
            limits=limits,
            places=at.workers * of,
            place=at.place * of + nth,
            replaces=[f"{attempt}-{nth}" for attempt in at.replaces],
        )

    def _folder(self, spec: JudgeSpec | TargetSpec) -> str:
        if spec.limit_group is not None:
            return limits_folder(spec.limit_group)
        return self.keys.limits_folder(digest_of(spec.model_dump(mode="json"))[:16])
