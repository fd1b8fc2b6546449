"""A quick look: some cases of the dataset instead of a tier."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UsageError
from ..planning.order import tier_order
from .alike import alike
from .spool import Spool, lookup


@dataclass(frozen=True, slots=True)
class Choice:
    """Which cases: by id, by `field=value` filters that must all hold, at most so many."""

    ids: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    limit: int | None = None

    def __bool__(self) -> bool:
        return bool(self.ids or self.filters or self.limit)

    def in_words(self) -> str:
        """The choice as a reader sees it, empty for a whole tier."""
        limit = (f"limit {self.limit}",) if self.limit else ()
        return ", ".join((*(f"case {name}" for name in self.ids), *self.filters, *limit))


def choose(spool: Spool, choice: Choice, seed: int) -> list[int]:
    """Positions of the chosen cases, in the order that tiers are prefixes of.

    Raises:
        UsageError: An id is not in the dataset, or a filter is no filter.
    """
    wanted = set(choice.ids)
    if unknown := wanted.difference(spool.ids):
        near = dict.fromkeys(each for name in sorted(unknown) for each in alike(name, spool.ids))
        raise UsageError(
            f"the dataset has no case {', '.join(map(repr, sorted(unknown)))}",
            hint=", ".join(near) or "`evalfactory report` names some",
        )
    filters = [_parsed(text) for text in choice.filters]
    chosen = [
        index
        for index in tier_order(spool.ids, spool.strata, seed=seed)
        if (not wanted or spool.ids[index] in wanted) and (not filters or _matches(spool, index, filters))
    ]
    return chosen[: choice.limit]


def _parsed(text: str) -> tuple[str, str]:
    field, equals, value = text.partition("=")
    if not equals or not field:
        raise UsageError(
            f"--filter {text!r} is no filter", hint="for example --filter tags=refund or metadata.topic=billing"
        )
    return field.strip(), value.strip()


def _matches(spool: Spool, index: int, filters: list[tuple[str, str]]) -> bool:
    case = spool.case(index)
    for field, value in filters:
        seen = lookup(case, field)
        if value not in ([str(item) for item in seen] if isinstance(seen, list) else [str(seen)]):
            return False
    return True
