"""Options that several commands share, and what their values may be."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import timedelta

from ..errors import UsageError
from .argparsing import Parser, nearest

PLATFORMS = ("kubernetes",)


def add_suite(parser: Parser) -> None:
    """The suite's file."""
    parser.add_argument("suite", help="suite.yaml, or the folder it is in")


def add_planned(parser: Parser) -> None:
    """What makes a plan, for commands that may make one."""
    parser.add_argument("--tier", metavar="T", help="smoke, regression, full, or one of the suite's (default: smoke)")
    parser.add_argument("--store", metavar="URL", help="folder, s3://, gs:// or az:// (default: the suite's)")
    parser.add_argument("--run-id", metavar="ID", help="letters, digits, `.`, `_`, `-` (default: made from the time)")
    parser.add_argument("--case", action="append", default=[], metavar="ID", help="only this case; may be repeated")
    parser.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="only such cases, e.g. tags=refund; may be repeated",
    )
    parser.add_argument("--limit", type=count, metavar="N", help="at most so many cases")
    parser.set_defaults(workers=None, baseline=None)  # for the commands that do not take them
    parser.add_argument("--fresh", action="store_true", help="measure everything anew, reuse nothing")


def add_run(parser: Parser) -> None:
    """Which run, and where."""
    parser.add_argument("run", nargs="?", default="latest", help="run id, or `latest` (the default)")
    add_store(parser)


def add_store(parser: Parser) -> None:
    """Where the runs are."""
    parser.add_argument("--store", metavar="URL", help="default: that of ./suite.yaml, else .evalfactory")


def add_json(parser: Parser) -> None:
    """An answer for programs."""
    parser.add_argument("--json", action="store_true", help="print one JSON object to standard output")


def add_placed(parser: Parser) -> None:
    """Where the workers are."""
    parser.add_argument(
        "--on", choices=PLATFORMS, metavar="PLATFORM", help="kubernetes: in pods, as the suite's `placement` says"
    )
    parser.add_argument("--placement", metavar="FILE", help="instead of the suite's `placement`")
    add_cluster(parser)


def add_detach(parser: Parser) -> None:
    """Who finishes the run."""
    parser.add_argument("--detach", action="store_true", help="with --on: leave it to the cluster, report included")


def add_cluster(parser: Parser) -> None:
    """Which cluster."""
    parser.add_argument("--context", metavar="C", help="of the kubeconfig (default: its current one)")
    parser.add_argument("--namespace", metavar="N", help="of the pods (default: the placement's)")


def shards(text: str) -> tuple[int, ...]:
    """Indexes, such as `3,7-9`."""
    from ..planning.ranges import parse_ranges

    try:
        return parse_ranges(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def address(text: str) -> tuple[str, str]:
    """Two addresses."""
    there, equals, here = text.partition("=http")
    if not equals:
        raise argparse.ArgumentTypeError(
            "two addresses with = between them, as http://localhost:8000/v1=http://judge/v1"
        )
    return there, f"http{here}"


def mapped(text: str) -> tuple[str, str]:
    """A field of ours, and its place in somebody else's file."""
    field, equals, column = text.partition("=")
    if not equals or not field or not column:
        raise argparse.ArgumentTypeError("a field and its column with = between them, as input=question")
    return field, column


def web_address(text: str) -> str:
    """An address of the web, short enough for a link."""
    if not text.startswith(("http://", "https://")) or len(text) > 2000 or not text.isprintable() or " " in text:
        raise argparse.ArgumentTypeError("an address that begins with http:// or https://")
    return text


def count(text: str) -> int:
    """A whole number above 0."""
    return _number(text, least=1, what="whole number above 0")


def index(text: str) -> int:
    """A whole number from 0."""
    return _number(text, least=0, what="index from 0")


def port(text: str) -> int:
    """A port."""
    return _number(text, least=0, most=65535, what="port from 0 to 65535")


def share(text: str) -> float:
    """A number between 0 and 1."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number between 0 and 1")
    return number


def _number(text: str, *, least: int, what: str, most: int | None = None) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < least or (most is not None and int(text) > most):
        raise argparse.ArgumentTypeError(f"{text} is no {what}")
    return int(text)


def one_of(words: Sequence[str]) -> Callable[[str], str]:
    """A reader of one of these words."""

    def chosen(text: str) -> str:
        if text not in words:
            near = nearest(text, words)
            raise UsageError(f"--format: there is no format {text!r}", hint=near or f"one of {', '.join(words)}")
        return text

    return chosen


def age(text: str) -> timedelta:
    """A time span, such as `30d`, `12h` or `2w`."""
    number, unit = text[:-1], text[-1:]
    units = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
    if not number.isascii() or not number.isdigit() or unit not in units:
        raise argparse.ArgumentTypeError(f"{text} is no time span such as 30d, 12h or 2w")
    try:
        return int(number) * units[unit]
    except OverflowError:
        raise argparse.ArgumentTypeError(f"{text} is longer than time") from None
