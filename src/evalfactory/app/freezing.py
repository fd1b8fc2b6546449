"""Cases on their way into the run's files: checked against the metrics, packed shard by shard."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import InputError, Problem
from ..planning.slots import metric_fields_missing
from ..records.case import Case, FrozenCase
from ..records.plan import MetricRecipe, ShardPlan
from ..records.suite import Suite
from ..storage.layout import RunKeys
from ..storage.port import Store
from ..target.fields import is_due
from ..target.needs import Needs
from .spool import Spool

MUST_RUN = "must_run"
PACK_BYTES = 8 << 20  # a case file is closed once it is longer: bounds the planner's memory


class Freezer:
    """Decides for each case which metrics measure it, and which cannot."""

    def __init__(
        self,
        suite: Suite,
        recipes: Sequence[MetricRecipe],
        needs: Needs,
        *,
        only: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.repeats = suite.execution.repeats
        self.skipped = 0
        self._refuse = suite.execution.missing_fields == "refuse"
        self._recipes = recipes
        self._needs = needs
        self._only = only
        self._limit = suite.dataset.max_problems
        self._file = suite.dataset.path
        self._problems: list[tuple[int, str]] = []  # line and words: the first ones of the file
        self._found = 0

    def freeze(self, spool: Spool, index: int, *, must_run: bool) -> FrozenCase:
        """The case with its metrics. A metric of the other kind (single turn, conversation) does not apply to it."""
        case = spool.case(index)
        recipes = [recipe for recipe in self._recipes if self._applies(recipe, case)]
        unasked = self._needs.lacking(case) if recipes else ""
        target_due = is_due(case, always=self._needs.always)
        lacking = {recipe.name: _lacking(case, recipe, target_due=target_due) for recipe in recipes}
        skipped = {name: why or unasked for name, why in lacking.items() if why or unasked}
        self.skipped += len(skipped) * self.repeats
        if skipped and self._refuse:
            own = [f"{name}: {why}" for name, why in lacking.items() if why]
            self._note(spool.lines[index], f"case {case.id!r}: " + "; ".join([unasked] * bool(unasked) + own))
        if not recipes:
            words = f"case {case.id!r} is a {case.kind} case, and no metric of the suite measures those"
            self._note(spool.lines[index], words)
        return FrozenCase(
            case=case,
            metrics=tuple(name for name in lacking if name not in skipped),
            skipped=skipped,
            group=MUST_RUN if must_run else "",
        )

    def check(self) -> None:
        """Raise `InputError` with what was found, if anything: the first ones, as many as the suite wants to see."""
        if self._problems:
            self._keep_first()
            shown = len(self._problems)
            first = f": the first {shown} of {self._found:,} cases" if self._found > shown else ""
            raise InputError(
                f"the dataset does not fit the suite{first}",
                tuple(Problem(words, file=self._file, line=line or None) for line, words in self._problems),
                hint="complete the cases, or set `execution: {missing_fields: skip}`: then they are counted and shown",
            )

    def _applies(self, recipe: MetricRecipe, case: Case) -> bool:
        return recipe.kind == case.kind and (self._only is None or recipe.name in self._only[case.id])

    def _note(self, line: int, words: str) -> None:
        self._found += 1
        self._problems.append((line, words))
        if len(self._problems) >= 2 * self._limit:
            self._keep_first()

    def _keep_first(self) -> None:
        """Cases come shard by shard; who mends a file reads from its top."""
        self._problems = sorted(self._problems)[: self._limit]


def _lacking(case: Case, recipe: MetricRecipe, *, target_due: bool) -> str:
    """Why the metric cannot measure the case; empty when it can."""
    fields = metric_fields_missing(case, recipe, target_due=target_due)
    return f"the case has no {' and no '.join(fields)}" if fields else ""


@dataclass(slots=True)
class CaseFiles:
    """The run's case files, filled one after the other. Named by content: two planners never mix their bytes."""

    store: Store
    keys: RunKeys
    _pack: list[bytes] = field(default_factory=list)
    _size: int = 0
    _open: list[ShardPlan] = field(default_factory=list)
    _closed: list[ShardPlan] = field(default_factory=list)
    _number: int = 0

    def add(self, shard: ShardPlan, body: bytes) -> None:
        """Append a shard's bytes; its `file`, `offset`, `length` and `sha256` are filled in."""
        place = {"offset": self._size, "length": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        self._open.append(shard.model_copy(update=place))
        self._pack.append(body)
        self._size += len(body)
        if self._size >= PACK_BYTES:
            self._close()

    def finish(self) -> list[ShardPlan]:
        """All shards with their places, once every byte is in the store."""
        if self._open:
            self._close()
        return self._closed

    def _close(self) -> None:
        body = b"".join(self._pack)
        name = f"{self._number:05d}-{hashlib.sha256(body).hexdigest()[:12]}.jsonl"
        self.store.create(self.keys.cases(name), body)
        self._closed += [shard.model_copy(update={"file": name}) for shard in self._open]
        self._pack, self._open, self._size = [], [], 0
        self._number += 1


def write_cases(
    spool: Spool, piles: Sequence[Sequence[int]], must_run: frozenset[int], freezer: Freezer, files: CaseFiles
) -> list[ShardPlan]:
    """The shards, their cases written.

    Raises:
        InputError: With every case that does not fit, up to the suite's limit.
    """
    for number, pile in enumerate(piles):
        lines = []
        slots = 0
        for index in pile:
            frozen = freezer.freeze(spool, index, must_run=index in must_run)
            slots += (len(frozen.metrics) + len(frozen.skipped)) * freezer.repeats
            lines.append(frozen.model_dump_json(exclude_defaults=True).encode() + b"\n")
        weight = round(sum(spool.weights[index] for index in pile) * freezer.repeats, 3)
        shard = ShardPlan(
            index=number, cases=len(pile), slots=slots, weight=weight, file="", offset=0, length=0, sha256=""
        )
        files.add(shard, b"".join(lines))
    freezer.check()
    return files.finish()
