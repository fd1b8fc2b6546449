"""The command as a test calls it: in this process where a process adds nothing, else as a person's shell would."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from evalfactory.cli import main
from evalfactory.settings import environment

SUPPORT = Path(__file__).parents[1] / "examples" / "support"
TIMEOUT_S = 120


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on standard output."""
        return json.loads(self.out)


def evalfactory(*argv: str | Path, cwd: Path) -> Ran:
    """The command, run in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(word) for word in argv])
        except SystemExit as end:
            code = int(end.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())


def process(*argv: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> Ran:
    """The command, run in a process of its own; `env` is added to the environment."""
    done = subprocess.run(
        [sys.executable, "-m", "evalfactory", *map(str, argv)],
        cwd=cwd,
        env={**environment(), **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Simulator:
    """A simulated judge in a process of its own."""

    base_url: str

    def judge(self, **keys: Any) -> dict[str, Any]:
        """A suite's `judge:` that asks it."""
        return {"model": "simulated", "base_url": self.base_url, **keys}

    def requests(self) -> int:
        """How many requests it has answered so far."""
        with urllib.request.urlopen(self.base_url.replace("/v1", "/counters")) as answer:
            return int(json.load(answer)["answered"])


@contextlib.contextmanager
def simulated_judge(*argv: str) -> Iterator[Simulator]:
    """A judge as `evalfactory judge-sim` serves it, on a free port."""
    command = [sys.executable, "-m", "evalfactory", "judge-sim", "--port", "0", "--json", *argv]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as serving:
        assert serving.stdout
        try:
            yield Simulator(json.loads(serving.stdout.readline())["base_url"])
        finally:
            serving.terminate()


def json_lines(path: Path) -> list[Any]:
    """The values of a file of JSON Lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@dataclass(frozen=True)
class Desk:
    """A folder with a suite, its cases and its store, where a person runs commands."""

    folder: Path

    def suite(self, **keys: Any) -> Path:
        """Write `suite.yaml`: the support bot's, with these keys laid over it."""
        suite = {
            "name": "support-bot",
            "dataset": "cases.jsonl",
            "judge": "offline",
            "metrics": ["answer_relevancy", "faithfulness"],
            "execution": {"workers": 1},
            **keys,
        }
        path = self.folder / "suite.yaml"
        path.write_text(json.dumps(suite, ensure_ascii=False), encoding="utf-8")
        return path

    def cases(self, *cases: Mapping[str, Any]) -> None:
        """Write `cases.jsonl`."""
        lines = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
        (self.folder / "cases.jsonl").write_text(lines, encoding="utf-8")

    def __call__(self, *argv: str | Path) -> Ran:
        """The command, run here."""
        return evalfactory(*argv, cwd=self.folder)

    def run(self, *argv: str | Path) -> Any:
        """The object of `run --json` on this folder's suite."""
        ran = self("run", "suite.yaml", "--json", "--quiet", *argv)
        assert ran.code in (0, 10, 11, 12), ran.err
        return ran.json

    def ids(self, run_id: str) -> set[str]:
        """The ids of a run's frozen cases."""
        return set(self.frozen(run_id))

    def frozen(self, run_id: str) -> dict[str, Any]:
        """A run's frozen cases by their ids."""
        (folder,) = self.folder.glob(f".evalfactory/*/runs/{run_id}/cases")
        lines = [line for file in sorted(folder.iterdir()) for line in json_lines(file)]
        return {line["case"]["id"]: line for line in lines}

    def report(self, run_id: str) -> Any:
        """A run's newest `report.json`."""
        return json.loads((self.report_folder(run_id) / "report.json").read_text(encoding="utf-8"))

    def report_folder(self, run_id: str) -> Path:
        """The folder of a run's newest report."""
        return max(self.folder.glob(f".evalfactory/*/runs/{run_id}/report/*"))

    def measurements(self, run_id: str) -> list[Any]:
        """The lines of a run's `measurements.jsonl`."""
        return json_lines(self.report_folder(run_id) / "measurements.jsonl")


def support_desk(folder: Path) -> Desk:
    """A desk with the twenty support cases and a suite of two metrics."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SUPPORT / "cases.jsonl", folder / "cases.jsonl")
    desk = Desk(folder)
    desk.suite()
    return desk
