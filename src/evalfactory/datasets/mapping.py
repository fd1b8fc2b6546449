"""One raw row to one case, or everything that is wrong with it: pure, so that every rule has its test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from ..errors import Problem
from ..records.case import Case, derived_id
from .clean import is_clean, unclean
from .field_map import MISSING, Mapped, look_up, without
from .names import CASE_EXTRA_NAMES, CASE_NAMES, nearest_case_field
from .problems import FileProblem, kind_of, shown
from .shaping import Lists, Shaper, holds_something, near_miss
from .strict_json import parse
from .wrong_types import wrong_types

ID_LIMIT = 200
#: DeepEval writes all of these in every row of a file it saves; in such a row, a text is a list joined by `|`.
_SAVED_BY_DEEPEVAL = frozenset({"source_file", "additional_metadata", "tools_called", "expected_tools"})
_TEXT_LISTS = ("context", "retrieval_context", "tags")
_TOOL_LISTS = ("tools_called", "expected_tools")
_NO_ID = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Reading(NamedTuple):
    """How the rows of one file are read."""

    fields: tuple[Mapped, ...] = ()
    cells: bool = False  # every value is a text, so lists and objects are written as one (CSV)
    table: bool = False  # every row has the same columns, so a missing one is told once (CSV, Parquet)


_PLAIN = Reading()


def case_from(row: Mapping[str, Any], reading: Reading = _PLAIN) -> Case | tuple[Problem, ...]:
    """The case that a row of JSON values says, its id derived if it has none; or its problems, without file or line.

    Of DeepEval's fields, those that no metric here reads (`CASE_EXTRAS`) go to `metadata` when they hold a value, and so
    does every column that is no field. A near miss of a field that the row lacks is a problem.
    """
    if not is_clean(row) and (faults := tuple(unclean(row))):
        return faults
    sorter = _Sorter(reading)
    sorter.sort(row)
    shaper = Shaper()
    values = _shaped(sorter, shaper, _lists_in(row, reading))
    problems = [*sorter.problems, *shaper.problems]
    case = _validated(values, problems)
    if not sorter.unresolved:
        problems.extend(_what_is_asked(values, sorter.extras))
    return tuple(problems) if problems or case is None else _with_id(case)


def _lists_in(row: Mapping[str, Any], reading: Reading) -> tuple[Lists, Lists]:
    """How a text becomes a list in a column that the suite maps, and in any other."""
    saved = row.keys() >= _SAVED_BY_DEEPEVAL
    if reading.cells:
        return "column", "saved" if saved else "cell"
    return "one", "saved" if saved else "one"


class _Sorter:
    """Puts a row's values under our fields' names, the others under `extras`."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.given: dict[str, Any] = {}
        self.extras: dict[str, Any] = {}
        self.mapped: set[str] = set()
        self.problems: list[Problem] = []
        self.unresolved = False  # a name could not be placed: what the row lacks may be behind it

    def sort(self, row: Mapping[str, Any]) -> None:
        if self._reading.fields:
            self._take_mapped(row)
            row = without(row, self._reading.fields)
        unknown: list[str] = []
        for key, value in row.items():
            if (field := CASE_NAMES.get(key)) and field not in self.mapped:
                if value is not None:
                    self._give(self.given, field, value, key)
            elif name := CASE_EXTRA_NAMES.get(key):
                if holds_something(value):
                    self._give(self.extras, name, self._plain(value), key)
            else:
                unknown.append(key)
        for key in unknown:
            self._keep(key, row[key])

    def _take_mapped(self, row: Mapping[str, Any]) -> None:
        for entry in self._reading.fields:
            value = look_up(row, entry)
            self.mapped.add(entry.field)
            if value is MISSING:
                self.unresolved = True
                self.problems.append(_no_column(row, entry, once=self._reading.table))
            elif value is not None:
                into, name = (self.given, entry.field) if "." not in entry.field else self._metadata_key(entry)
                into[name] = value

    def _metadata_key(self, entry: Mapped) -> tuple[dict[str, Any], str]:
        return self.extras, entry.field.partition(".")[2]

    def _keep(self, key: str, value: Any) -> None:
        nearest = None if key in CASE_NAMES else nearest_case_field(key)
        if nearest and nearest not in self.given and nearest not in self.mapped:
            self.unresolved = True
            self.problems.append(near_miss(key, nearest))
        elif value is not None:
            self._give(self.extras, key, value, key)

    def _give(self, into: dict[str, Any], name: str, value: Any, key: str) -> None:
        if name in into:
            self.problems.append(Problem(f"{shown(key)} says `{name}` a second time", field=name, hint="keep one"))
        into[name] = value

    def _plain(self, value: Any) -> Any:
        """What DeepEval wrote as a number or an object, out of its cell."""
        if not self._reading.cells or not isinstance(value, str):
            return value
        parsed = parse(value)
        return value if isinstance(parsed, Problem) or next(unclean(parsed), None) else parsed


