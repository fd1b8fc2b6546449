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
from .reports import FILES, MEASUREMENTS, OUTPUTS, REPORT, report_folders


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
    """The place of the report's files, all of them written. Whoever collects at the same time gets another place."""
    told, texts = _begun(store, keys, collected)
    store.put_file(f"{told.folder}{MEASUREMENTS}", collected.measurements.file)
    if collected.outputs is not None:
        store.put_file(f"{told.folder}{OUTPUTS}", collected.outputs.file)
    for name, body in texts.items():
        store.put(f"{told.folder}{name}", body)
    store.put_file(f"{told.folder}junit.xml", collected.junit.file)
    store.put(f"{told.folder}{REPORT}", collected.report.model_dump_json(indent=1).encode())
    return told


class _Begun(NamedTuple):
    """A report folder that is ours alone, and the texts that go into it."""

    told: Told
    texts: dict[str, bytes]


def _begun(store: Store, keys: RunKeys, collected: Collected) -> _Begun:
    folders = report_folders(store, keys)
    while True:
        begun = _texts(collected, Told(store.url, next(folders)))
        files = {name: hashlib.sha256(body).hexdigest() for name, body in begun.texts.items()}
        body = canonical_json({**files, "junit.xml": collected.junit.sha256}).encode()
        if store.create(f"{begun.told.folder}{FILES}", body):
            return begun


def _texts(collected: Collected, told: Told) -> _Begun:
    report = collected.report
    texts = {
        "report.md": markdown(report).encode(),
        "report.txt": terminal(report, width=100, color=False, place=told.url).encode(),
    }
    return _Begun(told, texts)
