"""Every command with its options, an example and no heavy import."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from .. import __version__
from ..errors import UsageError

if TYPE_CHECKING:
    from ..runners.ahead import NurseryProcess

PLATFORMS = ("kubernetes",)
FORMATS = ("terminal", "markdown", "junit", "json")


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


class _Help(argparse.RawDescriptionHelpFormatter):
    """Every command and short option with its words on one line."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)
        self._action_max_length = 13  # argparse forgets that it indents the names of commands


class _Parser(argparse.ArgumentParser):
    """Raises `UsageError` for a wrong command line, with the nearest right word where there is one."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(_in_our_words(message), hint=f"{self.prog} --help")

    def parse_known_args(  # type: ignore[override]  # argparse has overloads, for namespaces of any class
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """As argparse's, but a command itself refuses what it does not know, so that its own words can be suggested."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            raise self._unknown(unknown)
        return known, unknown

    def _unknown(self, words: Sequence[str]) -> UsageError:
        options = [flag for action in self._actions for flag in action.option_strings]
        wrong = next((word.partition("=")[0] for word in words if word.startswith("-")), words[0])
        near = _nearest(wrong, options) if wrong.startswith("-") else None
        return UsageError(f"`{self.prog}` does not take {wrong}", hint=near or f"{self.prog} --help")


def _in_our_words(message: str) -> str:
    """Argparse's complaint without its own terms."""
    choices = re.fullmatch(r"argument (\S+): invalid choice: '(.*)' \(choose from (.*)\)", message)
    if choices:
        known = choices[3].replace("'", "")
        return f"{choices[1]}: {choices[2]} is none of {known}"
    message = re.sub(r"invalid (int|float) value: '(.*)'", r"\2 is no number", message)
    return message.removeprefix("argument ").replace("the following arguments are required:", "what is missing:")


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
        raise UsageError(f"there is no command {argv[0]!r}", hint=_nearest(argv[0], names) or "evalfactory --help")
    return parser.parse_args(argv, namespace=Arguments())


def build_parser(*, with_simulator: bool = False) -> tuple[argparse.ArgumentParser, list[str]]:
    """The parser of the whole command line, and the names of the commands."""
    parser = _Parser(
        prog="evalfactory",
        description="The LLM test factory: cases in, verdict out, nothing lost.",
        epilog="example:\n  evalfactory init && evalfactory run suite.yaml",
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"evalfactory {__version__}")
    commands = parser.add_subparsers(
        title="commands", dest="command", required=True, metavar="COMMAND", parser_class=_Parser
    )
    for add in (_starting, _running, _going_on, _rendering, _following, _telling):
        add(commands)
    _simulating(commands, with_its_options=with_simulator)
    return parser, list(commands.choices)


Commands = argparse._SubParsersAction


def _command(commands: Commands[_Parser], name: str, summary: str, example: str) -> _Parser:
    return commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog="example:\n" + "\n".join(f"  {line}" for line in example.splitlines()),
        formatter_class=_Help,
        allow_abbrev=False,
    )


def _starting(commands: Commands[_Parser]) -> None:
    init = _command(
        commands,
        "init",
        "write a starter suite that runs at once",
        "evalfactory init my-suite\nevalfactory run my-suite/suite.yaml",
    )
    init.add_argument("folder", nargs="?", default=".", help="where to write it (default: here)")
    init.add_argument("--force", action="store_true", help="overwrite files that are there")
    _json(init)
    schema = _command(
        commands, "schema", "print the JSON Schema of suite.yaml, for editors", "evalfactory schema > suite.schema.json"
    )
    _json(schema)
    doctor = _command(
        commands,
        "doctor",
        "try out what a run needs: its store, and with --on its cluster",
        "evalfactory doctor --store s3://bucket/evals\nevalfactory doctor suite.yaml --on kubernetes",
    )
    doctor.add_argument("suite", nargs="?", help="suite.yaml, for its store")
    doctor.add_argument("--store", metavar="URL", help="folder, s3://, gs:// or az:// (default: the suite's)")
    doctor.add_argument("--reach", action="append", default=[], metavar="URL", help="must answer; may be repeated")
    _placed(doctor)
    _json(doctor)
    metrics = _command(
        commands, "metrics", "list the metrics that a suite can name", "evalfactory metrics faithfulness"
    )
    metrics.add_argument("name", nargs="?", help="only this one, with its arguments")
    _json(metrics)