def _no_column(row: Mapping[str, Any], entry: Mapped, *, once: bool) -> Problem:
    names = ", ".join(shown(name, 30) for name in list(row)[:8])
    kind = FileProblem if once else Problem
    return kind(f"no column {shown(entry.column)}", field=entry.field, hint=f"there are {names}" if names else None)


def _shaped(sorter: _Sorter, shaper: Shaper, lists: tuple[Lists, Lists]) -> dict[str, Any]:
    values = sorter.given
    mapped, unmapped = lists
    for field in _TEXT_LISTS:
        if field in values:
            values[field] = shaper.texts(values[field], field, mapped if field in sorter.mapped else unmapped)
    for field in _TOOL_LISTS:
        if field in values:
            values[field] = shaper.tools(values[field], field)
    if "turns" in values:
        values["turns"] = shaper.turns(values["turns"], "turns")
    if "metadata" in values or sorter.extras:
        values["metadata"] = shaper.metadata(values.get("metadata"), sorter.extras)
    persona = sorter.extras.get("persona")
    if isinstance(persona, dict) and isinstance(persona.get("characteristics"), str):
        values.setdefault("user_description", persona["characteristics"])
    _drop_the_empty_one(values)
    return values


def _drop_the_empty_one(values: dict[str, Any]) -> None:
    """A table of both kinds leaves `input` empty for a conversation, and `turns` for a question."""
    if values.get("input") == "" and values.get("turns"):
        del values["input"]
    if values.get("turns") == [] and values.get("input"):
        del values["turns"]


def _validated(values: dict[str, Any], problems: list[Problem]) -> Case | None:
    given = values.get("id")
    if given is not None and (fault := _id_fault(given)):
        problems.append(fault)
    try:
        return Case.model_validate({**values, "id": "" if given is None else str(given)})
    except ValidationError as error:
        known = {problem.field for problem in problems}
        problems.extend(found for found in wrong_types(error) if found.field not in known)
        return None


def _id_fault(given: Any) -> Problem | None:
    hint = "an id is a text or a number of your own"
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return Problem(f"must be a text, not {kind_of(given)}", field="id", hint=hint)
    text = str(given)
    if not text.strip():
        return Problem("is empty", field="id", hint="write one, or leave the field out")
    if len(text) > ID_LIMIT:
        return Problem(f"longer than {ID_LIMIT} characters", field="id", hint="use a short one")
    if _NO_ID.search(text):
        return Problem(f"holds a line break or a control character: {shown(text)}", field="id", hint=hint)
    if text != text.strip():
        return Problem(f"begins or ends with a space: {shown(text)}", field="id", hint="remove it")
    return None


def _what_is_asked(values: Mapping[str, Any], extras: Mapping[str, Any]) -> Iterator[Problem]:
    """A case is one question or one conversation that took place."""
    question, turns = values.get("input"), values.get("turns")
    if question is not None and turns is not None:
        yield Problem("both `input` and `turns`", hint="a case is one question or one conversation: make it two cases")
    elif isinstance(question, str) and not question.strip():
        yield Problem("is empty", field="input", hint="a case needs something that was asked")
    elif turns == [] or (turns is None and question is None and values.get("scenario")):
        yield Problem(
            "a conversation without turns",
            field="turns",
            hint="there is nothing to judge until it took place: add `turns`",
        )
    elif question is None and turns is None:
        yield Problem("neither `input` nor `turns`", hint=_how_to_map(extras))


def _how_to_map(extras: Mapping[str, Any]) -> str:
    column = next((name for name, value in extras.items() if isinstance(value, str)), None)
    if column is None:
        return "a case needs one of them"
    return f"name your column in the suite: `fields: {{input: {shown(column, 40)[1:-1]}}}`"


def _with_id(case: Case) -> Case:
    return case if case.id else case.model_copy(update={"id": derived_id(case)})
