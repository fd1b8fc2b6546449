"""Entry of the command line. Light: a command's own module is imported when it is called."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from ..errors import EvalFactoryError, Exit
from .parser import Arguments, build_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = build_parser().parse_args(argv, namespace=Arguments())
    module = import_module(f".commands.{arguments.command.replace('-', '_')}", package=__package__)
    try:
        return int(module.execute(arguments))
    except EvalFactoryError as error:
        _tell(error, as_json=arguments.json)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output, such as `head`, has seen enough
        return Exit.PASS
    except KeyboardInterrupt:
        print("evalfactory: stopped", file=sys.stderr)
        return Exit.INTERRUPTED
    except Exception:  # noqa: BLE001  the top of a process
        traceback.print_exc()
        print("evalfactory: this is a bug of ours; the lines above say where", file=sys.stderr)
        return Exit.BUG


def _tell(error: EvalFactoryError, *, as_json: bool) -> None:
    print(f"evalfactory: {error}", file=sys.stderr)
    if as_json:
        print(json.dumps({"error": {"exit_code": error.exit_code, "message": str(error)}}, ensure_ascii=False))
