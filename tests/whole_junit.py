"""`junit.xml` of whole lists, as the tests have them."""

from __future__ import annotations

from collections.abc import Iterable

from evalfactory.records.measurement import Measurement, Slot
from evalfactory.records.report import Report
from evalfactory.render.junit import JUnit


def junit(report: Report, entries: Iterable[Measurement | Slot]) -> str:
    """The whole file."""
    told = JUnit(report.suite, (metric.name for metric in report.metrics))
    for entry in entries:
        told.add(entry)
    return "".join(told.xml(report))
