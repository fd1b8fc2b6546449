"""What a page about a run tells of its cases, read from the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from typing import Final, NamedTuple

from ..analysis.casebook import CaseDraws, Spreading, Unlike, beside, cells_of, weight
from ..analysis.comparable import counted_repeats, judged_as_now, refused_metrics
from ..analysis.diagnosis import Diagnosing
from ..analysis.merge import Entry, in_order, planned_slots
from ..engine.producing import completed
from ..errors import InputError, UsageError
from ..records.case import Case, FrozenCase, input_digest
from ..records.measurement import Measurement, Output, Slot
from ..records.page import CaseLine, CaseText, Page, Text
from ..records.plan import Plan
from ..records.report import Cause, Report
from ..render.explained import lines_of
from ..storage.layout import RunKeys
from ..storage.port import Store
from .comparing import all_frozen
from .planning import read_plan
from .registry import find_run
from .reports import reported_measurements, reported_outputs

#: Cases of which the page tells; of more it tells those that matter most.
MOST_LINES = 20_000
#: Cases of which it tells the texts too, and how much of one text and of all of them; characters.
MOST_TEXTS = 5_000
SURE_TEXTS = 500
LONGEST_TEXT = 20_000
MOST_CHARACTERS = 64_000_000
_ASKED_CHARACTERS = 160
_FIRST: Final = ("input", "scenario", "turns", "expected_output", "expected_outcome", "retrieval_context", "context")
_UNTOLD: Final = frozenset({"id", "actual_output", "tags", "must_run"})


class Reported(NamedTuple):
    """What a run's report has, in the order of slots and of cases."""

    measurements: Iterable[Measurement]
    outputs: Iterable[Output]


class _Before(NamedTuple):
    """The run that this one was compared with."""

    keys: RunKeys
    plan: Plan


def page_of(store: Store, plan: Plan, report: Report, told: Reported) -> Page:
    """The page's cases, the ones that matter most first, with as many of their texts as are not too much."""
    before = _baseline(store, report)
    must_run = {frozen.case.id for frozen in all_frozen(store, plan) if frozen.group} if plan.must_run else set()
    book = _Book(plan, _unlike(store, plan, before), must_run)
    there = judged_as_now(reported_measurements(store, before.keys), plan, before.plan) if before else ()
    chosen = book.chosen(entries_of(store, plan, report, told.measurements), there)
    texts = _Texts(store, plan, before, [case for _, case in chosen])
    known, causes = texts.by_case(told.outputs), book.causes()
    return Page(
        lines=tuple(_with_case(line, known.get(line.id), causes) for line, _ in chosen),
        texts=tuple(each.text if (each := known.get(line.id)) else None for line, _ in chosen),
        spreads=book.spreading.told(),
        broken=book.broken,
        fixed=book.fixed,
        left_out=book.count - len(chosen),
    )


