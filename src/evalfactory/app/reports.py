"""A run's report in the store: numbered folders, written once each; the highest complete one counts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from itertools import count
from typing import TypeVar

from pydantic import ValidationError

from ..errors import InputError, Problem, UsageError
from ..records.base import Record
from ..records.measurement import Measurement, Output
from ..records.report import Report
from ..storage.layout import RunKeys
from ..storage.lines import read_lines
from ..storage.port import Store
from .places import store_option, try_command

REPORT = "report.json"  # written last: a folder without it is not finished
MEASUREMENTS = "measurements.jsonl"
FILES = "files.json"  # name -> SHA-256 of the files that people and build servers read; written first, by one alone
READ_BY_PEOPLE = ("junit.xml", "report.md", "report.txt")
OUTPUTS = "outputs.jsonl"  # only of a run with a target
Line = TypeVar("Line", bound=Record)

_NUMBER = re.compile(r"/(\d{4})/report\.json$")


def latest_report_folder(store: Store, keys: RunKeys) -> str | None:
    """The key prefix of the newest finished report, ending in `/`; None when there is none."""
    numbers = [int(found[1]) for entry in store.list(keys.report_folder) if (found := _NUMBER.search(entry.key))]
    return report_folder(keys, max(numbers)) if numbers else None


def report_folders(store: Store, keys: RunKeys) -> Iterator[str]:
    """Folders that nobody seems to have begun to write, one after the other: others may be faster."""
    used = {entry.key.removeprefix(keys.report_folder).split("/")[0] for entry in store.list(keys.report_folder)}
    highest = max((int(name) for name in used if name.isdigit()), default=0)
    return (report_folder(keys, number) for number in count(highest + 1))


def report_folder(keys: RunKeys, number: int) -> str:
    """The folder of the run's report with that number."""
    return f"{keys.report_folder}{number:04d}/"


def is_quick_look(report: Report) -> bool:
    """Whether the run was of some cases instead of a whole tier."""
    return bool(report.selection)


def verdict_of(store: Store, keys: RunKeys) -> str | None:
    """The verdict of the run's newest report, `damaged` for one that cannot be read, None without any."""
    try:
        return read_report(store, keys).verdict.outcome
    except UsageError:
        return None
    except InputError:
        return "damaged"


def read_report(store: Store, keys: RunKeys) -> Report:
    """The run's newest report.

    Raises:
        UsageError: The run has none yet.
        InputError: It was changed.
    """
    folder = latest_report_folder(store, keys)
    if folder is None:
        again = try_command("collect", keys.run_id, *store_option(store.url))
        raise UsageError(f"run {keys.run_id} has no report yet", hint=again)
    try:
        return Report.model_validate_json(store.read(f"{folder}{REPORT}"))
    except ValidationError as error:
        raise _damaged(f"{folder}{REPORT}") from error


def reported_measurements(store: Store, keys: RunKeys) -> Iterator[Measurement]:
    """The measurements of the run's newest report, in slot order; none without a report.

    Raises:
        InputError: The file is gone, or was changed; where no single line tells, after the last one.
    """
    folder = latest_report_folder(store, keys)
    if folder is None:
        return iter(())
    proof = read_report(store, keys).proof
    return _lines(store, f"{folder}{MEASUREMENTS}", Measurement, proof.measurements_sha256)


def reported_outputs(store: Store, keys: RunKeys) -> Iterator[Output]:
    """What the target produced, as the run's newest report has it, in the order of case ids; nothing without a target.

    Raises:
        InputError: As for the measurements.
    """
    folder = latest_report_folder(store, keys)
    sha256 = read_report(store, keys).proof.outputs_sha256 if folder else None
    return _lines(store, f"{folder}{OUTPUTS}", Output, sha256) if sha256 else iter(())


def reported_file(store: Store, keys: RunKeys, name: str) -> str:
    """The text of a file of the run's newest report. Raises `InputError` when it is gone, or no text any more."""
    key = f"{latest_report_folder(store, keys)}{name}"
    try:
        return store.read(key).decode()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise _damaged(key) from error


def _lines(store: Store, key: str, kind: type[Line], sha256: str) -> Iterator[Line]:
    found = hashlib.sha256()
    try:
        for line in read_lines(store, key):
            found.update(line + b"\n")
            yield kind.model_validate_json(line)
    except (FileNotFoundError, ValidationError) as error:
        raise _damaged(key) from error
    if found.hexdigest() != sha256:
        raise _damaged(key)


def _damaged(key: str) -> InputError:
    problem = Problem("it is gone, or not what was written", file=key, hint="`evalfactory collect` makes it anew")
    return InputError("the run's report was changed or cut short", (problem,))
