"""Cases added to a file of JSON Lines: its other bytes stay as they are, and it is whole at every moment."""

from __future__ import annotations

import codecs
import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError, Problem, UnavailableError, UsageError
from ..records.case import Case, input_digest
from ..records.suite import DatasetSpec
from ..render.safe import legible_json
from .reading import read_cases

_SUFFIX = ".jsonl"


class Twin(NamedTuple):
    """A case that was refused, and the one of the file that is the same."""

    id: str
    same_as: str
    must_run: bool  # of the file's one, by its own line


class Appended(NamedTuple):
    """What was added, what was refused, and what is wrong with the lines of a log that were skipped: the first of each."""

    added: tuple[str, ...]
    there: tuple[Twin, ...]
    skipped: tuple[Problem, ...] = ()


def append_cases(path: Path, cases: Sequence[Case]) -> Appended:
    r"""The cases that are new, appended in their order; one whose id or input the file has is refused.

    Lines, byte order mark and line ends stay as they were, and a file without a line end at its end still has none.
    What hides or reorders is written as `\u202e`: whoever reviews the change of the file sees it.
    Whoever appends at the same time waits; whoever reads sees the old file or the new one.

    Raises:
        UsageError: The file is none of JSON Lines.
        InputError: It cannot be read as cases, so nobody knows what is in it.
        UnavailableError: It cannot be written.
    """
    if path.suffix != _SUFFIX:
        raise UsageError(f"cases can be added to {_SUFFIX} files only, not to {path.name}", hint="--to cases.jsonl")
    path = path.resolve()
    try:
        with _locked(path) as body:
            chosen = _new_ones(path, cases) if _holds_something(body) else _unlike([], cases)
            if chosen.cases:
                _replace(path, body + _lines(body, chosen.cases))
            return Appended(tuple(case.id for case in chosen.cases), chosen.there)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written: {error.strerror or error}") from error


@contextmanager
def _locked(path: Path) -> Iterator[bytes]:
    """The file's bytes, while nobody else may append. The lock is on the file itself, which a writer replaces."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        with os.fdopen(handle, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_still(path, file.fileno()):
                try:
                    yield file.read()
                finally:
                    if path.stat().st_size == 0:  # made here, and nothing came of it
                        path.unlink()
                return


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


class _Chosen(NamedTuple):
    cases: list[Case]
    there: tuple[Twin, ...]


def _new_ones(path: Path, cases: Sequence[Case]) -> _Chosen:
    try:
        return _unlike([read.case for read in read_cases(_spec(path), path.parent)], cases)
    except InputError as error:
        raise InputError(f"nothing is added to {path.name}: {error.message}", error.problems) from error


def _unlike(known: Sequence[Case], cases: Sequence[Case]) -> _Chosen:
    ids = {case.id: case.must_run for case in known}
    inputs = {input_digest(case): case.id for case in known}
    fresh: list[Case] = []
    there: list[Twin] = []
    for case in cases:
        twin = case.id if case.id in ids else inputs.get(input_digest(case))
        if twin is not None:
            there.append(Twin(case.id, twin, ids[twin]))
        else:
            fresh.append(case)
            ids[case.id] = case.must_run
            inputs[input_digest(case)] = case.id
    return _Chosen(fresh, tuple(there))


def _lines(body: bytes, cases: Sequence[Case]) -> bytes:
    end = b"\r\n" if body.rpartition(b"\n")[0].endswith(b"\r") else b"\n"
    told = end.join(legible_json(case.to_json()).encode() for case in cases)
    if _holds_something(body) and not body.endswith(b"\n"):
        return end + told
    return told + end


def _holds_something(body: bytes) -> bool:
    return bool(body.removeprefix(codecs.BOM_UTF8).strip())


def _replace(path: Path, body: bytes) -> None:
    partial = path.with_name(f".{path.stem}.{secrets.token_hex(8)}.partial{_SUFFIX}")
    try:
        with partial.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(path.stat().st_mode & 0o7777)
        for _ in read_cases(_spec(partial), partial.parent):  # what cannot be read again never takes the file's place
            pass
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _spec(path: Path) -> DatasetSpec:
    return DatasetSpec(path=path.name, format="jsonl")
