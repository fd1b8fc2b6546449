"""The simulated judge's flags, and the options that they make."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ...errors import InputError, UsageError
from .fault import Fault
from .latency import Latency, Shape
from .options import How, Outage, SimulatorOptions
from .telling import Odds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser every flag of the simulated judge (but host and port)."""
    default = SimulatorOptions()
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another seed judges otherwise (default 0)")
    pace = parser.add_argument_group("pace")
    pace.add_argument(
        "--latency",
        choices=[shape.value for shape in Shape],
        default=Shape.NONE.value,
        help="distribution of latencies (default none)",
    )
    pace.add_argument("--latency-mean-s", type=float, default=default.latency.mean_s, metavar="S", help="default 0.3")
    pace.add_argument("--latency-sigma", type=float, default=default.latency.sigma, metavar="X", help="default 0.5")
    rate = pace.add_mutually_exclusive_group()
    rate.add_argument("--requests-per-second", type=float, metavar="N", help="beyond it: 429 with Retry-After")
    rate.add_argument("--requests-per-minute", type=float, metavar="N", help="the same, by the minute, spent evenly")
    pace.add_argument("--burst", type=float, metavar="N", help="requests at once (default: one second's worth)")
    pace.add_argument("--tokens-per-minute", type=float, metavar="N", help="of prompts; beyond it: 429")
    pace.add_argument("--max-concurrent", type=int, metavar="N", help="beyond it: 429")
    _add_fault_arguments(parser.add_argument_group("faults"), default)
    _add_judging_arguments(parser.add_argument_group("judging"), default.odds)
    parser.add_argument(
        "--progress",
        dest="progress_s",
        type=float,
        metavar="S",
        nargs="?",
        const=5.0,
        help="a line on stderr every S seconds (5)",
    )


def options_from(namespace: argparse.Namespace) -> SimulatorOptions:
    """The options that the flags say.

    Raises `UsageError` for values that make no sense, `InputError` for a file that cannot be read.
    """
    a = namespace
    per_minute: float | None = a.requests_per_minute
    return SimulatorOptions(
        seed=a.seed,
        latency=Latency(Shape(a.latency), a.latency_mean_s, a.latency_sigma),
        requests_per_second=per_minute / 60 if per_minute is not None else a.requests_per_second,
        burst=a.burst,
        tokens_per_minute=a.tokens_per_minute,
        max_concurrent=a.max_concurrent,
        faults=tuple(_fault(text) for text in a.fault),
        max_faults_a_request=a.max_faults,
        hang_s=a.hang_s,
        context_tokens=a.context_tokens,
        expected_key=a.expect_key,
        outages=tuple(_outage(text) for text in a.outage),
        odds=Odds(bad_share=a.bad_share, pass_if_bad=a.pass_if_bad, pass_if_good=a.pass_if_good, doubt=a.doubt_odds),
        doubted=_texts(a.doubt) if a.doubt is not None else (),
        progress_s=a.progress_s,
    )


def _add_fault_arguments(group: argparse._ArgumentGroup, default: SimulatorOptions) -> None:
    kinds = ", ".join(Fault)
    group.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND=SHARE",
        help=f"a share of tries; again for more kinds: {kinds}",
    )
    group.add_argument(
        "--max-faults",
        type=int,
        default=default.max_faults_a_request,
        metavar="N",
        help="a request is answered after so many tries (default 3)",
    )
    group.add_argument(
        "--hang-s", type=float, metavar="S", help="a hanging request is answered after S seconds (default never)"
    )
    group.add_argument("--context-tokens", type=int, metavar="N", help="longer prompts are refused with 400")
    group.add_argument("--expect-key", metavar="KEY", help="any other key is refused with 401")
    group.add_argument(
        "--outage",
        action="append",
        default=[],
        metavar="FROM:TO[:HOW]",
        help=f"gone between two times (seconds after the start); HOW is one of {', '.join(How)} (default 503)",
    )


def _add_judging_arguments(group: argparse._ArgumentGroup, odds: Odds) -> None:
    group.add_argument(
        "--bad-share", type=float, default=odds.bad_share, metavar="X", help=f"bad requests (default {odds.bad_share})"
    )
    group.add_argument(
        "--pass-if-bad",
        type=float,
        default=odds.pass_if_bad,
        metavar="X",
        help=f"odds to pass in one (default {odds.pass_if_bad})",
    )
    group.add_argument(
        "--pass-if-good",
        type=float,
        default=odds.pass_if_good,
        metavar="X",
        help=f"odds in any other (default {odds.pass_if_good})",
    )
    group.add_argument(
        "--doubt",
        type=Path,
        metavar="FILE",
        help="texts that are made up, one a line (or a JSON string a line); claims that quote them are doubted",
    )
    group.add_argument(
        "--doubt-odds", type=float, default=odds.doubt, metavar="X", help=f"how surely (default {odds.doubt})"
    )


def _fault(text: str) -> tuple[Fault, float]:
    kind, _, share = text.partition("=")
    try:
        return Fault(kind), float(share)
    except ValueError:
        raise UsageError(
            f"--fault {text!r} is not KIND=SHARE", hint=f"one of {', '.join(Fault)}, as in {Fault.SERVER_ERROR}=0.2"
        ) from None


def _outage(text: str) -> Outage:
    from_s, _, rest = text.partition(":")
    to_s, _, how = rest.partition(":")
    try:
        return Outage(float(from_s), float(to_s), How(how or How.UNAVAILABLE))
    except ValueError:
        raise UsageError(f"--outage {text!r} is not FROM:TO[:HOW]", hint=f"as in 5:20:{How.CLOSED}") from None


def _texts(path: Path) -> tuple[str, ...]:
    """The texts of a file, a line each; a line may be a JSON string."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"--doubt {path}: cannot be read as UTF-8 text ({problem})") from problem
    return tuple(_text(line) for line in lines if line.strip())


def _text(line: str) -> str:
    if not line.lstrip().startswith('"'):
        return line
    try:
        return str(json.loads(line))
    except ValueError:
        return line
