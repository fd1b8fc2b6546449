"""The commands that tell what a run found, judge by it and learn from it, with their options and an example each."""

from __future__ import annotations

from .argparsing import Commands, Parser, command
from .options import (
    add_json,
    add_planned,
    add_run,
    add_store,
    add_suite,
    count,
    mapped,
    one_of,
    share,
    web_address,
)

FORMATS = ("terminal", "html", "markdown", "junit", "json")


def add_telling(commands: Commands[Parser]) -> None:
    """Add them, in the order of the help."""
    _telling(commands)
    _publishing(commands)
    _growing(commands)


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
    report.add_argument(
        "--redact", action="store_true", help="without what the suite leaves out of what is published (publish.redact)"
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
        "say how many cases, repeats and dollars it takes to exclude a drop, and to show one",
        "evalfactory power suite.yaml --drop 0.06",
    )
    add_suite(power)
    power.add_argument(
        "--drop", type=share, metavar="D", help="that is to FAIL, of a metric's mean (default: twice the allowed one)"
    )
    power.add_argument("--chance", type=share, default=0.8, metavar="P", help="of being right (default: 0.8)")
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
    publish.add_argument(
        "--strict", action="store_true", help="exit with 69 when something was not told that could be expected to be"
    )
    publish.add_argument(
        "--only", action="append", default=[], choices=("summary", "comment", "check", "status"), metavar="WAY",
        help="on GitHub: summary, comment, check or status; may be repeated (default: all)",
    )  # fmt: skip
    publish.add_argument("--channel", metavar="NAME", help="of Slack (default: SLACK_CHANNEL)")
    publish.add_argument(
        "--always",
        action="store_true",
        help="in Slack also when nothing has changed, on GitHub also over the comment of a later run",
    )
    publish.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
    publish.add_argument("--pull-request", type=count, metavar="N", help="default: that of the build")
    publish.add_argument("--sha", metavar="COMMIT", help="default: the pull request's head, or GITHUB_SHA")
    add_json(publish)


def _growing(commands: Commands[Parser]) -> None:
    promote = command(
        commands,
        "promote",
        "add a run's failed cases, or those of a production log, to a dataset",
        "evalfactory promote latest --failed --to regressions.jsonl --must-run\n"
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
    promote.add_argument("--strict", action="store_true", help="add nothing of a log when a line of it is no case")
    promote.add_argument("--to", required=True, metavar="FILE", help="a .jsonl file; made if it is not there")
    promote.add_argument("--must-run", action="store_true", help="in every tier from now on, and gated by themselves")
    promote.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="give them this tag; may be repeated"
    )
    add_json(promote)
