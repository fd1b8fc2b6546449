from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

import evalfactory
from command_line import Desk
from evalfactory.errors import EnvironmentProblem, InputError, UnavailableError, UsageError
from evalfactory.publish.actions import Place
from evalfactory.records.plan import Plan
from evalfactory.runners.port import Ended
from evalfactory.runners.progress import Progress

PUBLIC = {
    "Appended", "Baseline", "Cleaned", "Comparison", "EvalFactoryError", "Explained", "Forecast", "ListedRun",
    "Measurement", "Noise", "Observer", "Power", "Report", "RunStatus", "Suite", "Verified", "__version__", "bless",
    "clean", "collect", "compare", "explain", "init", "load_suite", "measurements", "noise", "page", "plan", "power",
    "promote", "publish_github", "publish_slack", "report", "resume", "retry", "run", "runs", "schema", "status",
    "verify",
}  # fmt: skip


@pytest.fixture
def here(desk: Desk) -> Iterator[Desk]:
    """The measured desk, where we are."""
    with contextlib.chdir(desk.folder):
        yield desk


def test_importing_loads_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys, evalfactory; assert evalfactory.__version__; dir(evalfactory)\n"
        "heavy = ['deepeval', 'pydantic', 'aiohttp', 'obstore', 'rich', 'yaml', 'asyncio', 'uvloop', 'zstandard']\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_public_names_are_these_and_every_one_is_there() -> None:
    assert set(evalfactory.__all__) == set(dir(evalfactory)) == PUBLIC
    assert all(getattr(evalfactory, name) is not None for name in PUBLIC)
    with pytest.raises(AttributeError):
        evalfactory.nothing  # noqa: B018


def test_every_function_says_what_comes_back() -> None:
    functions = [getattr(evalfactory, name) for name in PUBLIC if name.islower() and not name.startswith("_")]
    assert all(function.__doc__ for function in functions)


