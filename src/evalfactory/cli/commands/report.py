"""evalfactory report."""

from __future__ import annotations

from ...app.reports import latest_report_folder, read_report, reported_file
from ...app.telling import Told
from ...render.markdown import markdown
from ..output import say_json, say_rendered, say_report
from ..parser import Arguments
from ..places import run_of


def execute(arguments: Arguments) -> int:
    """Print a run's newest report."""
    store, keys = run_of(arguments)
    report = read_report(store, keys)
    folder = latest_report_folder(store, keys) or ""
    if arguments.json or arguments.format == "json":
        say_json(report.model_dump(mode="json"))
    elif arguments.format == "markdown":
        say_rendered(markdown(report))
    elif arguments.format == "junit":
        say_rendered(reported_file(store, keys, "junit.xml"))
    else:
        say_report(report, Told(store.url, folder), as_json=False)
    return 0
