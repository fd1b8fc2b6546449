"""What a comparison must know of a case beside its scores: its input side, what it was drawn with, its slices."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from sys import intern
from typing import Any, NamedTuple, TypeAlias

from ..records.base import canonical_json
from ..records.case import Case, input_digest, lookup

SHOWN = 10
#: Slices that are shown, the largest first.
SLICES_SHOWN = 20
Label: TypeAlias = tuple[str, str]  # a slice: field and value


class CaseFacts(NamedTuple):
    """Of one case."""

    inputs: str  # digest of its input side
    cluster: str  # of what was drawn with it; empty for a case that was drawn alone
    slices: tuple[Label, ...]


class InputChanges(NamedTuple):
    """Cases of two runs that are not the same case."""

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()


def first_of(ids: Collection[str]) -> tuple[str, ...]:
    """The first few of many ids."""
    return tuple(sorted(ids)[:SHOWN])


def facts_of(case: Case, cluster_by: str | None, slices: Sequence[str]) -> CaseFacts:
    """The facts of a case; one without a value in `cluster_by` was drawn alone."""
    return CaseFacts(input_digest(case)[:32], cluster_of(case, cluster_by), tuple(labels_of(case, slices)))


def labels_of(case: Case, fields: Sequence[str]) -> Iterator[Label]:
    """The slices that the case is in."""
    return ((intern(field), intern(value)) for field in fields for value in _values(lookup(case, field)))


def cluster_of(case: Case, cluster_by: str | None) -> str:
    """What the case was drawn with; empty for one that was drawn alone."""
    return intern(_text(lookup(case, cluster_by))) if cluster_by else ""


def input_changes(here: Mapping[str, str], there: Mapping[str, str]) -> InputChanges:
    """What differs between two runs' input sides, each the digests by case id."""
    both = here.keys() & there.keys()
    return InputChanges(
        added=frozenset(here.keys() - both),
        removed=frozenset(there.keys() - both),
        changed=frozenset(case_id for case_id in both if here[case_id] != there[case_id]),
    )


def _values(value: Any) -> Iterator[str]:
    """Each item of a list stands for itself."""
    for each in value if isinstance(value, list | tuple) else (value,):
        if text := _text(each):
            yield text


def _text(value: Any) -> str:
    if value is None or value in ([], {}, ()):
        return ""
    return value if isinstance(value, str) else canonical_json(value)
