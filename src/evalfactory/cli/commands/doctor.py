"""evalfactory doctor."""

from __future__ import annotations

from ...app.doctoring import store_findings
from ...app.places import store_for
from ...errors import Exit
from ...storage.open import open_store
from ...suites import load_suite
from ..output import say, say_json
from ..parser import Arguments
from ..places import suite_path


def execute(arguments: Arguments) -> int:
    """Try what a run needs; 78 if something is not as it must be."""
    if arguments.suite:
        store = store_for(load_suite(suite_path(arguments.suite)), arguments.store)
    else:
        store = open_store(arguments.store or ".evalfactory")
    findings = store_findings(store)
    if arguments.json:
        say_json({"store": store.url, "findings": [finding._asdict() for finding in findings]})
    else:
        say(f"store {store.url}")
        for finding in findings:
            say(f"  {'ok ' if finding.is_well else 'NOT'}  {finding.what}: {finding.said}")
            if finding.hint:
                say(f"       try: {finding.hint}")
    return Exit.PASS if all(finding.is_well for finding in findings) else Exit.ENVIRONMENT
