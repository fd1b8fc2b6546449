"""evalfactory schema."""

from __future__ import annotations

from ...suites.schema import suite_schema
from ..output import say_json
from ..parser import Arguments


def execute(arguments: Arguments) -> int:
    """Print the JSON Schema of suite.yaml."""
    say_json(suite_schema())
    return 0