def _running(commands: Commands[_Parser]) -> None:
    run = _command(
        commands,
        "run",
        "measure a suite on worker processes and give the verdict",
        "evalfactory run suite.yaml --tier smoke",
    )
    _suite(run)
    _planned(run)
    run.add_argument("--workers", type=_count, metavar="N", help="worker processes, or pods (default: the suite's)")
    _placed(run)
    run.add_argument("--detach", action="store_true", help="with --on: begin the run, and do not follow it")
    run.add_argument("--baseline", metavar="NAME", help="compare with this: a blessed name, `previous`, or a run id")
    run.add_argument("--quiet", action="store_true", help="no progress, only the verdict")
    _json(run)

    plan = _command(
        commands,
        "plan",
        "show what a run would measure, and cost, without measuring",
        "evalfactory plan suite.yaml --tier full",
    )
    _suite(plan)
    _planned(plan)
    plan.add_argument("--workers", type=_count, metavar="N", help="worker processes to cut shards for")
    plan.add_argument("--write", action="store_true", help="write the plan into the store, for workers started by hand")
    _json(plan)

    work = _command(
        commands,
        "work",
        "work on one shard of a run, by hand or in a pod",
        "evalfactory work suite.yaml --run-id nightly-7 --shard-index 0 --total-shards 4\n"
        "evalfactory work --store s3://bucket/evals --run-id nightly-7   # index from JOB_COMPLETION_INDEX",
    )
    work.add_argument("suite", nargs="?", help="suite.yaml; whoever comes first writes the plan")
    _planned(work)
    work.add_argument("--shard-index", type=_index, metavar="N", help="from 0; default: JOB_COMPLETION_INDEX")
    work.add_argument("--shards", type=_shards, metavar="LIST", help="the index counts in these, e.g. 3,7-9")
    work.add_argument(
        "--address",
        type=_address,
        action="append",
        default=[],
        metavar="URL=URL",
        help="an endpoint's address in the suite, and from here; may be repeated",
    )
    work.add_argument("--total-shards", type=_count, metavar="M", help="shards of the plan, the same for every worker")
    work.add_argument("--plan-digest", metavar="SHA256", help="refuse any other plan")
    _json(work)


def _going_on(commands: Commands[_Parser]) -> None:
    resume = _command(
        commands,
        "resume",
        "finish a run that was stopped, measuring only what is missing",
        "evalfactory resume 20261123-081500-3f2a",
    )
    _run(resume)
    resume.add_argument("--suite", metavar="FILE", help="its suite, when it has metrics or a target of your own")
    resume.add_argument("--workers", type=_count, metavar="N", help="worker processes, or pods")
    _placed(resume)
    resume.add_argument("--baseline", metavar="NAME", help="compare with this")
    resume.add_argument("--quiet", action="store_true", help="no progress, only the verdict")
    _json(resume)

    retry = _command(
        commands,
        "retry",
        "measure a run's errored slots again, in a child run",
        "evalfactory retry 20261123-081500-3f2a --errored",
    )
    _run(retry)
    retry.add_argument("--errored", action="store_true", required=True, help="the slots that ended errored")
    retry.add_argument("--suite", metavar="FILE", help="its suite, when it has metrics or a target of your own")
    retry.add_argument("--run-id", metavar="ID", help="of the child run")
    retry.add_argument("--workers", type=_count, metavar="N", help="worker processes")
    retry.add_argument("--baseline", metavar="NAME", help="compare with this")
    retry.add_argument("--quiet", action="store_true", help="no progress, only the verdict")
    _json(retry)


