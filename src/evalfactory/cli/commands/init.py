"""evalfactory init."""

from __future__ import annotations

from pathlib import Path

from ...app.places import try_command
from ...suites.starter import write_starter
from ..output import say, say_json
from ..parser import Arguments


def execute(arguments: Arguments) -> int:
    """Write the starter suite and say what to do with it."""
    folder = Path(arguments.folder)
    written = write_starter(folder, force=arguments.force)
    if arguments.json:
        say_json({"written": [str(path) for path in written]})
        return 0
    for path in written:
        say(f"wrote {path}")
    say(f"try: {try_command('run', str(folder / 'suite.yaml'))}")
    return 0
