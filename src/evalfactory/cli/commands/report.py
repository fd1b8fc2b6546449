"""evalfactory report."""

from __future__ import annotations

from pathlib import Path

from ...app.reports import latest_report_folder, read_report, reported_file
from ...app.telling import Told
from ...app.withholding import withheld_junit, withheld_report
from ...errors import UsageError
from ...render.markdown import markdown
from ..output import say, say_json, say_rendered, say_report
from ..parser import Arguments
from ..places import run_of


def execute(arguments: Arguments) -> int:
    """Print a run's newest report, or where the page made of it is."""
    store, keys = run_of(arguments)
    if arguments.format == "html" and not arguments.json:
        from ...app.showing import show_page  # loads the template engine

        say(show_page(store, keys, Path(arguments.out) if arguments.out else None, redact=arguments.redact))
        return 0
    if arguments.out:
        raise UsageError("--out is for --format html", hint="the other formats are printed: `> FILE`")
    report = withheld_report(store, keys) if arguments.redact else read_report(store, keys)
    folder = latest_report_folder(store, keys) or ""
    if arguments.json or arguments.format == "json":
        say_json(report.model_dump(mode="json"))
    elif arguments.format == "markdown":
        say_rendered(markdown(report))
    elif arguments.format == "junit":
        say_rendered(withheld_junit(store, keys) if arguments.redact else reported_file(store, keys, "junit.xml"))
    else:
        say_report(report, Told(store.url, folder), as_json=False)
    return 0
