"""A run's report without what its suite leaves out of what is published."""

from __future__ import annotations

from ..errors import UsageError
from ..records.plan import Plan
from ..records.report import Report
from ..records.suite import Redacted
from ..render.junit import JUnit
from ..render.redacting import redacted, redacted_entry
from ..storage.layout import RunKeys
from ..storage.port import Store
from .paging import entries_of
from .planning import read_plan
from .reports import read_report, reported_measurements


def withheld(plan: Plan) -> tuple[Redacted, ...]:
    """What the suite redacted when the run was planned. Raises `UsageError` for nothing: nothing would be hidden."""
    if not plan.publish.redact:
        raise UsageError(
            f"the suite of run {plan.run_id} redacted nothing when the run was planned",
            hint="in the suite, then run again: publish: {redact: [input, actual_output, context]}",
        )
    return plan.publish.redact


def withheld_report(store: Store, keys: RunKeys) -> Report:
    """The run's newest report with those fields left out."""
    return redacted(read_report(store, keys), withheld(read_plan(store, keys)))


def withheld_junit(store: Store, keys: RunKeys) -> str:
    """The run's JUnit XML with those fields left out."""
    report, plan = read_report(store, keys), read_plan(store, keys)
    fields = withheld(plan)
    junit = JUnit(plan.suite, (recipe.name for recipe in plan.recipes))
    for entry in entries_of(store, plan, report, reported_measurements(store, keys)):
        junit.add(redacted_entry(entry, fields))
    return "".join(junit.xml(redacted(report, fields)))
