"""evalfactory promote."""

from __future__ import annotations

from pathlib import Path

from ...app.promoting import Marks, Wanted, promote, promote_traces
from ...datasets.appending import Appended
from ...errors import UsageError
from ...records.suite import DatasetSpec
from ..output import say, say_json, tell
from ..parser import Arguments
from ..places import run_of


def execute(arguments: Arguments) -> int:
    """Add cases of a run, or of a production log, to a dataset."""
    marks = Marks(arguments.must_run, tuple(arguments.tag))
    to = Path(arguments.to)
    done = _of_log(arguments, to, marks) if arguments.source else _of_run(arguments, to, marks)
    for name, twin in done.there:
        tell(f"{name} is not added: {to.name} has it" + ("" if twin == name else f", as {twin}"))
    if arguments.json:
        there = [{"id": name, "same_as": twin} for name, twin in done.there]
        say_json({"to": str(to), "added": list(done.added), "refused": there})
    else:
        say(f"{len(done.added)} added to {to}" + "".join(f"\n  {name}" for name in done.added))
    return 0


def _of_run(arguments: Arguments, to: Path, marks: Marks) -> Appended:
    if arguments.field:
        raise UsageError("--field maps a log's fields, and there is no --from")
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
    return promote_traces(spec, tuple(arguments.case), to, marks)
