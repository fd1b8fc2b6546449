"""Cases out of a dataset, one at a time, and every problem of the file in one error at the end."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError, Problem
from ..records.case import Case, derived_id
from ..records.suite import DatasetSpec
from .field_map import Mapped, field_map
from .mapping import Reading, case_from
from .problems import FileProblem, shown
from .row import Row, located
from .rows import Format, format_of, rows, stranger
from .source import open_dataset


class ReadCase(NamedTuple):
    """A case and the line it begins on; in a Parquet file, the row's number."""

    case: Case
    line: int


class NoCase(NamedTuple):
    """What is wrong with a line, or with the rest of the file behind it."""

    problems: tuple[Problem, ...]


def read_cases(spec: DatasetSpec, folder: Path) -> Iterator[ReadCase]:
    """The dataset's cases in the file's order, each id once; the file is never held in memory (JSON excepted).

    Raises `InputError` at the end with every problem, or as soon as there are `spec.max_problems`: a caller that uses
    the cases only after the last one never uses a part of a broken file. Raises `EnvironmentProblem` when Parquet's
    extra is missing, `UnavailableError` when a bucket does not answer.
    """
    reading = _reading(spec)
    with open_dataset(spec, folder) as source:
        yield from _Reader(spec, reading).cases(source)


def read_lines(spec: DatasetSpec, folder: Path) -> Iterator[ReadCase | NoCase]:
    """Every line of the dataset as the case it is, or what is wrong with it; ids may come twice. Raises for no line at all.

    Raises `EnvironmentProblem` and `UnavailableError` as `read_cases` does.
    """
    reading = _reading(spec)
    with open_dataset(spec, folder) as source:
        yield from _Reader(spec, reading).lines(source)


def _reading(spec: DatasetSpec) -> Reading:
    problems, entries = [], []
    for found in field_map(spec.fields):
        if isinstance(found, Mapped):
            entries.append(found)
        else:
            problems.append(found)
    if problems:
        raise InputError("the dataset's `fields` do not fit", tuple(problems))
    kind = format_of(spec)
    return Reading(tuple(entries), cells=kind == "csv", table=kind in {"csv", "parquet"})


class _Reader:
    def __init__(self, spec: DatasetSpec, reading: Reading) -> None:
        self._spec = spec
        self._format: Format = format_of(spec)
        self._name = shown(spec.path, 300)[1:-1]
        self._reading = reading
        self._problems: list[Problem] = []
        self._told: set[tuple[str, str | None]] = set()
        self._lines: dict[str, int] = {}

    def cases(self, source: io.BufferedReader) -> Iterator[ReadCase]:
        empty = True
        for row in self._rows(source):
            empty = False
            if isinstance(row, Problem):
                self._note(row)
            elif case := self._case(row):
                yield ReadCase(case, row.line)
            if len(self._problems) >= self._spec.max_problems:
                raise self._error(", and there may be more: reading stopped here")
        if empty:
            self._note(Problem("there is no case in it"))
        if self._problems:
            raise self._error()

    def lines(self, source: io.BufferedReader) -> Iterator[ReadCase | NoCase]:
        empty = True
        for row in self._rows(source):
            empty = False
            if isinstance(row, Problem):
                yield NoCase((replace(row, file=self._name),))
                continue
            case = case_from(row.values, self._reading)
            if isinstance(case, Case):
                yield ReadCase(case, row.line)
            else:
                yield NoCase(tuple(replace(located(each, row.line), file=self._name) for each in case))
        if empty:
            self._note(Problem("there is no case in it"))
            raise self._error()

    def _rows(self, source: io.BufferedReader) -> Iterator[Row | Problem]:
        """The file's rows; what ends it too early is its last problem."""
        line = 0
        try:
            if problem := stranger(source.peek(8), self._format):
                yield problem
                return
            for row in rows(source, self._format):
                line = row.line or line
                yield row
        except InputError as broken:
            yield from (_after(problem, line) for problem in broken.problems)
        except OSError as error:
            yield _after(Problem(f"the file cannot be read on: {error}"), line)

    def _case(self, row: Row) -> Case | None:
        case = case_from(row.values, self._reading)
        if not isinstance(case, Case):
            for problem in case:
                self._note(located(problem, row.line))
            return None
        first = self._lines.get(case.id)
        if first is not None:
            self._note(_twin(case, first, row.line))
            return None
        self._lines[case.id] = row.line
        return case

    def _note(self, problem: Problem) -> None:
        if isinstance(problem, FileProblem):
            key = (problem.message, problem.field)
            if key in self._told:
                return
            self._told.add(key)
        if len(self._problems) < self._spec.max_problems:
            self._problems.append(replace(problem, file=self._name))

    def _error(self, more: str = "") -> InputError:
        count = len(self._problems)
        return InputError(f"the dataset has {count} problem{'s' if count > 1 else ''}{more}", tuple(self._problems))


def _after(problem: Problem, line: int) -> Problem:
    if problem.line is not None or not line:
        return problem
    return replace(problem, message=f"{problem.message} (after line {line})", line=line)


def _twin(case: Case, first: int, line: int) -> Problem:
    if case.id == derived_id(case):
        message = f"the same {'input' if case.turns is None else 'scenario and user turns'} as in line {first}"
        return Problem(message, line=line, hint="give each of them an `id`, or remove one")
    return Problem(f"{shown(case.id)} is the id of line {first} too", line=line, field="id", hint="ids are unique")
