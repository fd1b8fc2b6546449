"""evalfactory compare."""

from __future__ import annotations

from ...app.comparing import compare_runs
from ...render.compared import comparison_terminal
from ..output import say_json, say_rendered, screen
from ..parser import Arguments
from ..places import run_of


def execute(arguments: Arguments) -> int:
    """Print two runs side by side."""
    store, keys = run_of(arguments)
    comparison = compare_runs(store, keys, arguments.baseline)
    if arguments.json:
        say_json(comparison.model_dump(mode="json"))
    else:
        width, color = screen()
        say_rendered(comparison_terminal(comparison, width=width, color=color))
    return 0
