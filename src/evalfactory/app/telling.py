"""A report's files: written once each into a numbered folder, `report.json` last."""

from __future__ import annotations

from typing import NamedTuple

from ..render.markdown import markdown
from ..render.terminal import terminal
from ..storage.layout import RunKeys
from ..storage.port import Store
from .collecting import Collected
from .reports import MEASUREMENTS, REPORT, next_report_folder


class Told(NamedTuple):
    """Where a report is: the URL of the store, and the folder's key in it."""

    store: str
    folder: str

    @property
    def url(self) -> str:
        """The folder as a path or URL to show."""
        return f"{self.store.rstrip('/')}/{self.folder.rstrip('/')}"


def write_report(store: Store, keys: RunKeys, collected: Collected) -> Told:
    """The place of the report's files, all of them written."""
    report = collected.report
    folder = next_report_folder(store, keys)
    told = Told(store.url, folder)
    store.put(f"{folder}{MEASUREMENTS}", collected.measurements)
    store.put(f"{folder}report.md", markdown(report).encode())
    store.put(f"{folder}report.txt", terminal(report, width=100, color=False, place=told.url).encode())
    store.put(f"{folder}junit.xml", collected.junit)
    store.put(f"{folder}{REPORT}", report.model_dump_json(indent=1).encode())
    return told
