"""Entry of the command line. Light: a command's own module is imported when it is called."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from ..errors import EvalFactoryError, Interrupted
from ..interrupts import end_on_sigterm, release_interrupts
from ..settings import worker_environment
from ..streams import check_heard, speak_on
from .parser import parse


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    speak_on()
    try:
        try:
            arguments = parse(words)
            if argv is None and arguments.command == "work" and sys.flags.hash_randomization:
                os.execve(sys.executable, sys.orig_argv, worker_environment())  # the same again
            if argv is None and arguments.command == "work":
                end_on_sigterm()
            module = import_module(f".commands.{arguments.command.replace('-', '_')}", package=__package__)
        finally:
            release_interrupts()
        code = int(module.execute(arguments))
        check_heard()
        return code
    except EvalFactoryError as error:
        return _tell(error, words)
    except KeyboardInterrupt:
        return _tell(Interrupted("stopped"), words)
    except Exception as error:  # noqa: BLE001  the top of a process
        from .output import tell

        tell(traceback.format_exc().rstrip())
        message = f"this is a bug of ours, please report it: {type(error).__name__}: {error}"
        return _tell(EvalFactoryError(message), words)


def _tell(error: EvalFactoryError, words: Sequence[str]) -> int:
    from .output import say_error

    say_error(error, as_json="--json" in words)
    return error.exit_code
