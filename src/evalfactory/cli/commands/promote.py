"""evalfactory promote."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from ...app.promoting import Marks, Wanted, promote, promote_traces
from ...datasets.appending import Appended
from ...errors import UsageError
from ...records.suite import DatasetSpec
from ...render.words import plural
from ..output import say, say_json, tell
from ..parser import Arguments
from ..places import run_of

_SHOWN_PROBLEMS: Final = 5
_PLAIN: Final = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z_][\w-]*", re.ASCII | re.IGNORECASE
)  # a text in YAML


def execute(arguments: Arguments) -> int:
    """Add cases of a run, or of a production log, to a dataset."""
    marks = Marks(arguments.must_run, tuple(arguments.tag))
    to = Path(arguments.to)
    done = _of_log(arguments, to, marks) if arguments.source else _of_run(arguments, to, marks)
    _tell_rest(done, to, marks)
    if arguments.json:
        there = [{"id": twin.id, "same_as": twin.same_as} for twin in done.there]
        skipped = [{"line": each.line, "field": each.field, "message": each.message} for each in done.skipped]
        say_json({"to": str(to), "added": list(done.added), "refused": there, "skipped": skipped})
    else:
        say(f"{len(done.added)} added to {to}" + "".join(f"\n  {name}" for name in done.added))
    return 0


def _tell_rest(done: Appended, to: Path, marks: Marks) -> None:
    """Say what was not added, and what to do about it."""
    if done.skipped:
        tell(f"{plural(len(done.skipped), 'line')} of the log skipped: no case, or a wrong one")
        more = len(done.skipped) - _SHOWN_PROBLEMS
        for said in (*done.skipped[:_SHOWN_PROBLEMS], *([f"and {more} more"] if more > 0 else [])):
            tell(f"  {said}")
    for name, twin, _ in done.there:
        tell(f"{name} is not added: {to.name} has it" + ("" if twin == name else f", as {twin}"))
    ungated = dict.fromkeys(each.same_as for each in done.there if not each.must_run)
    if ungated and marks.must_run:
        ids = ", ".join(name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False) for name in ungated)
        tell(
            f"to gate {'it by itself' if len(ungated) == 1 else 'them one by one'}, in the suite: dataset.must_run: {{ids: [{ids}]}}"
        )


def _of_run(arguments: Arguments, to: Path, marks: Marks) -> Appended:
    if arguments.field or arguments.strict:
        raise UsageError(
            "--field maps a log's fields, and there is no --from"
            if arguments.field
            else "--strict is for the lines of a log, and there is no --from"
        )
    store, keys = run_of(arguments)
    wanted = Wanted(arguments.failed, arguments.flipped, tuple(arguments.case))
    return promote(store, keys, wanted, to, marks)


def _of_log(arguments: Arguments, to: Path, marks: Marks) -> Appended:
    if arguments.failed or arguments.flipped:
        raise UsageError(
            "a log has no scores: --failed and --flipped are for runs",
            hint="judge the log as a suite's dataset, then promote from that run",
        )
    spec = DatasetSpec(path=arguments.source, fields=dict(arguments.field))
    return promote_traces(spec, tuple(arguments.case), to, marks, strict=arguments.strict)
