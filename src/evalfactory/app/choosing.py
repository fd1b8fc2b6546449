"""A quick look: some cases of the dataset instead of a tier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..errors import UsageError
from ..planning.order import tier_order
from ..records.base import canonical_json
from ..records.case import Case, lookup
from .alike import alike
from .spool import Spool

VALUES_KEPT = 1000  # of a filter's field, to name what was probably meant


@dataclass(frozen=True, slots=True)
class Choice:
    """Which cases: by id, by `field=value` filters that must all hold, at most so many."""

    ids: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    limit: int | None = None
    purpose: str = ""  # why the run is none of the tier's, though it may take all of its cases

    def __bool__(self) -> bool:
        return bool(self.ids or self.filters or self.limit)

    def in_words(self) -> str:
        """The choice as a reader sees it, empty for a whole tier."""
        purpose = (self.purpose,) if self.purpose else ()
        limit = (f"limit {self.limit}",) if self.limit else ()
        return ", ".join((*purpose, *(f"case {name}" for name in self.ids), *self.filters, *limit))

    def as_options(self) -> tuple[str, ...]:
        """The options of `run` that choose the same cases; none for a whole tier, and none where no `run` does the same."""
        if self.purpose:
            return ()
        named = (("--case", name) for name in self.ids)
        filtered = (("--filter", text) for text in self.filters)
        limit = (("--limit", str(self.limit)),) if self.limit else ()
        pairs = (*named, *filtered, *limit)
        return tuple(word for option, value in pairs for word in _words(option, value))


def _words(option: str, value: str) -> tuple[str, ...]:
    """Two words, or one where the value would be taken for an option."""
    return (f"{option}={value}",) if value.startswith("-") else (option, value)


def choose(spool: Spool, choice: Choice, seed: int) -> list[int]:
    """Positions of the chosen cases, in the order that tiers are prefixes of.

    Raises:
        UsageError: An id is not in the dataset, a filter is no filter, or no case meets it.
    """
    wanted = set(choice.ids)
    _refuse_unknown(wanted.difference(spool.ids), spool.ids)
    filters = [_Filter.of(text) for text in choice.filters]
    chosen = [
        index
        for index in tier_order(spool.ids, spool.strata, seed=seed)
        if (not wanted or spool.ids[index] in wanted) and (not filters or _meets(spool.case(index), filters))
    ]
    for each in filters:
        each.refuse_if_nobody_met_it()
    return chosen[: choice.limit]


def _refuse_unknown(unknown: Iterable[str], known: list[str]) -> None:
    if names := sorted(unknown):
        near = dict.fromkeys(each for name in names for each in alike(name, known))
        words = f"the dataset has no case {', '.join(map(repr, names))}"
        raise UsageError(words, hint=", ".join(near or known[:3]))


@dataclass(slots=True)
class _Filter:
    """A field's value that a case must have, and what was seen of it."""

    text: str
    name: str
    value: str
    met: bool = False
    seen: dict[str, None] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> _Filter:
        name, equals, value = (part.strip() for part in text.partition("="))
        example = "for example --filter tags=refund or metadata.topic=billing"
        if not equals or not name:
            raise UsageError(f"--filter {text!r} is no filter", hint=example)
        head, dot, rest = name.partition(".")
        if head not in Case.model_fields:
            near = [f"{each}{dot}{rest}={value}" for each in alike(head, Case.model_fields)]
            raise UsageError(f"--filter {text!r}: a case has no field {head!r}", hint=", ".join(near) or example)
        return cls(text, name, value)

    def meets(self, case: Case) -> bool:
        """Whether the case has the value; of a list, whether one item is it."""
        values = _texts(lookup(case, self.name))
        if len(self.seen) < VALUES_KEPT:
            self.seen |= dict.fromkeys(values)
        self.met |= self.value in values
        return self.value in values

    def refuse_if_nobody_met_it(self) -> None:
        if not self.met:
            near = [f"{self.name}={each}" for each in alike(self.value, self.seen) or list(self.seen)[:3]]
            raise UsageError(f"no case has {self.text}", hint=", ".join(near) or f"no case has {self.name} at all")


def _meets(case: Case, filters: list[_Filter]) -> bool:
    met = [each.meets(case) for each in filters]  # each one looks at every case, to know whether it is met at all
    return all(met)


def _texts(value: object) -> list[str]:
    """The value as it is written after `=`: a list's items one by one, `true` and numbers as in JSON."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return [value if isinstance(value, str) else canonical_json(value)]