def _rendering(commands: Commands[_Parser]) -> None:
    render = _command(
        commands,
        "render",
        "print what a run asks Kubernetes for, for kubectl and GitOps",
        "evalfactory render kubernetes suite.yaml --run-id nightly-7 | kubectl apply -f -",
    )
    render.add_argument("platform", choices=PLATFORMS, help="kubernetes")
    _suite(render)
    _planned(render)
    render.add_argument("--workers", type=_count, metavar="N", help="pods at once (default: the placement's)")
    render.add_argument("--namespace", metavar="N", help="default: the placement's")
    render.add_argument("--placement", metavar="FILE", help="instead of the suite's `placement`")
    render.add_argument("--access", action="store_true", help="print the Role of whoever submits, instead")
    _json(render)


def _placed(parser: _Parser) -> None:
    parser.add_argument(
        "--on", choices=PLATFORMS, metavar="PLATFORM", help="kubernetes: in pods, as the suite's `placement` says"
    )
    parser.add_argument("--placement", metavar="FILE", help="instead of the suite's `placement`")
    _cluster(parser)


def _cluster(parser: _Parser) -> None:
    parser.add_argument("--context", metavar="C", help="of the kubeconfig (default: its current one)")
    parser.add_argument("--namespace", metavar="N", help="of the pods (default: the placement's)")


def _following(commands: Commands[_Parser]) -> None:
    runs = _command(commands, "runs", "list the runs in a store", "evalfactory runs --store .evalfactory")
    _store(runs)
    _json(runs)
    status = _command(commands, "status", "say how far a run is", "evalfactory status latest")
    _run(status)
    _json(status)
    logs = _command(commands, "logs", "show what a run's workers said", "evalfactory logs latest --shard 3")
    _run(logs)
    only = logs.add_mutually_exclusive_group()
    only.add_argument("--shard", type=_index, metavar="N", help="only this shard's")
    only.add_argument("--case", metavar="ID", help="only those of the shard that this case is in")
    _json(logs)
    stop = _command(
        commands, "stop", "end a run's pods; what they have measured is kept", "evalfactory stop 20261123-081500-3f2a"
    )
    _run(stop)
    _cluster(stop)
    _json(stop)
    scale = _command(
        commands, "scale", "change how many pods a run has at once", "evalfactory scale 20261123-081500-3f2a --pods 16"
    )
    _run(scale)
    scale.add_argument("--pods", type=_count, required=True, metavar="N", help="at once, from now on")
    _cluster(scale)
    _json(scale)
    explain = _command(
        commands, "explain", "show one case of a run with the judge's prompts and raw answers",
        "evalfactory explain refund-03 --run latest --metric faithfulness",
    )  # fmt: skip
    explain.add_argument("case", help="the case's id")
    explain.add_argument("--run", default="latest", metavar="RUN", help="run id, or `latest`")
    explain.add_argument("--metric", metavar="NAME", help="only this metric")
    asking = explain.add_mutually_exclusive_group()
    asking.add_argument("--recorded", action="store_true", help="only what the run kept; asks no judge")
    asking.add_argument(
        "--again",
        action="store_true",
        help="ask the judge again, also where the run kept what it said (of failed ones)",
    )
    explain.add_argument("--suite", metavar="FILE", help="its suite, when it has metrics or a target of your own")
    _store(explain)
    _json(explain)


