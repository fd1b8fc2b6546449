"""The page about a run, made from what the store has and put where somebody opens it."""

from __future__ import annotations

from pathlib import Path

from ..bulk import without_cycle_search
from ..errors import UnavailableError, UsageError
from ..render.page.html import PAGE, html
from ..render.redacting import redacted, redacted_page
from ..storage.layout import RunKeys
from ..storage.port import Store
from .paging import Reported, page_of
from .planning import read_plan
from .reports import latest_report_folder, read_report, reported_measurements, reported_outputs
from .withholding import withheld

PAGE_WITHOUT_TEXTS = "report-redacted.html"


@without_cycle_search()
def show_page(store: Store, keys: RunKeys, out: Path | None = None, *, redact: bool = False) -> str:
    """Where the page about the run is now: a file of that name, or without one a file beside the run's newest report.

    Where not all texts fit into the page there is a script beside it, which must stay beside it. With `redact` neither
    has what the suite leaves out of what is published.

    Raises:
        UsageError: The run has no report yet, nothing to redact, or `out` is a folder.
        UnavailableError: The file cannot be written.
    """
    report, plan = read_report(store, keys), read_plan(store, keys)
    fields = withheld(plan) if redact else ()
    told = Reported(reported_measurements(store, keys), reported_outputs(store, keys))
    page = redacted_page(page_of(store, plan, report, told), fields)
    place = out or Path(PAGE_WITHOUT_TEXTS if redact else PAGE)
    beside = f"{place.stem}-cases.js"
    made = html(redacted(report, fields), page, beside=beside)
    files = {place.name: made.page} | ({beside: made.beside} if made.beside else {})
    if out is not None:
        _write(out, files)
        return str(out)
    folder = latest_report_folder(store, keys)
    for name, text in files.items():
        store.put(f"{folder}{name}", text.encode())
    return f"{store.url.rstrip('/')}/{folder}{place.name}"


def _write(out: Path, files: dict[str, str]) -> None:
    if out.is_dir():
        raise UsageError(f"{out} is a folder", hint=f"--out {out / PAGE}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            out.with_name(name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UnavailableError(f"{out} cannot be written: {error.strerror or error}") from error
