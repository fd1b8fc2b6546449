"""What the command line asks for. No heavy import."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import UsageError
from .argparsing import Commands, Help, Parser, command, nearest
from .options import add_json, port
from .telling_commands import add_telling
from .working_commands import add_working

if TYPE_CHECKING:
    from ..runners.ahead import NurseryProcess


class Arguments(argparse.Namespace):
    """What was asked. Each command reads the attributes that its parser sets."""

    command: str
    json: bool = False
    quiet: bool = False
    ahead: NurseryProcess | None = None  # of the commands that start workers
    on: str | None = None  # the platform of the workers, if not this machine
    context: str | None = None
    namespace: str | None = None
    placement: str | None = None


def parse(argv: Sequence[str]) -> Arguments:
    """What the command line asks for.

    Raises:
        UsageError: It asks for something that does not exist or does not fit.
    """
    with_simulator = argv[:1] == ["judge-sim"]  # its options cost an import that no other command needs
    parser, names = build_parser(with_simulator=with_simulator)
    if not argv:
        raise UsageError("which command?", hint="evalfactory --help")
    if not argv[0].startswith("-") and argv[0] not in names:
        raise UsageError(f"there is no command {argv[0]!r}", hint=nearest(argv[0], names) or "evalfactory --help")
    return parser.parse_args(argv, namespace=Arguments())


def build_parser(*, with_simulator: bool = False) -> tuple[argparse.ArgumentParser, list[str]]:
    """The parser of the whole command line, and the names of the commands."""
    parser = Parser(
        prog="evalfactory",
        description="The LLM test factory: cases in, verdict out, nothing lost.",
        epilog="example:\n  evalfactory init && evalfactory run suite.yaml",
        formatter_class=Help,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"evalfactory {__version__}")
    commands = parser.add_subparsers(
        title="commands", dest="command", required=True, metavar="COMMAND", parser_class=Parser
    )
    add_working(commands)
    add_telling(commands)
    _simulating(commands, with_its_options=with_simulator)
    return parser, list(commands.choices)


def _simulating(commands: Commands[Parser], *, with_its_options: bool) -> None:
    simulator = command(
        commands,
        "judge-sim",
        "serve a simulated judge over real HTTP",
        "evalfactory judge-sim --port 8000 --seed 7 --latency lognormal",
    )
    simulator.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    simulator.add_argument("--port", type=port, default=8000, metavar="N", help="0 takes a free one (default 8000)")
    add_json(simulator)
    if with_its_options:
        from ..judge.simulator.arguments import add_arguments

        add_arguments(simulator)