def _telling(commands: Commands[_Parser]) -> None:
    collect = _command(
        commands, "collect", "merge what the workers committed, and give the verdict", "evalfactory collect latest"
    )
    _run(collect)
    collect.add_argument(
        "--baseline", metavar="NAME", help="compare with this: a blessed name, `previous`, or a run id"
    )
    collect.add_argument("--quiet", action="store_true", help="no progress, only the verdict")
    _json(collect)
    report = _command(commands, "report", "show a run's report again", "evalfactory report latest --format markdown")
    _run(report)
    report.add_argument(
        "--format",
        type=_one_of(FORMATS),
        default="terminal",
        metavar="F",
        help=f"{', '.join(FORMATS)} (default: terminal)",
    )
    _json(report)
    verify = _command(commands, "verify", "prove a report against the bytes in the store", "evalfactory verify latest")
    _run(verify)
    _json(verify)
    compare = _command(commands, "compare", "compare two runs slot by slot", "evalfactory compare latest main")
    compare.add_argument("run", help="run id, or `latest`")
    compare.add_argument("baseline", help="a blessed name, `previous`, or a run id")
    _store(compare)
    _json(compare)
    noise = _command(
        commands,
        "noise",
        "judge the same cases again and again, and say what the judge alone moves",
        "evalfactory noise suite.yaml --times 5\nevalfactory noise suite.yaml --of 20261123-081500-3f2a",
    )
    _suite(noise)
    _planned(noise)
    noise.add_argument("--times", type=_count, default=5, metavar="N", help="how often each case (default: 5)")
    noise.add_argument("--of", metavar="RUN", help="tell of this run with repeats instead, asking nobody")
    noise.add_argument("--workers", type=_count, metavar="N", help="worker processes (default: the suite's)")
    noise.add_argument("--quiet", action="store_true", help="no progress, only the answer")
    _json(noise)
    power = _command(
        commands,
        "power",
        "say how many cases, repeats and dollars it takes to see a drop",
        "evalfactory power suite.yaml --drop 0.03",
    )
    _suite(power)
    power.add_argument("--drop", type=_share, metavar="D", help="of a metric's mean (default: the gate's allowed drop)")
    power.add_argument("--chance", type=_share, default=0.8, metavar="P", help="of seeing it (default: 0.8)")
    power.add_argument("--run", metavar="RUN", help="count on this run (default: the newest ones that tell enough)")
    power.add_argument("--baseline", metavar="NAME", help="and on how it differs from this one")
    power.add_argument("--store", metavar="URL", help="folder, s3://, gs:// or az:// (default: the suite's)")
    _json(power)
    bless = _command(commands, "bless", "make a complete run a baseline", "evalfactory bless latest --name main")
    _run(bless)
    bless.add_argument("--name", required=True, help="of the baseline; blessing again moves it")
    _json(bless)


def _simulating(commands: Commands[_Parser], *, with_its_options: bool) -> None:
    simulator = _command(
        commands,
        "judge-sim",
        "serve a simulated judge over real HTTP",
        "evalfactory judge-sim --port 8000 --seed 7 --latency lognormal",
    )
    simulator.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    simulator.add_argument("--port", type=_port, default=8000, metavar="N", help="0 takes a free one (default 8000)")
    _json(simulator)
    if with_its_options:
        from ..judge.simulator.arguments import add_arguments

        add_arguments(simulator)


def _suite(parser: _Parser) -> None:
    parser.add_argument("suite", help="suite.yaml, or the folder it is in")


def _planned(parser: _Parser) -> None:
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
    parser.add_argument("--limit", type=_count, metavar="N", help="at most so many cases")
    parser.set_defaults(workers=None, baseline=None)  # for the commands that do not take them
    parser.add_argument("--fresh", action="store_true", help="measure everything anew, reuse nothing")


def _run(parser: _Parser) -> None:
    parser.add_argument("run", nargs="?", default="latest", help="run id, or `latest` (the default)")
    _store(parser)


def _store(parser: _Parser) -> None:
    parser.add_argument("--store", metavar="URL", help="default: that of ./suite.yaml, else .evalfactory")


def _json(parser: _Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object to standard output")


def _shards(text: str) -> tuple[int, ...]:
    from ..planning.ranges import parse_ranges

    try:
        return parse_ranges(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _address(text: str) -> tuple[str, str]:
    there, equals, here = text.partition("=http")
    if not equals:
        raise argparse.ArgumentTypeError(
            "two addresses with = between them, as http://localhost:8000/v1=http://judge/v1"
        )
    return there, f"http{here}"


def _count(text: str) -> int:
    return _number(text, least=1, what="whole number above 0")


def _index(text: str) -> int:
    return _number(text, least=0, what="index from 0")


def _port(text: str) -> int:
    return _number(text, least=0, most=65535, what="port from 0 to 65535")


def _share(text: str) -> float:
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


def _one_of(words: Sequence[str]) -> Callable[[str], str]:
    def chosen(text: str) -> str:
        if text not in words:
            near = _nearest(text, words)
            raise UsageError(f"--format: there is no format {text!r}", hint=near or f"one of {', '.join(words)}")
        return text

    return chosen


def _nearest(word: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.5)), None)
