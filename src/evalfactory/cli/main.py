"""Entry of the command line. Light: a command's own module is imported when it is called."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from ..errors import EvalFactoryError, Exit, Interrupted
from .parser import parse


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    _write_anywhere()
    try:
        arguments = parse(words)
        module = import_module(f".commands.{arguments.command.replace('-', '_')}", package=__package__)
        code = int(module.execute(arguments))
        sys.stdout.flush()
        return code
    except EvalFactoryError as error:
        return _tell(error, words)
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains when it ends
        return Exit.PASS
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


def _write_anywhere() -> None:
    r"""A terminal that cannot show a character gets its escape, such as `\u3042`, instead of an error of ours."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
