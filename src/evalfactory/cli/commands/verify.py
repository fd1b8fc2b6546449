"""evalfactory verify."""

from __future__ import annotations

from ...app.verifying import verify
from ...errors import Exit
from ..output import say, say_json
from ..parser import Arguments
from ..places import run_of


def execute(arguments: Arguments) -> int:
    """Prove the run's report; exits with 65 when a claim does not hold."""
    verified = verify(*run_of(arguments))
    if arguments.json:
        checks = [check._asdict() for check in verified.checks]
        say_json({"run_id": verified.run_id, "holds": verified.holds, "checks": checks})
    else:
        for check in verified.checks:
            say(f"{'holds' if check.holds else 'FAILS'}  {check.name}: {check.claimed}")
            if not check.holds:
                say(f"       the store's bytes say: {check.found}")
        say(f"{verified.run_id} is {'proven' if verified.holds else 'NOT what its report says'}")
    return Exit.PASS if verified.holds else Exit.DATA