class _Book:
    """All cases in one pass; the ones that matter most are kept."""

    def __init__(self, plan: Plan, unlike: Unlike, must_run: Collection[str]) -> None:
        self._metrics = [recipe.name for recipe in plan.recipes]
        self._unlike = unlike
        self._must_run = must_run
        self._diagnosing = Diagnosing(plan.recipes)
        self.spreading = Spreading(len(self._metrics))
        self.count = self.broken = self.fixed = 0

    def chosen(self, here: Iterable[Entry], there: Iterable[Measurement]) -> list[tuple[CaseLine, CaseDraws]]:
        cases = beside(self._diagnosed(here), there, self._metrics, self._unlike)
        return nsmallest(MOST_LINES, map(self._take, cases), key=lambda pair: weight(pair[0]))

    def causes(self) -> Mapping[str, Cause]:
        return self._diagnosing.causes()

    def _take(self, case: CaseDraws) -> tuple[CaseLine, CaseDraws]:
        must_run = case.case_id in self._must_run
        if not must_run:
            self.spreading.add(case.draws)
        cells = cells_of(case.draws, len(self._metrics))
        line = CaseLine(case.case_id, cells, must_run, case.case_id in self._unlike.changed)
        self.count += 1
        self.broken += line.broken
        self.fixed += line.fixed
        return line, case

    def _diagnosed(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self._diagnosing.add(entry)
            yield entry


class _Known(NamedTuple):
    """What the dataset says of a case that is told."""

    asked: str
    tags: tuple[str, ...]
    has_context: bool
    text: CaseText | None


class _Texts:
    """The texts of chosen cases: those of the ones that matter most, and of others while there is room."""

    def __init__(self, store: Store, plan: Plan, before: _Before | None, chosen: Sequence[CaseDraws]) -> None:
        self._store, self._plan, self._before = store, plan, before
        self._chosen = {case.case_id: case for case in chosen}
        self._with_text = {case.case_id for case in chosen[:MOST_TEXTS]}
        self._sure = {case.case_id for case in chosen[:SURE_TEXTS]}
        self._room = MOST_CHARACTERS

    def by_case(self, outputs: Iterable[Output]) -> dict[str, _Known]:
        produced = {output.case_id: output for output in outputs if output.case_id in self._chosen}
        before = self._answers_before()
        frozen_cases = (each for each in all_frozen(self._store, self._plan) if each.case.id in self._chosen)
        return {
            frozen.case.id: self._known(_whole(frozen, produced.get(frozen.case.id)), before) for frozen in frozen_cases
        }

    def _known(self, case: Case, before: Mapping[str, str]) -> _Known:
        asked = (case.input if case.input is not None else case.scenario) or _said_first(case)
        has_context = bool(case.retrieval_context) or any(turn.retrieval_context for turn in case.turns or ())
        has_room = case.id in self._sure or (case.id in self._with_text and self._room > 0)
        text = self._text(case, before.get(case.id)) if has_room else None
        return _Known(asked[:_ASKED_CHARACTERS], case.tags, has_context, text)

    def _text(self, case: Case, before: str | None) -> CaseText:
        fields = [field for name in _names(case) if (field := _told(name, getattr(case, name))) is not None]
        answer = _answer(case)
        all_texts = [*(each for field in fields for each in field.passages), answer or "", before or ""]
        self._room -= sum(min(len(each), LONGEST_TEXT) for each in all_texts)
        return CaseText(
            texts=tuple(Text(field.name, tuple(map(_cut, field.passages))) for field in fields),
            draws=self._chosen[case.id].draws,
            answer=None if answer is None else _cut(answer),
            answer_before=None if before is None else _cut(before),
            shortened=any(len(each) > LONGEST_TEXT for each in all_texts),
        )

    def _answers_before(self) -> dict[str, str]:
        """What the baseline's cases answered."""
        if self._before is None:
            return {}
        keys, plan = self._before
        wanted = self._with_text
        found = {each.case.id: each for each in all_frozen(self._store, plan) if each.case.id in wanted}
        produced = {each.case_id: each for each in reported_outputs(self._store, keys) if each.case_id in wanted}
        answers = {case_id: _answer(_whole(frozen, produced.get(case_id))) for case_id, frozen in found.items()}
        return {case_id: answer[: LONGEST_TEXT + 1] for case_id, answer in answers.items() if answer is not None}


def _with_case(line: CaseLine, known: _Known | None, causes: Mapping[str, Cause]) -> CaseLine:
    if known is None:
        return line
    cause = causes.get(line.id) if known.has_context else None
    return line._replace(asked=known.asked, tags=known.tags, cause=cause)


def entries_of(store: Store, plan: Plan, report: Report, measurements: Iterable[Measurement]) -> Iterator[Entry]:
    """Every planned slot in order, the missing ones too."""
    if not report.counts.missing:
        return iter(measurements)
    known = list(measurements)
    measured = {each.slot for each in known}
    planned = (slot for frozen in all_frozen(store, plan) for slot in planned_slots(frozen, plan.execution.repeats))
    missing: list[Slot] = sorted(slot for slot in planned if slot not in measured)
    return in_order(known, missing)


def _baseline(store: Store, report: Report) -> _Before | None:
    """The run that the report was compared with, if it is still there."""
    if report.baseline is None or report.baseline.run_id is None:
        return None
    try:
        keys = find_run(store, report.baseline.run_id)
        return _Before(keys, read_plan(store, keys))
    except (UsageError, InputError):  # deleted since, or damaged: the report says what it was then
        return None


def _unlike(store: Store, plan: Plan, before: _Before | None) -> Unlike:
    if before is None:
        return Unlike()
    changed: set[str] = set()
    if plan.inputs_digest != before.plan.inputs_digest:
        there = {frozen.case.id: input_digest(frozen.case) for frozen in all_frozen(store, before.plan)}
        ours = (frozen.case for frozen in all_frozen(store, plan))
        changed = {case.id for case in ours if there.get(case.id, "") not in ("", input_digest(case))}
    return Unlike(changed, refused_metrics(plan, before.plan), counted_repeats(plan, before.plan))


def _whole(frozen: FrozenCase, output: Output | None) -> Case:
    return frozen.case if output is None else completed(frozen.case, output)


def _names(case: Case) -> Iterator[str]:
    """The fields in the order of reading; the answer of a single turn and what the table shows have places of their own."""
    yield from _FIRST
    yield from (name for name in type(case).model_fields if name not in _FIRST and name not in _UNTOLD)


def _told(name: str, value: object) -> Text | None:
    match value:
        case None | "" | () | False:
            return None
        case dict() if not value:
            return None
        case tuple() if all(isinstance(each, str) for each in value):
            return Text(name, tuple(map(str, value)))
        case _:
            return Text(name, ("\n".join(lines_of(value)),))


def _answer(case: Case) -> str | None:
    return "\n".join(lines_of(case.turns)) if case.turns is not None else case.actual_output


def _said_first(case: Case) -> str:
    return next((turn.content for turn in case.turns or () if turn.role == "user"), "")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
