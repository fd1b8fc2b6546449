"""Where everything lies in a store: the one place that knows the names of keys.

fingerprints/…  limits/<group>/…  recipes/<digest>.json  runs/<run-id>.json
<suite>/runs/<run-id>/plan.json  cases/…  shards/00007/parts/…  shards/00007/commit.json  commits/…  logs/…  report/…
<suite>/runs/<run-id>/shards/00007/exchanges/…
<suite>/runs/<run-id>/quarantine/…  limits/<endpoint>/…
<suite>/baselines/<name>.json  <suite>/told/<where>.json
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..errors import InputError, UsageError
from .keys import escaped, escaped_to_ascii

FINGERPRINTS = "fingerprints/"
LIMITS = "limits/"
RECIPES = "recipes/"
RUNS = "runs/"

CLEANED = b'{"cleaned": true}\n'  # of a run that is kept as a report only
AGGREGATOR = "aggregator"  # how the attempts of whoever reports on a detached run begin

MAX_RUN_ID = 100
_RUN_ID = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9._-]{{0,{MAX_RUN_ID - 1}}}")
_OURS = frozenset(prefix.rstrip("/") for prefix in (FINGERPRINTS, LIMITS, RECIPES, RUNS))
_FILE_NAME = re.compile(r"[A-Za-z0-9_%~-][A-Za-z0-9._%~-]{0,199}")
_SHARD = re.compile(r"[0-9]{5}")


def checked_run_id(run_id: str) -> str:
    """`run_id`, if it can name a folder everywhere; `UsageError` otherwise."""
    if not _RUN_ID.fullmatch(run_id) or run_id.endswith((".", ".partial")):
        raise UsageError(
            f"not a run id: {run_id[:120]!r}",
            hint=f"letters, digits, `.`, `_` and `-`, at most {MAX_RUN_ID}, a letter or digit first",
        )
    return run_id


def suite_folder(suite: str) -> str:
    """The folder of a suite: its name, percent-escaped where needed, never one of the store's own folders."""
    part = escaped(suite)
    return f"%{ord(part[0]):02X}{part[1:]}" if part.casefold() in _OURS else part


def recipe_key(digest: str) -> str:
    """Where a recipe that was resolved once is kept."""
    return f"{RECIPES}{escaped(digest)}.json"


def limits_folder(group: str) -> str:
    """Where those who share one limit leave their heartbeats."""
    return f"{LIMITS}{escaped(group)}/"


def run_entry_key(run_id: str) -> str:
    """Which suite a run belongs to: a run id is unique in its store, so that it is all one has to know of a run."""
    return f"{RUNS}{checked_run_id(run_id)}.json"


def runs_folder(suite: str) -> str:
    """The folder that has a folder for each run of the suite."""
    return f"{suite_folder(suite)}/runs/"


def baselines_folder(suite: str) -> str:
    return f"{suite_folder(suite)}/baselines/"


def baseline_key(suite: str, name: str) -> str:
    """The pointer to a blessed run."""
    return f"{baselines_folder(suite)}{escaped(name)}.json"


def told_key(suite: str, where: str) -> str:
    """What was told there last of the suite; a pointer, like a baseline."""
    return f"{suite_folder(suite)}/told/{escaped(where)}.json"


@dataclass(frozen=True, slots=True)
class RunKeys:
    """The keys of one run; raises `UsageError` for a run id that cannot be one."""

    suite: str
    run_id: str

    def __post_init__(self) -> None:
        checked_run_id(self.run_id)

    @property
    def root(self) -> str:
        return f"{runs_folder(self.suite)}{self.run_id}/"

    @property
    def plan(self) -> str:
        return f"{self.root}plan.json"

    @property
    def placement(self) -> str:
        """Where the run's pods were placed first; for those that come later."""
        return f"{self.root}placement.json"

    @property
    def cleaned(self) -> str:
        """There if only the run's report is kept, for others to be compared with."""
        return f"{self.root}cleaned.json"

    @property
    def heavy(self) -> tuple[str, ...]:
        """The folders that no comparison with the run looks into."""
        return tuple(f"{self.root}{name}/" for name in ("shards", "logs", "limits", "quarantine"))

    @property
    def cases_folder(self) -> str:
        return f"{self.root}cases/"

    def cases(self, name: str) -> str:
        """A file of frozen cases, by the name in the plan."""
        return self.cases_folder + _file_name(name)

    @property
    def shards_folder(self) -> str:
        return f"{self.root}shards/"

    def shard(self, index: int) -> str:
        """A shard's folder; five digits, so that the order of keys is the order of shards."""
        if not 0 <= index < 100_000:
            raise ValueError(f"a shard's index has at most five digits: {index}")
        return f"{self.shards_folder}{index:05}/"

    def commit(self, index: int) -> str:
        return f"{self.shard(index)}commit.json"

    def claims_folder(self, index: int) -> str:
        """Where each attempt leaves its commit if the store does not see to it that the first one stays."""
        return f"{self.shard(index)}commits/"

    def claim(self, index: int, attempt: str) -> str:
        return f"{self.claims_folder(index)}{escaped_to_ascii(attempt)}.json"

    def parts_folder(self, index: int) -> str:
        return f"{self.shard(index)}parts/"

    def exchanges_folder(self, index: int) -> str:
        """Where it is kept what judges were asked and answered."""
        return f"{self.shard(index)}exchanges/"

    def exchanges(self, index: int, name: str) -> str:
        """A file of exchanges by the name in a commit."""
        return self.exchanges_folder(index) + _file_name(name)

    def part(self, index: int, name: str) -> str:
        """A part by the name in a commit or an index; the same key while it is a journal."""
        return self.parts_folder(index) + _file_name(name)

    @property
    def logs_folder(self) -> str:
        return f"{self.root}logs/"

    def log(self, attempt: str) -> str:
        return f"{self.logs_folder}{escaped_to_ascii(attempt)}.jsonl"

    def limits_folder(self, endpoint: str) -> str:
        """Where the run's workers agree on their shares of an endpoint's limits, if no other run shares them."""
        return f"{self.root}limits/{escaped(endpoint)}/"

    @property
    def report_folder(self) -> str:
        return f"{self.root}report/"

    def report(self, name: str) -> str:
        """A file of the report: `report.json`, `measurements.jsonl`, `junit.xml` and so on."""
        return self.report_folder + _file_name(name)

    @property
    def quarantine_folder(self) -> str:
        return f"{self.root}quarantine/"

    def quarantine(self, name: str) -> str:
        """A note about slots that killed their worker."""
        return self.quarantine_folder + escaped(name)


def _file_name(name: str) -> str:
    """`name`, which may come from a stored file, if it is the plain name of one."""
    if not _FILE_NAME.fullmatch(name):
        raise InputError(
            f"not the name of a file in a store: {name[:120]!r}", hint="the store's files were changed by hand"
        )
    return name


def part_name(attempt: str, number: int) -> str:
    """The name of an attempt's part: unique, because attempts are."""
    return f"{escaped_to_ascii(attempt)}-{number:04}.jsonl"


def shard_of(key: str) -> int | None:
    """The shard whose folder `key` lies in; None when it lies in none."""
    parts = PurePosixPath(key).parts
    if "shards" not in parts[:-1]:
        return None
    name = parts[parts.index("shards") + 1]
    return int(name) if _SHARD.fullmatch(name) else None
