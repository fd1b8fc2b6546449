"""What a suite names of its dataset, held against the cases: a name that nothing answers to is a slip of the pen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import InputError, Problem
from ..records.case import Case, lookup
from ..records.suite import DatasetSpec
from .alike import alike


class Named:
    """The ids, tags and fields that the suite names, until a case has them."""

    def __init__(self, dataset: DatasetSpec) -> None:
        self._must_ids = frozenset(dataset.must_run.ids)
        self._must_tags = frozenset(dataset.must_run.tags)
        self._tags: set[str] = set()
        slices = [path for path in dataset.slices if path != "tags"]  # the default, and no slip
        self._fields = dict.fromkeys(slices, "slices")
        self._fields |= {path: key for key in ("strata", "cluster_by") if (path := getattr(dataset, key)) is not None}

    def look_at(self, case: Case) -> None:
        """Take note of what the case has."""
        if self._must_tags:
            self._tags.update(case.tags)
        for path in [path for path in self._fields if lookup(case, path) not in (None, (), [], {})]:
            del self._fields[path]

    def is_must_run(self, case: Case) -> bool:
        """Whether the suite names the case as must-run, by its id or by a tag."""
        return case.id in self._must_ids or not self._must_tags.isdisjoint(case.tags)

    def check(self, ids: Sequence[str], *, limit: int) -> None:
        """Raise `InputError` with every name that no case answered to, up to `limit`."""
        problems = tuple(self._problems(ids))[:limit]
        if problems:
            raise InputError("the suite names what the dataset does not have", problems)

    def _problems(self, ids: Sequence[str]) -> Iterator[Problem]:
        for path, key in self._fields.items():
            yield Problem(
                f"no case has anything in {path!r}", field=f"dataset.{key}", hint="mend the name, or leave the key out"
            )
        for name in sorted(self._must_ids.difference(ids)):
            hint = ", ".join(alike(name, ids))
            yield Problem(f"no case has the id {name!r}", field="dataset.must_run.ids", hint=hint)
        for tag in sorted(self._must_tags - self._tags):
            hint = ", ".join(alike(tag, self._tags))
            yield Problem(f"no case has the tag {tag!r}", field="dataset.must_run.tags", hint=hint)
