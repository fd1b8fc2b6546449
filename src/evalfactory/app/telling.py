"""A report's files: written once each into a numbered folder, `report.json` last."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from ..records.base import canonical_json
from ..records.report import Report
from ..render.markdown import markdown
from ..render.terminal import terminal
from ..storage.layout import RunKeys
from ..storage.port import Store
from .collecting import Collected, CollectOptions, collect
from .reports import FILES, MEASUREMENTS, OUTPUTS, REPORT, next_report_folder


class Told(NamedTuple):
    """Where a report is: the URL of the store, and the folder's key in it."""

    store: str
    folder: str

    @property
    def url(self) -> str:
        """The folder as a path or URL to show."""
        return f"{self.store.rstrip('/')}/{self.folder.rstrip('/')}"


class Collection(NamedTuple):
    """A run's report and where it was written."""

    report: Report
    told: Told


def collect_and_write(store: Store, keys: RunKeys, options: CollectOptions) -> Collection:
    """The run's report, merged from what its shards committed, and written. Raises as `collect` does."""
    with collect(store, keys, options) as collected:
        return Collection(collected.report, write_report(store, keys, collected))


def write_report(store: Store, keys: RunKeys, collected: Collected) -> Told:
    """The place of the report's files, all of them written."""
    report = collected.report
    folder = next_report_folder(store, keys)
    told = Told(store.url, folder)
    store.put_file(f"{folder}{MEASUREMENTS}", collected.measurements.file)
    if collected.outputs is not None:
        store.put_file(f"{folder}{OUTPUTS}", collected.outputs.file)
    texts = {
        "report.md": markdown(report).encode(),
        "report.txt": terminal(report, width=100, color=False, place=told.url).encode(),
    }
    for name, body in texts.items():
        store.put(f"{folder}{name}", body)
    store.put_file(f"{folder}junit.xml", collected.junit.file)
    files = {name: hashlib.sha256(body).hexdigest() for name, body in texts.items()}
    store.put(f"{folder}{FILES}", canonical_json({**files, "junit.xml": collected.junit.sha256}).encode())
    store.put(f"{folder}{REPORT}", report.model_dump_json(indent=1).encode())
    return told
