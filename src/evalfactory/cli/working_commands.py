"""The commands that plan, measure, steer and look into a run, with their options and an example each."""

from __future__ import annotations

from .argparsing import Commands, Parser, command
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
    shards,
)


def add_working(commands: Commands[Parser]) -> None:
    """Add them, in the order of the help."""
    _starting(commands)
    _running(commands)
    _going_on(commands)
    _rendering(commands)
    _following(commands)


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
