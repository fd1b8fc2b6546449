"""Rows of a JSON file: a list of cases, or an object that holds one."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from ..errors import InputError, Problem
from .lines import not_utf8
from .problems import kind_of, shown
from .row import Row, located
from .strict_json import end_at, explain, parse_at

#: A JSON file is read whole; JSON Lines has no such limit. Bytes, decompressed.
FILE_LIMIT_BYTES = 256 * 2**20
_MEBIBYTE = 2**20
_SPACE = re.compile(r"[ \t\r\n]*")
#: Which list of several is meant.
_LISTS_OF_CASES = ("test_cases", "testCases", "goldens", "conversational_goldens", "conversationalGoldens", "cases")
_SEVERAL = "several values, one after the other"


def json_rows(source: BinaryIO) -> Iterator[Row | Problem]:
    """Every element of the list, decoded one by one, with the line it begins on."""
    cursor = _Cursor(_text(source))
    try:
        match cursor.peek():
            case "[":
                yield from _cases(cursor)
                cursor.end()
            case "{":
                cursor.move(_list_inside(cursor))
                yield from _cases(cursor)
            case _:
                raise _refused(Problem("not a list of cases", line=1, hint="a JSON file is `[{…}, {…}]`"))
    except json.JSONDecodeError as error:
        hint = "is it JSON Lines? say `format: jsonl`" if error.msg == _SEVERAL else None
        raise _refused(located(explain(error), error.lineno, hint=hint)) from None
    except RecursionError as error:
        raise _refused(located(explain(error), cursor.line())) from None


def _refused(problem: Problem) -> InputError:
    return InputError("the rest cannot be read", (problem,))


def _text(source: BinaryIO) -> str:
    raw = source.read(FILE_LIMIT_BYTES + 1)
    if len(raw) > FILE_LIMIT_BYTES:
        limit = FILE_LIMIT_BYTES // _MEBIBYTE
        raise _refused(Problem(f"a JSON file of more than {limit} MiB", line=1, hint="write it as JSON Lines"))
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise _refused(not_utf8(raw.count(b"\n", 0, error.start) + 1)) from None


def _cases(cursor: _Cursor) -> Iterator[Row | Problem]:
    for _ in cursor.members("[", "]"):
        line = cursor.line()
        match cursor.value():
            case dict() as values:
                yield Row(line, values)
            case Problem() as problem:
                yield located(problem, line)
            case other:
                yield Problem(f"{kind_of(other)}, where a case is an object", line=line)


def _list_inside(cursor: _Cursor) -> int:
    """Where the object's one list of cases begins."""
    places = _lists_of_objects(cursor)
    named = [name for name in _LISTS_OF_CASES if name in places]
    chosen = named if len(named) == 1 else list(places)
    match chosen:
        case [only]:
            return places[only]
        case []:
            raise _refused(Problem("an object without a list of cases", line=1, hint="a JSON file is `[{…}, {…}]`"))
        case _:
            names = ", ".join(shown(name) for name in chosen[:5])
            hint = "keep the cases in a file of their own"
            raise _refused(Problem(f"an object with {len(chosen)} lists: {names}", line=1, hint=hint))


def _lists_of_objects(cursor: _Cursor) -> dict[str, int]:
    """The object's members that are lists and begin with an object -> where they begin."""
    places: dict[str, int] = {}
    for _ in cursor.members("{", "}"):
        key = cursor.name()
        cursor.take(":")
        if cursor.peek() != "[":
            cursor.skip()
            continue
        begin = cursor.at
        for _ in cursor.members("[", "]"):
            if cursor.peek() == "{":
                places.setdefault(key, begin)
            cursor.skip()
    cursor.end()
    return places


class _Cursor:
    """A place in a JSON text, moved from value to value. Raises `JSONDecodeError` where the text is none."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._counted = 0
        self._line = 1
        self.at = 0

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        found = _SPACE.match(self._text, self.at)
        self.at = found.end() if found else self.at
        return self._text[self.at : self.at + 1]

    def take(self, mark: str) -> None:
        if self.peek() != mark:
            raise self._error(f"Expecting '{mark}'")
        self.at += 1

    def members(self, opening: str, closing: str) -> Iterator[None]:
        """Once for each member, with the cursor on it; the caller moves it behind."""
        self.take(opening)
        while self.peek() != closing:
            yield
            if self.peek() == closing:
                break
            self.take(",")
            if self.peek() == closing:
                raise self._error("Illegal trailing comma before it")
        self.take(closing)

    def value(self) -> Any | Problem:
        self.peek()
        value, self.at = parse_at(self._text, self.at)
        return value

    def name(self) -> str:
        if self.peek() != '"':
            raise self._error("Expecting property name enclosed in double quotes")
        return str(self.value())

    def skip(self) -> None:
        self.peek()
        self.at = end_at(self._text, self.at)

    def end(self) -> None:
        if self.peek():
            raise self._error(_SEVERAL)

    def move(self, at: int) -> None:
        self.at, self._counted, self._line = at, 0, 1

    def line(self) -> int:
        self._line += self._text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def _error(self, message: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(message, self._text, self.at)
