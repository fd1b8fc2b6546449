"""Every command with its options, an example and no heavy import."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import UsageError
from .argparsing import Commands, Help, Parser, command, nearest
from .options import (
    PLATFORMS,
    add_cluster,
    add_detach,
    add_json,
    add_placed,
    add_planned,
    add_run,
    add_store,
    add_suite,
    address,
    age,
    count,
    index,
    mapped,
    one_of,
    port,
    shards,
    share,
    web_address,
)  # fmt: skip

if TYPE_CHECKING:
    from ..runners.ahead import NurseryProcess

FORMATS = ("terminal", "html", "markdown", "junit", "json")


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
    for add in (_starting, _running, _going_on, _rendering, _following, _telling, _publishing, _growing):
        add(commands)
    _simulating(commands, with_its_options=with_simulator)
    return parser, list(commands.choices)


def _starting(commands: Commands[Parser]) -> None:
    init = command(
        commands,
        "init",
        "write a starter suite that runs at once",
        "evalfactory init my-suite\nevalfactory run my-suite/suite.yaml",
    )
    init.add_argument("folder", nargs="?", default=".", help="where to write it (default: here)")
    init.add_argument("--force", action="store_true", help="overwrite files that are there")
    add_json(init)
    schema = command(
        commands, "schema", "print the JSON Schema of suite.yaml, for editors", "evalfactory schema > suite.schema.json"
    )
    add_json(schema)
    doctor = command(
        commands,
        "doctor",
        "try out what a run needs: its store, and with --on its cluster",
        "evalfactory doctor --store s3://bucket/evals\nevalfactory doctor suite.yaml --on kubernetes",
    )
    doctor.add_argument("suite", nargs="?", help="suite.yaml, for its store")
    doctor.add_argument("--store", metavar="URL", help="folder, s3://, gs:// or az:// (default: the suite's)")
    doctor.add_argument("--reach", action="append", default=[], metavar="URL", help="must answer; may be repeated")
    add_placed(doctor)
    add_json(doctor)
    metrics = command(commands, "metrics", "list the metrics that a suite can name", "evalfactory metrics faithfulness")
    metrics.add_argument("name", nargs="?", help="only this one, with its arguments")
    add_json(metrics)


def _running(commands: Commands[Parser]) -> None:
    run = command(
        commands,
        "run",
        "measure a suite on worker processes and give the verdict",
        "evalfactory run suite.yaml --tier smoke",
    )
    add_suite(run)
    add_planned(run)
    run.add_argument("--workers", type=count, metavar="N", help="worker processes, or pods (default: the suite's)")
    add_placed(run)
    add_detach(run)
    run.add_argument("--baseline", metavar="NAME", help="compare with this: a blessed name, `previous`, or a run id")
    run.add_argument("--quiet", action="store_true", help="no progress, only the verdict")
    add_json(run)

    plan = command(
        commands,
        "plan",
        "show what a run would measure, and cost, without measuring",
        "evalfactory plan suite.yaml --tier full",
    )
    add_suite(plan)
    add_planned(plan)
    plan.add_argument("--workers", type=count, metavar="N", help="worker processes to cut shards for")
    plan.add_argument("--write", action="store_true", help="write the plan into the store, for workers started by hand")
    add_json(plan)

    work = command(
        commands,
        "work",
        "work on one shard of a run, by hand or in a pod",
        "evalfactory work suite.yaml --run-id nightly-7 --shard-index 0 --total-shards 4\n"
        "evalfactory work --store s3://bucket/evals --run-id nightly-7   # index from JOB_COMPLETION_INDEX",
    )
    work.add_argument("suite", nargs="?", help="suite.yaml; whoever comes first writes the plan")
    add_planned(work)
    work.add_argument("--shard-index", type=index, metavar="N", help="from 0; default: JOB_COMPLETION_INDEX")
    work.add_argument("--shards", type=shards, metavar="LIST", help="the index counts in these, e.g. 3,7-9")
    work.add_argument(
        "--address",
        type=address,
        action="append",
        default=[],
        metavar="URL=URL",
        help="an endpoint's address in the suite, and from here; may be repeated",
    )
    work.add_argument("--total-shards", type=count, metavar="M", help="shards of the plan, the same for every worker")
    work.add_argument("--plan-digest", metavar="SHA256", help="refuse any other plan")
    add_json(work)


def _going_on(commands: Commands[Parser]) -> None:
    resume = command(
        commands,
        "resume",
        "finish a run that was stopped, measuring only what is missing",
        "evalfactory resume 20261123-081500-3f2a",
    )
    add_run(resume)
    resume.add_argument("--suite", metavar="FILE", help="its suite, when it has metrics or a target of your own")
    resume.add_argument("--workers", type=count, metavar="N", help="worker processes, or pods")
    add_placed(resume)
    add_detach(resume)
    resume.add_argument("--baseline", metavar="NAME", help="compare with this")
    resume.add_argument("--quiet", action="store_true", help="no progress, only the verdict")
    add_json(resume)

    retry = command(
        commands,
        "retry",
        "measure a run's errored slots again, in a child run",
        "evalfactory retry 20261123-081500-3f2a --errored",
    )
    add_run(retry)
    retry.add_argument("--errored", action="store_true", required=True, help="the slots that ended errored")
    retry.add_argument("--suite", metavar="FILE", help="its suite, when it has metrics or a target of your own")
    retry.add_argument("--run-id", metavar="ID", help="of the child run")
    retry.add_argument("--workers", type=count, metavar="N", help="worker processes")
    retry.add_argument("--baseline", metavar="NAME", help="compare with this")
    retry.add_argument("--quiet", action="store_true", help="no progress, only the verdict")
    add_json(retry)


def _rendering(commands: Commands[Parser]) -> None:
    render = command(
        commands,
        "render",
        "print what a run asks Kubernetes for, for kubectl and GitOps",
        "evalfactory render kubernetes suite.yaml --run-id nightly-7 | kubectl apply -f -",
    )
    render.add_argument("platform", choices=PLATFORMS, help="kubernetes")
    add_suite(render)
    add_planned(render)
    render.add_argument("--workers", type=count, metavar="N", help="pods at once (default: the placement's)")
    render.add_argument("--namespace", metavar="N", help="default: the placement's")
    render.add_argument("--placement", metavar="FILE", help="instead of the suite's `placement`")
    render.add_argument("--access", action="store_true", help="print the Role of whoever submits, instead")
    render.add_argument("--detach", action="store_true", help="with the pod that reports when nobody follows")
    add_json(render)


def _following(commands: Commands[Parser]) -> None:
    runs = command(commands, "runs", "list the runs in a store", "evalfactory runs --store .evalfactory")
    add_store(runs)
    add_json(runs)
    clean = command(
        commands,
        "clean",
        "remove old runs, and nothing that a kept one needs",
        "evalfactory clean --keep 10 --older-than 30d --dry-run",
    )
    clean.add_argument("--keep", type=index, metavar="N", help="the newest runs of each suite and tier")
    clean.add_argument("--older-than", type=age, metavar="AGE", help="30d, 12h, 2w: younger ones are kept")
    clean.add_argument("--dry-run", action="store_true", help="only say what would become of each run")
    add_store(clean)
    add_placed(clean)
    add_json(clean)
    status = command(commands, "status", "say how far a run is", "evalfactory status latest")
    add_run(status)
    add_json(status)
    logs = command(commands, "logs", "show what a run's workers said", "evalfactory logs latest --shard 3")
    add_run(logs)
    only = logs.add_mutually_exclusive_group()
    only.add_argument("--shard", type=index, metavar="N", help="only this shard's")
    only.add_argument("--case", metavar="ID", help="only those of the shard that this case is in")
    add_json(logs)
    stop = command(
        commands, "stop", "end a run's pods; what they have measured is kept", "evalfactory stop 20261123-081500-3f2a"
    )
    add_run(stop)
    add_cluster(stop)
    add_json(stop)
    scale = command(
        commands, "scale", "change how many pods a run has at once", "evalfactory scale 20261123-081500-3f2a --pods 16"
    )
    add_run(scale)
    scale.add_argument("--pods", type=count, required=True, metavar="N", help="at once, from now on")
    add_cluster(scale)
    add_json(scale)
    explain = command(
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
    add_store(explain)
    add_json(explain)


def _telling(commands: Commands[Parser]) -> None:
    collect = command(
        commands, "collect", "merge what the workers committed, and give the verdict", "evalfactory collect latest"
    )
    add_run(collect)
    collect.add_argument(
        "--baseline", metavar="NAME", help="compare with this: a blessed name, `previous`, or a run id"
    )
    collect.add_argument(
        "--after-job", metavar="JOB", help="wait for this Job of the cluster first; then 0 whatever the verdict is"
    )
    collect.add_argument("--quiet", action="store_true", help="no progress, only the verdict")
    add_json(collect)
    report = command(
        commands,
        "report",
        "show a run's report again, or make a page of it",
        "evalfactory report latest --format html\nevalfactory report latest --format markdown",
    )
    add_run(report)
    report.add_argument(
        "--format",
        type=one_of(FORMATS),
        default="terminal",
        metavar="F",
        help=f"{', '.join(FORMATS)} (default: terminal); html writes a file and prints where it is",
    )
    report.add_argument(
        "--out", metavar="FILE", help="where the page goes (default: beside the run's other reports in the store)"
    )
    add_json(report)
    verify = command(commands, "verify", "prove a report against the bytes in the store", "evalfactory verify latest")
    add_run(verify)
    add_json(verify)
    compare = command(commands, "compare", "compare two runs slot by slot", "evalfactory compare latest main")
    compare.add_argument("run", help="run id, or `latest`")
    compare.add_argument("baseline", help="a blessed name, `previous`, or a run id")
    add_store(compare)
    add_json(compare)
    noise = command(
        commands,
        "noise",
        "judge the same cases again and again, and say what the judge alone moves",
        "evalfactory noise suite.yaml --times 5\nevalfactory noise suite.yaml --of 20261123-081500-3f2a",
    )
    add_suite(noise)
    add_planned(noise)
    noise.add_argument("--times", type=count, default=5, metavar="N", help="how often each case (default: 5)")
    noise.add_argument("--of", metavar="RUN", help="tell of this run with repeats instead, asking nobody")
    noise.add_argument("--workers", type=count, metavar="N", help="worker processes (default: the suite's)")
    noise.add_argument("--quiet", action="store_true", help="no progress, only the answer")
    add_json(noise)
    power = command(
        commands,
        "power",
        "say how many cases, repeats and dollars it takes to see a drop",
        "evalfactory power suite.yaml --drop 0.03",
    )
    add_suite(power)
    power.add_argument("--drop", type=share, metavar="D", help="of a metric's mean (default: the gate's allowed drop)")
    power.add_argument("--chance", type=share, default=0.8, metavar="P", help="of seeing it (default: 0.8)")
    power.add_argument("--run", metavar="RUN", help="count on this run (default: the newest ones that tell enough)")
    power.add_argument("--baseline", metavar="NAME", help="and on how it differs from this one")
    power.add_argument("--store", metavar="URL", help="folder, s3://, gs:// or az:// (default: the suite's)")
    add_json(power)
    bless = command(commands, "bless", "make a complete run a baseline", "evalfactory bless latest --name main")
    add_run(bless)
    bless.add_argument("--name", required=True, help="of the baseline; blessing again moves it")
    add_json(bless)


def _publishing(commands: Commands[Parser]) -> None:
    publish = command(
        commands,
        "publish",
        "tell a run's verdict in its pull request, or in Slack",
        "evalfactory publish github latest\nevalfactory publish github latest --dry-run\n"
        "evalfactory publish slack latest --channel evals",
    )
    publish.add_argument("where", choices=("github", "slack"), help="github or slack")
    add_run(publish)
    publish.add_argument(
        "--report-url", type=web_address, metavar="URL", help="of the report (default: the build's page)"
    )
    publish.add_argument(
        "--suite", default="suite.yaml", metavar="FILE", help="as the command that runs it again names it"
    )
    publish.add_argument("--dry-run", action="store_true", help="print what would be told, and tell nobody")
    publish.add_argument("--strict", action="store_true", help="exit with 69 when something could not be told")
    publish.add_argument(
        "--only", action="append", default=[], choices=("summary", "comment", "check", "status"), metavar="WAY",
        help="on GitHub: summary, comment, check or status; may be repeated (default: all)",
    )  # fmt: skip
    publish.add_argument("--channel", metavar="NAME", help="of Slack (default: SLACK_CHANNEL)")
    publish.add_argument("--always", action="store_true", help="in Slack also when nothing has changed")
    publish.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    publish.add_argument("--pull-request", type=count, metavar="N", help="default: that of the build")
    publish.add_argument("--sha", metavar="COMMIT", help="default: the pull request's head, or GITHUB_SHA")
    add_json(publish)


def _growing(commands: Commands[Parser]) -> None:
    promote = command(
        commands,
        "promote",
        "add a run's failed cases, or those of a production log, to a dataset",
        "evalfactory promote latest --failed --to cases.jsonl --must-run\n"
        "evalfactory promote --from traces.jsonl --field input=question --field actual_output=answer --to cases.jsonl",
    )
    add_run(promote)
    promote.add_argument("--failed", action="store_true", help="the cases that failed a metric")
    promote.add_argument("--flipped", action="store_true", help="those of them that passed in the baseline")
    promote.add_argument("--case", action="append", default=[], metavar="ID", help="this case; may be repeated")
    promote.add_argument(
        "--from", dest="source", metavar="FILE", help="a log instead of a run: .jsonl, .csv, .parquet …"
    )
    promote.add_argument(
        "--field", type=mapped, action="append", default=[], metavar="FIELD=COLUMN",
        help="a field and its place in the log, dots reach into objects; may be repeated",
    )  # fmt: skip
    promote.add_argument("--to", required=True, metavar="FILE", help="a .jsonl file; made if it is not there")
    promote.add_argument("--must-run", action="store_true", help="in every tier from now on, and gated by themselves")
    promote.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="give them this tag; may be repeated"
    )
    add_json(promote)


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
