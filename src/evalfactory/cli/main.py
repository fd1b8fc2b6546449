"""Entry of the command line. Light: a command's own module is imported when it is called."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from importlib import import_module
from typing import TYPE_CHECKING

from ..bulk import without_cycle_search
from ..errors import EvalFactoryError, Interrupted
from ..interrupts import release_interrupts
from ..settings import worker_environment
from ..streams import check_heard, speak_on
from .parser import parse

if TYPE_CHECKING:
    from ..runners.ahead import NurseryProcess

#: The commands that start workers: their nursery imports DeepEval while this process is still importing, too.
MEASURING = ("run", "resume", "retry")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    speak_on()
    with ExitStack() as ending:
        try:
            code = _execute(words, ending, is_process=argv is None)
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


def _execute(words: Sequence[str], ending: ExitStack, *, is_process: bool) -> int:
    try:
        arguments = parse(words)
        if is_process and arguments.command == "work" and sys.flags.hash_randomization:
            os.execve(sys.executable, sys.orig_argv, worker_environment())  # the same again
        if arguments.command in MEASURING and arguments.on is None:
            arguments.ahead = _nursery(ending)
        with without_cycle_search():
            module = import_module(f".commands.{arguments.command.replace('-', '_')}", package=__package__)
    finally:
        release_interrupts()
    return int(module.execute(arguments))


def _nursery(ending: ExitStack) -> NurseryProcess | None:
    from ..runners.ahead import start_nursery

    with suppress(OSError):  # the runner tries again, and says what is wrong
        nursery = start_nursery()
        if nursery is not None:
            ending.callback(nursery.end)
        return nursery
    return None


def _tell(error: EvalFactoryError, words: Sequence[str]) -> int:
    from .output import say_error

    say_error(error, as_json="--json" in words)
    return error.exit_code