def test_a_starter_suite_fits_the_schema_and_runs(tmp_path: Path) -> None:
    written = evalfactory.init(tmp_path / "new")
    assert [path.name for path in written if path.suffix == ".yaml"] == ["suite.yaml"]
    suite = yaml.safe_load((tmp_path / "new" / "suite.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(suite, evalfactory.schema())
    assert evalfactory.run(tmp_path / "new" / "suite.yaml").counts.missing == 0
    with pytest.raises(UsageError):
        evalfactory.init(tmp_path / "new")


def test_a_run_is_what_the_command_makes(here: Desk) -> None:
    report = evalfactory.run("suite.yaml", run_id="py")
    assert report.verdict.outcome == "PASS"
    assert report.results_digest == here.report("first")["results_digest"]
    assert here.report("py") == report.model_dump(mode="json")
    assert evalfactory.report("py") == report
    assert evalfactory.report() == report
    assert [run.run_id for run in evalfactory.runs()] == ["py", "first"]
    assert [run.fate for run in evalfactory.clean(keep=1, dry_run=True)] == ["kept", "removed"]
    with pytest.raises(evalfactory.EvalFactoryError, match="what may go"):
        evalfactory.clean()
    assert evalfactory.runs()[0]._asdict() == here("runs", "--json").json["runs"][0]


def test_options_are_those_of_the_command(here: Desk) -> None:
    here.suite(tiers={"tiny": 2})
    assert evalfactory.run("suite.yaml", tier="tiny").cases == 2
    assert evalfactory.run(here.folder, cases=["plan-cancel"]).cases == 1
    assert evalfactory.run("suite.yaml", filters=["tags=ja"], limit=3, store=".evalfactory").cases == 3
    assert evalfactory.run("suite.yaml", baseline="first", run_id="compared").baseline is not None
    assert evalfactory.plan("suite.yaml", filters=["tags=ja"]).plan.cases == 6


def test_what_the_store_knows_is_read(here: Desk) -> None:
    status = evalfactory.status("first")
    assert (status.state, status.scored, status.pending, status.verdict) == ("complete", 40, 0, "PASS")
    assert status._asdict() == here("status", "first", "--json").json
    assert evalfactory.verify("first").holds
    scores = {(each.case_id, each.metric): each.score for each in evalfactory.measurements("first")}
    assert len(scores) == 40
    assert scores["ja-delivery-time", "faithfulness"] == 0.0


def test_a_baseline_is_blessed_and_compared_with(here: Desk) -> None:
    assert evalfactory.bless("first", "main").run_id == "first"
    evalfactory.run("suite.yaml", run_id="second")
    comparison = evalfactory.compare("second", "main")
    assert comparison.model_dump(mode="json") == here("compare", "second", "main", "--json").json


def test_a_plan_is_written_only_when_that_is_said(here: Desk) -> None:
    forecast = evalfactory.plan("suite.yaml", run_id="later")
    assert (forecast.plan.slots, round(forecast.calls)) == (40, 140)
    assert [run.run_id for run in evalfactory.runs()] == ["first"]
    evalfactory.plan("suite.yaml", run_id="later", write=True)
    assert evalfactory.status("later").state == "planned"
    assert evalfactory.resume("later").counts.scored == 40
    assert evalfactory.collect("later").results_digest == evalfactory.report("first").results_digest


def test_a_case_is_explained(here: Desk) -> None:
    explained = evalfactory.explain("plan-cancel", asking="never")
    assert explained.case.id == "plan-cancel"
    assert set(explained.recorded) == {"answer_relevancy", "faithfulness"}


def test_a_suite_is_loaded_and_checked(here: Desk) -> None:
    suite = evalfactory.load_suite("suite.yaml")
    assert [metric.name for metric in suite.metrics] == ["answer_relevancy", "faithfulness"]
    assert evalfactory.load_suite(here.folder) == suite
    here.suite(metrics=["nothing"])
    with pytest.raises(InputError) as error:
        evalfactory.load_suite("suite.yaml")
    assert error.value.problems[0].field == "metrics[0]"


def test_errors_are_those_of_the_command(here: Desk) -> None:
    with pytest.raises(UsageError, match="no tier"):
        evalfactory.run("suite.yaml", tier="nothing")
    with pytest.raises(UsageError, match="no run nothing"):
        evalfactory.status("nothing")
    with pytest.raises(UnavailableError, match="no store"):
        evalfactory.runs(store="nowhere")
    with pytest.raises(UsageError, match="nothing to retry"):
        evalfactory.retry("first")
    here.suite(judge={"model": "x", "api_key_env": "NO_SUCH_KEY"})
    with pytest.raises(EnvironmentProblem, match="NO_SUCH_KEY") as error:
        evalfactory.run("suite.yaml")
    assert isinstance(error.value, evalfactory.EvalFactoryError)
    assert error.value.exit_code == 78


def test_it_works_inside_a_running_event_loop(here: Desk) -> None:
    async def notebook() -> tuple[evalfactory.Report, int]:
        report = evalfactory.run("suite.yaml", run_id="cell")
        return report, evalfactory.plan("suite.yaml").plan.slots

    report, slots = asyncio.run(notebook())
    assert (report.counts.scored, slots) == (40, 40)
    assert here.report("cell")["counts"]["scored"] == 40


class Watching:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def planned(self, plan: Plan) -> None:
        self.seen.append(f"{plan.slots} planned")

    def progress(self, progress: Progress) -> None:
        self.seen.append("progress")

    def measured(self, progress: Progress, ended: Ended) -> None:
        self.seen.append(f"{progress.done} measured, {ended.code}")


def test_an_observer_is_told_of_plan_progress_and_end(here: Desk) -> None:
    watching = Watching()
    evalfactory.run("suite.yaml", observer=watching)
    assert watching.seen[0] == "40 planned"
    assert "progress" in watching.seen
    assert watching.seen[-1] == "40 measured, 0"


INTERRUPTED = """
import asyncio, os, signal
import evalfactory

class Impatient:
    def planned(self, plan):
        os.kill(os.getpid(), signal.SIGINT)
    def progress(self, progress): ...
    def measured(self, progress, ended):
        raise SystemExit("it went on to the end")

async def notebook():
    try:
        evalfactory.run("suite.yaml", run_id="cell", fresh=True, observer=Impatient())
    except KeyboardInterrupt:
        print("interrupted")

asyncio.new_event_loop().run_until_complete(notebook())  # a notebook's loop leaves the signal to Python
"""


def test_interrupting_a_notebooks_cell_ends_the_run_and_its_workers(here: Desk) -> None:
    command = [sys.executable, "-W", "ignore", "-c", INTERRUPTED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.returncode) == ("interrupted\n", 0), done.stderr
    assert evalfactory.resume("cell").counts.scored == 40


def test_nothing_is_printed_by_the_library(here: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    evalfactory.run("suite.yaml")
    evalfactory.verify()
    assert capfd.readouterr() == ("", "")


def test_a_case_is_promoted_as_by_the_command(here: Desk) -> None:
    added = evalfactory.promote("first", "grown.jsonl", cases=["returns-window"], must_run=True)
    assert added.added == ("returns-window",)
    assert evalfactory.promote("first", here.folder / "grown.jsonl", cases=["returns-window"]).added == ()


def test_a_verdict_is_published_as_by_the_command(here: Desk) -> None:
    summary = here.folder / "summary.md"
    told = evalfactory.publish_github("first", place=Place(summary_file=str(summary)))
    assert [each.state for each in told] == ["written", "skipped", "skipped", "skipped"]
    assert "support-bot" in summary.read_text()
